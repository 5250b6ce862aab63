import { z } from 'zod';
import { type Actor, actorSchema } from './control';
import { durationSchema } from './duration';

/** Which runs are stopped: all of them, narrowed by each of these. */
export const stopOrderSchema = actorSchema.extend({
  reason: z.string().trim().min(1).max(2_000).describe('Why; told to every run that is stopped.'),
  query: z.string().min(1).max(5_000).optional().describe('A Temporal list filter, e.g. `HoldfastAgent = "clerk"`.'),
  tenant: z.string().min(1).max(200).optional(),
  root: z.string().min(1).max(255).optional().describe('A workflow and everything below it.'),
  hold: z.boolean().optional().describe('Also stops what starts later, until `release`. Default true.'),
  within: durationSchema.optional().describe('For how long runs that do not stop are waited for. Default 60 s.'),
  terminate: z
    .boolean()
    .optional()
    .describe('Terminates what has not ended by then: nothing of it is settled. Default false.'),
});
/** The input of the `emergencyStop` workflow. */
export type StopOrder = z.output<typeof stopOrderSchema>;
/** The same before it is parsed: lengths of time may be text. */
export type StopOrderInput = z.input<typeof stopOrderSchema>;

/** What a run answers when it is told to stop. Whoever stops many need not ask each of them again. */
export interface Spent {
  /** US dollars, so far. */
  costUsd: number;
}

export const spentSchema = z.object({ costUsd: z.number().describe('US dollars spent so far.') });

/** How a run took the order: itself, with a typed end; as a cancellation, because no worker took it in time; not at all. */
export type StoppedBy = 'stop' | 'cancel' | 'terminate' | 'nothing';

/** What became of one run that was told to stop. */
export interface StoppedRun {
  id: string;
  /** Of a session the agent; of a plan `taskPlan`; of a user's workflow that had runs below it, its own workflow type. */
  what: string;
  by: StoppedBy;
  /** Milliseconds since epoch: when the order was taken, and when the run had ended. */
  orderedAt: number;
  endedAt: number | null;
  status: string | null;
  /** US dollars; null where nobody could say. */
  costAtOrderUsd: number | null;
  costUsd: number | null;
}

/** The result of the `emergencyStop` workflow, and the answer to its `receipt` query. */
export interface StopReceipt {
  /** `holding`: nothing matching runs any more, and what starts is stopped. */
  state: 'stopping' | 'holding' | 'done';
  order: Actor & { query: string };
  orderedAt: number;
  /** When nothing that was found was left; null as long as something is. */
  settledAt: number | null;
  released: (Actor & { at: number }) | null;
  /** How many were ordered to stop, how many of them have ended. */
  ordered: number;
  ended: number;
  /** US dollars spent by stopped runs after they were told to stop, as far as it is known of them. */
  costAfterUsd: number;
  /** How many have ended of which nobody can say that: those that were cancelled had not told what they had spent until then. */
  uncounted: number;
  /** Newest last; the first 2,000. */
  runs: StoppedRun[];
}

const moment = z.number().describe('Milliseconds since 1970.');
const money = z.number().nullable().describe('US dollars; null where nobody could say.');

export const stopReceiptSchema = z.object({
  state: z.enum(['stopping', 'holding', 'done']),
  order: z.object({ by: z.string(), reason: z.string().optional(), query: z.string() }),
  orderedAt: moment,
  settledAt: moment.nullable(),
  released: z.object({ by: z.string(), reason: z.string().optional(), at: moment }).nullable(),
  ordered: z.number().int(),
  ended: z.number().int(),
  costAfterUsd: z.number().describe('US dollars spent after the order, as far as it is known.'),
  uncounted: z.number().int().describe('How many have ended of which it is not known.'),
  runs: z.array(
    z.object({
      id: z.string(),
      what: z.string(),
      by: z.enum(['stop', 'cancel', 'terminate', 'nothing']),
      orderedAt: moment,
      endedAt: moment.nullable(),
      status: z.string().nullable(),
      costAtOrderUsd: money,
      costUsd: money,
    }),
  ),
});

/** One round of stopping, as an activity does it. */
export interface StopRoundInput {
  query: string;
  /** Workflow id of the order: makes telling a run twice the same as once. */
  order: string;
  by: string;
  reason: string;
  /** Ordered to stop earlier, and not known to have ended. */
  open: string[];
  /** Looks for this long, until something turns up. Milliseconds. */
  watchMs: number;
  terminate: boolean;
}

export interface StopRound {
  told: StoppedRun[];
  /** Of `open`: those that have ended. */
  ended: Pick<StoppedRun, 'id' | 'endedAt' | 'status' | 'costUsd'>[];
}
