import { durationSchema } from '../protocol/duration';
import { HoldfastError } from '../protocol/failures';
import { problemsOf } from '../protocol/problems';
import { instantSchema } from '../protocol/schedule';
import type { SessionOptions } from '../protocol/session';

/** What a run is started with: the task, and what is to be different from the agent's definition. */
export interface StartOptions extends SessionOptions {
  /** Starting twice with one id starts once. Default: the agent's name and a random part. */
  id?: string;
  /** US dollars the run may cost; short for `limits.costUsd`. */
  budgetUsd?: number;
  taskQueue?: string;
  /**
   * The run is accepted now and begins after this, `10m`; deadlines count from then. Until then `cancel` ends it; any other
   * control (`pause`, `steer`, `stop`) would make it begin. Not beside `startAt`.
   */
  startDelay?: number | string;
  /** The same as a moment: a `Date`, or ISO 8601 text with its offset. One that has passed is refused. */
  startAt?: Date | string;
}

export function withBudget<Options extends Omit<SessionOptions, 'input'>>(
  session: Options,
  budgetUsd?: number,
): Options {
  return budgetUsd === undefined ? session : { ...session, limits: { ...session.limits, costUsd: budgetUsd } };
}

/**
 * Temporal's start delay, in milliseconds.
 * @throws HoldfastError `Input.Invalid`.
 */
export function delayOf(
  { startDelay, startAt }: { startDelay: number | string | undefined; startAt: Date | string | undefined },
  now: number,
): { startDelay?: number } {
  if (startDelay !== undefined && startAt !== undefined) throw refused('startDelay and startAt are both given');
  if (startDelay !== undefined) {
    const parsed = durationSchema.safeParse(startDelay);
    if (!parsed.success) throw refused(problemsOf(parsed.error, 'startDelay'));
    return { startDelay: parsed.data };
  }
  if (startAt === undefined) return {};
  const parsed = instantSchema.safeParse(startAt);
  if (!parsed.success) throw refused(problemsOf(parsed.error, 'startAt'));
  const delay = parsed.data.getTime() - now;
  if (delay <= 0) throw refused(`startAt: ${parsed.data.toISOString()} has passed`);
  return { startDelay: delay };
}

function refused(message: string): HoldfastError {
  return new HoldfastError('Input.Invalid', message, {
    hint: 'Give one of startDelay, e.g. "10m", and startAt, e.g. "2026-12-01T09:00:00Z".',
  });
}
