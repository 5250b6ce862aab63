import { Context } from '@temporalio/activity';

/** How often an activity shows that it is alive. The server hears of it at the worker's throttle, see `workers/plugin.ts`. */
const INTERVAL_MS = 400;
/** Characters of JSON a heartbeat may tell. */
const MAX_DETAILS = 16_000;

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
  // A local activity lives within one workflow task, whose timeout is its sign of life; the SDK logs each heartbeat of one as an error.
  const timer = context.info.isLocal ? undefined : setInterval(() => context.heartbeat(details), INTERVAL_MS);
  try {
    return await work({
      signal: context.cancellationSignal,
      tell: (news) => {
        details = shown(news);
      },
    });
  } finally {
    clearInterval(timer);
  }
}

/** What has no JSON form, or is too large for a heartbeat, would end the activity. It is only shown: it is left out instead. */
function shown(news: unknown): unknown {
  try {
    const json = JSON.stringify(news);
    return json === undefined || json.length > MAX_DETAILS ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}
