import { setTimeout as sleep } from 'node:timers/promises';
import { modelFor } from '../task.mjs';
import { now, summary } from './statistics.mjs';

const LOOK_MS = 20;
const PATIENCE_MS = 30_000;

/** i. A worker is killed inside a model call; another one on the same task queue asks the provider again. */
export async function lostWorker(stand, { quick }) {
  const rounds = quick ? 1 : 5;
  const seconds = [];
  for (let round = 0; round < rounds; round++) {
    const running = await stand.start('holdfast', 'tuned');
    await stand.vendor.rearm();
    await stand.vendor.take();
    const run = await running.driver.start(`lost-${round}`, modelFor('hang'));
    await requests(stand, 1);
    await running.addWorker();
    // The moment between two heartbeats is chance; spread over the rounds it is not.
    await sleep(500 + (round * 500) / rounds);
    const killedAt = now();
    await running.killWorker(0);
    const times = await requests(stand, 2);
    seconds.push((times[1] - killedAt) / 1_000);
    await run.result();
    await running.stop();
  }
  return [
    {
      id: 'lost-worker',
      what: 'worker SIGKILLed inside a model call → next provider request',
      unit: 's',
      must: 6,
      aim: 3,
      ...summary(seconds),
      detail: 'a second worker polls the same task queue',
    },
  ];
}

async function requests(stand, count) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const times = await stand.vendor.look();
    if (times.length >= count) return times;
    if (Date.now() > deadline) throw new Error(`the provider saw ${times.length} of ${count} requests`);
    await sleep(LOOK_MS);
  }
}
