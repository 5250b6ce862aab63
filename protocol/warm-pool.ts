import { z } from 'zod';
import { AGENT_NAME } from './agent';
import { actorSchema } from './control';
import { runOptionsSchema } from './session';

/** Sessions of one pool that may wait. */
export const MAX_WARM = 200;

const size = z.number().int().min(0).max(MAX_WARM).describe('Sessions that wait, ready.');

export const warmPoolInputSchema = z.strictObject({
  agent: z.string().regex(AGENT_NAME).describe("The agent's name in the worker's catalogue."),
  size,
  options: runOptionsSchema
    .omit({ fork: true })
    .optional()
    .describe('What each of its sessions is started with; all of them are chats.'),
});

export const resizeSchema = actorSchema.extend({ size });
export type Resize = z.output<typeof resizeSchema>;

export const takenSchema = z.object({
  id: z.string().describe('The session: a chat nobody has used, of whoever took it from now on.'),
  warm: z.boolean().describe('Whether it waited in the pool; else it was started now.'),
});
/** The answer to `take`. */
export type Taken = z.output<typeof takenSchema>;

export const warmPoolViewSchema = z.object({
  agent: z.string(),
  size,
  ready: z.array(z.string()).describe('Sessions that wait, the one that is taken next first.'),
  taken: z.number().int().describe('Sessions given away so far.'),
  cold: z.number().int().describe('How many of them were started only then.'),
});
/** The answer to the `pool` query. */
export type WarmPoolView = z.output<typeof warmPoolViewSchema>;

/** The input of the `warmPool` workflow. */
export interface WarmPoolInput extends z.output<typeof warmPoolInputSchema> {
  /** Set when the pool continues as new; callers leave it out. */
  carried?: Pick<WarmPoolView, 'ready' | 'taken' | 'cold'> & { orders: { id: string; taken: Taken }[] };
}
