import { HoldfastError } from '../../protocol/failures';

/** Left of an attempt's time to say why it ended. */
const LAST_WORD_MS = 5_000;

/**
 * Ends an answer that goes on until its attempt's time is up. Said here it is a failure of its own, which is not tried again;
 * left to the server it would be a timeout, and the same endless answer would be paid for once more, and again.
 *
 * @param attemptMs what the server gives one attempt.
 * @throws HoldfastError `Model.AnswerTooLong`.
 */
export async function withinAttempt<T>(
  attemptMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), Math.max(attemptMs - LAST_WORD_MS, attemptMs / 2));
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } catch (error) {
    if (!late.signal.aborted || signal.aborted) throw error;
    throw new HoldfastError('Model.AnswerTooLong', `the answer was not finished in ${Math.round(attemptMs / 1_000)} s`, {
      hint: 'Lower parameters.maxOutputTokens, or ask for less at once.',
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}
