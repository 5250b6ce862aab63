import { z } from 'zod';

/**
 * What becomes of a run's effects when it ends in anything but success (a failure, a limit, a stop, a cancellation): they are
 * kept (default), or undone, the last one first.
 */
export const onFailureSchema = z
  .enum(['keep', 'compensate'])
  .describe(
    'What becomes of effects when a run fails, is stopped or cancelled: "keep" them (default), or "compensate": undo them, the last one first, as far as their tools can; see docs/compensation.md.',
  );

export const compensationSchema = z.object({
  id: z.string().describe('Workflow id of the compensation; it goes on where the run closed before it was done.'),
  status: z.enum(['running', 'completed', 'ended']),
  undone: z.array(z.object({ tool: z.string(), callId: z.string(), key: z.string().describe('Idempotency key.') })),
  left: z
    .array(z.object({ tool: z.string(), callId: z.string(), because: z.string() }))
    .describe('What could not be undone, and why.'),
  open: z.number().int().describe('Effects it has not come to.'),
  unlisted: z.number().int().optional(),
});
