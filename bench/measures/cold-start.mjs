import { setTimeout as sleep } from 'node:timers/promises';
import { median, summary } from './statistics.mjs';

const WORKFLOW_QUEUE = 1;
const LOOK_MS = 10;

/** g. From the spawn of a worker process, prebuilt bundle, to its first poll as the server sees it. */
export async function coldStart(stand, { quick }) {
  const rounds = quick ? 2 : 7;
  const ms = { holdfast: [], 'hand-written': [] };
  for (let round = 0; round < rounds; round++) {
    for (const system of Object.keys(ms)) {
      const running = await stand.start(system, 'tuned', { workers: 0 });
      const started = performance.now();
      const [, polledAt] = await Promise.all([running.addWorker(), firstPoll(running)]);
      ms[system].push(polledAt - started);
      await running.stop();
    }
  }
  return [
    {
      id: 'cold-start',
      what: 'worker ready from cold: process spawned → first poll (prebuilt bundle)',
      unit: 'ms',
      must: 2_000,
      aim: 1_000,
      ...summary(ms.holdfast),
      detail: `hand-written with a prebuilt bundle: ${median(ms['hand-written']).toFixed(0)} ms`,
    },
  ];
}

async function firstPoll({ driver, settings }) {
  const { workflowService } = driver.client.connection;
  const request = { namespace: 'default', taskQueue: { name: settings.taskQueue }, taskQueueType: WORKFLOW_QUEUE };
  for (;;) {
    const { pollers } = await workflowService.describeTaskQueue(request);
    if (pollers.length > 0) return performance.now();
    await sleep(LOOK_MS);
  }
}
