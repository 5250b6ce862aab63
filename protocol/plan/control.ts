import { z } from 'zod';
import { actorSchema, prioritySchema } from '../control';
import { durationSchema } from '../duration';
import { amendmentSchema } from './definition';

/** What may be done to one node of a running plan. */
export const adjustmentSchema = actorSchema.extend({
  node: z.string().min(1).max(63),
  action: z
    .enum(['retry', 'skip', 'cancel', 'change'])
    .describe(
      'retry: once more, with what was skipped for it; skip, cancel: it and what only comes after it do not run.',
    ),
  priority: prioritySchema.optional(),
  agent: z.string().min(1).max(63).optional().describe('Who does it, of a node that has not begun.'),
  softDeadline: durationSchema.optional().describe('After the start of the plan.'),
  deadline: durationSchema.optional().describe('After the start of the plan.'),
});
/** An order for one node of a running plan: once more, not at all, or with other figures. Deadlines in milliseconds. */
export type Adjustment = z.output<typeof adjustmentSchema>;

export const amendingSchema = actorSchema.extend(amendmentSchema.shape);
/** Nodes to add, replace and remove in a running plan, with who does it and why. */
export type Amending = z.input<typeof amendingSchema>;

/** What an amendment changed, or would change. */
export interface PlanDifference {
  added: string[];
  replaced: string[];
  removed: string[];
  /** Nothing has changed yet: people are asked first, and this is the id of the approval. */
  approval?: string;
}
