import { setTimeout as sleep } from 'node:timers/promises';
import type { ScheduleDescription, ScheduleHandle } from '@temporalio/client';
import type { Overlap } from '../../protocol/schedule';
import { toOverlap } from './spec';

/** What came of a trigger, as far as it was seen in its first seconds. */
export interface Triggered {
  /** `pending`: nothing was seen yet. `waits`, `skipped`: for or because of the run before it. */
  fate: 'started' | 'waits' | 'skipped' | 'pending';
  /** The run that started. */
  run: string | null;
}

const WATCHED_MS = 3_000;
const POLL_MS = 50;

/** The server only takes note of a trigger; what it makes of it is seen in the schedule. */
export async function triggerSchedule(handle: ScheduleHandle, overlap: Overlap | undefined): Promise<Triggered> {
  const before = await handle.describe();
  await handle.trigger(overlap === undefined ? before.policies.overlap : toOverlap(overlap));
  for (const until = performance.now() + WATCHED_MS; performance.now() < until; await sleep(POLL_MS)) {
    const seen = compare(before, await handle.describe());
    if (seen) return seen;
  }
  return { fate: 'pending', run: null };
}

function compare(before: ScheduleDescription, after: ScheduleDescription): Triggered | undefined {
  if (after.info.numActionsTaken > before.info.numActionsTaken) {
    return { fate: 'started', run: after.info.recentActions.at(-1)?.action.workflow.workflowId ?? null };
  }
  if (after.info.numActionsSkippedOverlap > before.info.numActionsSkippedOverlap) return { fate: 'skipped', run: null };
  if (waiting(after) > waiting(before)) return { fate: 'waits', run: null };
  return undefined;
}

function waiting({ raw }: ScheduleDescription): number {
  return Number(raw.info?.bufferSize ?? 0);
}
