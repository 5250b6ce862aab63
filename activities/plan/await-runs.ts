import { activityInfo, getClient } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import type { RunEnd } from '../../protocol/activities';
import { isFailureCode } from '../../protocol/failures';
import { withHeartbeat } from '../heartbeat';
import { toFailure } from '../to-failure';

/** How often is looked, in ms: at first, and at most as rarely. What takes long may be seen so much later. */
const FIRST_MS = 200;
const RAREST_MS = 2_000;
/** Of many runs each is looked at so much less often, in ms for each. */
const EACH_MS = 25;
/** Characters of results told at once; a payload may have 2 MB. */
const MAX_CHARS = 500_000;

/** Waits until at least one of the runs has ended, for as long as that takes, and tells how. Safe to repeat. */
export async function awaitRuns(ids: string[]): Promise<RunEnd[]> {
  try {
    return await withHeartbeat(async ({ signal }) => {
      for (let pause = FIRST_MS; ; pause = Math.min(pause * 1.5, Math.max(RAREST_MS, EACH_MS * ids.length))) {
        const ends = await endsOf(ids);
        if (ends.length > 0) return ends;
        await wait(pause, signal);
      }
    });
  } catch (error) {
    throw toFailure(error, activityInfo().attempt);
  }
}

async function endsOf(ids: readonly string[]): Promise<RunEnd[]> {
  const ends: RunEnd[] = [];
  let chars = 0;
  for (const id of ids) {
    const end = await endOf(id);
    if (!end) continue;
    chars += JSON.stringify(end).length;
    if (chars > MAX_CHARS && ends.length > 0) break;
    ends.push(end);
  }
  return ends;
}

/** Undefined as long as it runs. */
async function endOf(id: string): Promise<RunEnd | undefined> {
  const handle = getClient().workflow.getHandle(id);
  try {
    const { status } = await handle.describe();
    if (status.name === 'RUNNING' || status.name === 'PAUSED' || status.name === 'CONTINUED_AS_NEW') return undefined;
    return { id, result: await handle.result() };
  } catch (error) {
    const { name, cause } = Object(error) as Error;
    if (name === 'WorkflowNotFoundError') return failed(id, 'is not there any more');
    if (name !== 'WorkflowFailedError') throw error;
    if (cause instanceof CancelledFailure) return { id, cancelled: true };
    if (cause instanceof ApplicationFailure && isFailureCode(cause.type)) {
      const { hint, ...details } = (cause.details?.[0] ?? {}) as { hint?: string };
      return {
        id,
        failure: { code: cause.type, message: cause.message, ...(hint !== undefined && { hint }), details },
      };
    }
    const how =
      cause instanceof TerminatedFailure ? 'was terminated' : cause instanceof TimeoutFailure ? 'timed out' : 'failed';
    return failed(id, how);
  }
}

function failed(id: string, how: string): RunEnd {
  return { id, failure: { code: 'Run.Failed', message: `run "${id}" ${how}` } };
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const ended = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', ended);
      resolve();
    }, ms);
    if (signal.aborted) ended();
    else signal.addEventListener('abort', ended, { once: true });
  });
}
