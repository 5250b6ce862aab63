import { z } from 'zod';
import type { CompensationInput } from './compensation';
import type { Actor } from './control';
import type { EffectInput } from './effect';

/**
 * `effect`: a call of a `once` tool whose outcome nobody knows or that was given up. `tool`: a call of an `idempotent` tool whose
 * attempts are used up. `undo`: an effect of a run that was to be undone and was not. `notice`: people who could not be told.
 */
export const DEAD_LETTER_KINDS = ['effect', 'tool', 'undo', 'notice'] as const;
export type DeadLetterKind = (typeof DEAD_LETTER_KINDS)[number];

/** What a retry does: the same once more, under the same idempotency key. */
export type DeadWork =
  | { effect: EffectInput }
  | { undo: CompensationInput }
  | { activity: string; input: unknown; timeoutMs: number; maxAttempts: number };

/** Work that was given up: the input of the `deadLetter` workflow. */
export interface DeadLetter {
  kind: DeadLetterKind;
  /** One line, shown in lists. */
  title: string;
  /** Why it was given up. */
  cause: string;
  work: DeadWork;
  /** Workflow id of the run it was done for. */
  run: string;
  agent?: string;
  tenant?: string;
}

export interface DeadLetterAttempt extends Actor {
  at: number;
  /** What came of it; null while it runs. */
  failure: string | null;
}

export interface DeadLetterEnd extends Actor {
  how: 'retried' | 'discarded';
  at: number;
  /** What the work gave, when it was retried. */
  result?: unknown;
}

/** The answer to the `letter` query. */
export interface DeadLetterView {
  letter: DeadLetter;
  /** Milliseconds since epoch. */
  at: number;
  attempts: DeadLetterAttempt[];
  end: DeadLetterEnd | null;
}

const moment = z.number().describe('Milliseconds since 1970.');
const by = z.object({ by: z.string(), reason: z.string().optional(), at: moment });

export const deadLetterSchema = z.object({
  kind: z.enum(DEAD_LETTER_KINDS),
  title: z.string(),
  cause: z.string().describe('Why it was given up.'),
  work: z
    .union([
      z.object({ effect: z.looseObject({}) }),
      z.object({ undo: z.looseObject({}) }),
      z.object({ activity: z.string(), input: z.unknown(), timeoutMs: z.number(), maxAttempts: z.number() }),
    ])
    .describe('What a retry does once more, under the same idempotency key.'),
  run: z.string(),
  agent: z.string().optional(),
  tenant: z.string().optional(),
});

export const deadLetterViewSchema = z.object({
  letter: deadLetterSchema,
  at: moment,
  attempts: z.array(by.extend({ failure: z.string().nullable().describe('Null while it runs.') })),
  end: by.extend({ how: z.enum(['retried', 'discarded']), result: z.unknown().optional() }).nullable(),
});
