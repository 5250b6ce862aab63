import { HoldfastError } from '../../protocol/failures';

/** Left of an attempt's time to say why it ended. */
const LAST_WORD_MS = 5_000;

/**
 * How long an answer may go on when the server gives an attempt so long. Ended here it is a failure of its own, which is not
 * tried again; left to the server it would be a timeout, and the same endless answer would be paid for again and again.
 */
export function answerMs(attemptMs: number): number {
  return Math.max(attemptMs - LAST_WORD_MS, attemptMs / 2);
}

/** Aborts the work after its time. @throws HoldfastError `Model.AnswerTooLong`. */
export async function withinTime<T>(
  limitMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), limitMs);
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } catch (error) {
    if (!late.signal.aborted || signal.aborted) throw error;
    throw new HoldfastError('Model.AnswerTooLong', `the answer was not finished in ${Math.round(limitMs / 1_000)} s`, {
      hint: 'Lower parameters.maxOutputTokens, or ask for less at once.',
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}
