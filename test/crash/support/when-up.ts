import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../../../protocol/failures';

/** What is asked of a server that is killed meanwhile, again until it is there. */
export async function whenUp<T>(ask: () => Promise<T>, patienceMs: number): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isDown(error) || Date.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

/** gRPC: cancelled, too late, exhausted, no poller seen, unavailable. */
const DOWN = new Set<unknown>([1, 4, 8, 9, 14]);

function isDown(error: unknown): boolean {
  if (HoldfastError.is(error)) return error.code === 'Server.Unreachable' || isDown(error.cause);
  const { code, cause } = Object(error) as { code?: unknown; cause?: unknown };
  return DOWN.has(code) || (cause !== undefined && isDown(cause));
}
