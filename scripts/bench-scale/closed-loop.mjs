import { modelFor } from '../../bench/task.mjs';
import { cpuSeconds, ms, part } from './figures.mjs';

const AT_ONCE = 20;

/** Whole requests (start, one model call, answer) one after the other in so many lanes, with one worker and with two. */
export async function closedLoop(stand, { minutes }) {
  const rows = [];
  for (const workers of [1, 2]) rows.push(await loop(stand, workers, minutes));
  return {
    title: `Closed loop of ${minutes} min, ${AT_ONCE} at once, provider at 0 ms`,
    head: ['Workers', 'requests/min', 'errors', 'p50', 'p95', 'CPU of the workers', 'CPU of the server'],
    rows,
  };
}

async function loop(stand, workers, minutes) {
  const running = await stand.start('holdfast', 'tuned', { workers });
  for (let more = 1; more < workers; more++) await running.addWorker();
  const { pid } = await stand.server('tuned');
  const pids = running.pids();
  const warmUpTo = performance.now() + 5_000;
  await lanes(running, warmUpTo, `warm-${workers}`);
  const cpuBefore = { workers: pids.map(cpuSeconds), server: cpuSeconds(pid) };
  const from = performance.now();
  const { took, errors } = await lanes(running, from + minutes * 60_000, `loop-${workers}`);
  const wallS = (performance.now() - from) / 1_000;
  const share = (used) => `${((100 * used) / wallS).toFixed(0)} % of a core`;
  const workerCpu = pids.map((one, at) => cpuSeconds(one) - cpuBefore.workers[at]).reduce((a, b) => a + b, 0);
  const serverCpu = cpuSeconds(pid) - cpuBefore.server;
  await running.stop();
  const rate = (60 * took.length) / wallS;
  return [
    workers,
    rate.toFixed(0),
    errors,
    ms(part(took, 0.5)),
    ms(part(took, 0.95)),
    share(workerCpu),
    share(serverCpu),
  ];
}

async function lanes({ driver }, until, name) {
  const took = [];
  let errors = 0;
  const lane = async (_, at) => {
    for (let n = 0; performance.now() < until; n++) {
      const started = performance.now();
      try {
        const run = await driver.start(`${name}-${at}-${n}`, modelFor(0));
        const { stopReason } = await run.result();
        if (stopReason !== 'completed') throw new Error(stopReason);
        took.push(performance.now() - started);
      } catch {
        errors++;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return { took, errors };
}
