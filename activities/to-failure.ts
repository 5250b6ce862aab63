import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { FAILURE, type FailureCode, HoldfastError, isRetryable } from '../protocol/failures';
import { storageError } from '../protocol/storage';

/** The server truncates failures of pending activities at 4 KiB. */
const MAX_MESSAGE = 1_500;
const FIRST_DELAY_MS: Record<string, number> = { transient: 1_000, throttled: 2_000, bug: 2_000 };
const MAX_DELAY_MS = 60_000;
/** Who frees a disk takes seconds, and every attempt of a model call costs money. */
const STORAGE_DELAY_MS = 5_000;

/**
 * Turns any error into what Temporal should do: the one place that decides on retries. Classified failures carry their code
 * as type; anything else is a bug, which is tried again, slowly, until a mended worker arrives.
 */
export function toFailure(
  given: unknown,
  attempt: number,
  random: () => number = Math.random,
  maxDelayMs = Number.POSITIVE_INFINITY,
): Error {
  if (given instanceof ApplicationFailure || given instanceof CancelledFailure) return given;
  const error = storageError(given) ?? given;
  const known = HoldfastError.is(error);
  const code: FailureCode = known ? error.code : 'Internal.Bug';
  const retryAfterMs = known ? (error as { retryAfterMs?: number }).retryAfterMs : undefined;
  const retryable = isRetryable(code);
  return ApplicationFailure.create({
    type: code,
    message: messageOf(error).slice(0, MAX_MESSAGE),
    nonRetryable: !retryable,
    ...(retryable && { nextRetryDelay: Math.min(retryAfterMs ?? backoff(code, attempt, random), maxDelayMs) }),
    details: [{ ...(known && { hint: error.hint, ...error.details }) }],
    ...(!known && error instanceof Error && { cause: brief(error) }),
  });
}

/** Exponential with full jitter in its upper half, so that a fleet does not return at once. */
function backoff(code: FailureCode, attempt: number, random: () => number): number {
  const first = code.startsWith('Storage.') ? STORAGE_DELAY_MS : (FIRST_DELAY_MS[FAILURE[code]] ?? 1_000);
  const ceiling = Math.min(MAX_DELAY_MS, first * 2 ** (attempt - 1));
  return Math.round(ceiling / 2 + (ceiling / 2) * random());
}

/** Where a bug is; without its own causes, which may be of any size. */
function brief({ message, stack }: Error): Error {
  const cause = new Error(message.slice(0, MAX_MESSAGE));
  cause.stack = stack?.slice(0, 2 * MAX_MESSAGE) ?? '';
  return cause;
}

function messageOf(error: unknown): string {
  return error instanceof Error
    ? `${error.name === 'HoldfastError' ? '' : `${error.name}: `}${error.message}`
    : String(error);
}
