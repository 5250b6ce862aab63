import { Context } from '@temporalio/activity';

/** How often an activity shows that it is alive. The server hears of it at the worker's throttle, see `workers/plugin.ts`. */
const INTERVAL_MS = 400;

export interface SignOfLife {
  signal: AbortSignal;
  /** What the next heartbeat says. */
  tell(details: unknown): void;
}

/**
 * Runs an activity's work with a heartbeat from its first to its last moment, so that a lost worker is noticed within the
 * heartbeat timeout and a cancellation arrives. The signal aborts on cancellation, timeout and shutdown.
 */
export async function withHeartbeat<T>(work: (life: SignOfLife) => Promise<T>): Promise<T> {
  const context = Context.current();
  let details: unknown;
  const timer = setInterval(() => context.heartbeat(details), INTERVAL_MS);
  try {
    return await work({ signal: context.cancellationSignal, tell: (news) => (details = news) });
  } finally {
    clearInterval(timer);
  }
}
