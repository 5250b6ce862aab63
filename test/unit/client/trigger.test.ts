import type { ScheduleDescription, ScheduleHandle } from '@temporalio/client';
import { triggerSchedule } from '../../../client/schedule/trigger';

/** A schedule as the server describes it after a trigger: nothing at first, then what it made of it. */
function handleOf(then: Partial<Record<'taken' | 'skipped' | 'waiting', number>>, run: string | null = null) {
  const triggered: unknown[] = [];
  let looks = 0;
  const describe = async () => {
    const { taken = 0, skipped = 0, waiting = 0 } = ++looks > 2 ? then : {};
    const recentActions = run === null ? [] : [{ action: { workflow: { workflowId: run } } }];
    return {
      policies: { overlap: 'SKIP' },
      info: { numActionsTaken: taken, numActionsSkippedOverlap: skipped, recentActions },
      raw: { info: waiting > 0 ? { bufferSize: waiting } : undefined },
    } as unknown as ScheduleDescription;
  };
  const handle = {
    describe,
    trigger: async (overlap: unknown) => void triggered.push(overlap),
  } as unknown as ScheduleHandle;
  return { handle, triggered };
}

test('who triggers a schedule is told what the server made of it', async () => {
  expect(await triggerSchedule(handleOf({ taken: 1 }, 'nightly-1').handle, undefined)).toEqual({
    fate: 'started',
    run: 'nightly-1',
  });
  expect(await triggerSchedule(handleOf({ taken: 1 }).handle, undefined)).toEqual({ fate: 'started', run: null });
  expect(await triggerSchedule(handleOf({ skipped: 1 }).handle, undefined)).toEqual({ fate: 'skipped', run: null });
  expect(await triggerSchedule(handleOf({ waiting: 1 }).handle, undefined)).toEqual({ fate: 'waits', run: null });
});

test('without a word the policy of the schedule holds, else what was said', async () => {
  const own = handleOf({ taken: 1 });
  await triggerSchedule(own.handle, undefined);
  const said = handleOf({ taken: 1 });
  await triggerSchedule(said.handle, 'allow-all');
  expect([own.triggered, said.triggered]).toEqual([['SKIP'], ['ALLOW_ALL']]);
});
