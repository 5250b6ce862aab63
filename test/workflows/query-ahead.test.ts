import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { isAskAgain } from '../../client/ask-run';
import { untilProcessed } from '../../client/updates';
import { HoldfastPlugin } from '../../workers/plugin';
import { LONG } from '../crash/support/points';
import { eventually } from '../fixtures/eventually';
import { type TestWorkerOptions, useTemporal } from '../setup/test-worker';

/** The worker may take the task before the query: then there is nothing to guard against, and the long version tries again. */
const ATTEMPTS = LONG ? 8 : 1;

const temporal = useTemporal('query-ahead');
const workflowsPath = require.resolve('../fixtures/asked-workflow');
const options: TestWorkerOptions = { workflowsPath, worker: { stickyQueueScheduleToStartTimeout: '1s' } };

/** `asked` as it stands after its first step was called, and no worker any more. */
async function begun(workflowId: string): Promise<WorkflowHandle> {
  return temporal.during(options, async () => {
    const handle = await temporal.client.workflow.start('asked', { workflowId, taskQueue: temporal.taskQueue });
    await eventually(async () => expect((await handle.describe()).raw.pendingActivities).toHaveLength(1));
    return handle;
  });
}

const complete = (workflowId: string, activityId: string): Promise<void> =>
  temporal.client.activity.complete({ workflowId, activityId }, Number(activityId));

/** Asked while no worker is there; then something happens, and an update comes. @returns whether the query met it in between. */
async function askedAhead(handle: WorkflowHandle): Promise<boolean> {
  const { workflowId } = handle;
  const answer = handle.query<number>('added').then(
    () => false,
    (error: Error) => isAskAgain(error) || Promise.reject(error),
  );
  // Until the server has given up the private queue of the worker that went away.
  await sleep(10_000);
  await complete(workflowId, '1');
  const added = untilProcessed(() => handle.executeUpdate<number, []>('add'));
  await sleep(6_000);
  return temporal.during(options, async () => {
    expect(await added).toBe(1);
    await complete(workflowId, '2');
    expect(await handle.result()).toBe(1);
    return answer;
  });
}

test('a run that was asked a question while no worker had it can be replayed', async () => {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const id = `asked-ahead-${attempt}`;
    const handle = await begun(id);
    const ahead = await askedAhead(handle);
    const plugins = [new HoldfastPlugin({ env: {} })];
    await Worker.runReplayHistory({ workflowsPath, plugins }, await handle.fetchHistory(), id);
    if (ahead) return;
  }
  if (LONG) throw new Error('the query never came first');
}, 300_000);
