import { setTimeout as sleep } from 'node:timers/promises';
import { isRetryableError, makeGrpcRetryInterceptor } from '@temporalio/client';

const MAX_ATTEMPTS = 4;
const FIRST_DELAY_MS = 100;

export interface RequestRetries {
  interceptor: ReturnType<typeof makeGrpcRetryInterceptor>;
  /** No more retries; resolves when none waits. */
  settle(): Promise<void>;
}

/**
 * Single requests are tried again for a second, no longer: a follower has better ways to find its server. And none is
 * under way when the connection is closed, because the SDK's interceptor throws from a timer then, which ends the process.
 */
export function requestRetries(): RequestRetries {
  let closing = false;
  let lastStart = 0;
  const interceptor = makeGrpcRetryInterceptor({
    retryableDecider: (attempt, status) => !closing && attempt < MAX_ATTEMPTS && isRetryableError(status),
    delayFunction: (attempt) => {
      const delay = FIRST_DELAY_MS * 2 ** (attempt - 1);
      lastStart = Math.max(lastStart, performance.now() + delay);
      return delay;
    },
  });
  return {
    interceptor,
    async settle() {
      closing = true;
      const wait = lastStart - performance.now();
      // A little longer than the timer, which was set a moment after the delay was asked for.
      if (wait > -FIRST_DELAY_MS) await sleep(Math.max(0, wait) + FIRST_DELAY_MS);
    },
  };
}
