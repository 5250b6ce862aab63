import { modelFor } from '../task.mjs';
import { median, now, summary } from './statistics.mjs';

const LIMITS = { must: 40, aim: 20 };

/** f. From the client's call to the first byte at the provider: an idle, warm worker; one session after the other. */
export async function firstRequest(stand, { quick }) {
  const samples = quick ? 10 : 60;
  const holdfast = await stand.start('holdfast', 'tuned');
  const hand = await stand.start('hand-written', 'tuned');
  const apart = [];
  const together = [];
  const handApart = [];
  const fromHere = (running, ms) => async (id) => {
    const startedAt = now();
    const run = await running.driver.start(id, modelFor(0));
    await run.result();
    ms.push((await stand.vendor.take())[0] - startedAt);
  };
  const ways = [
    fromHere(holdfast, apart),
    fromHere(hand, handApart),
    async (id) => {
      const { startedAt } = await holdfast.ask({ do: 'start', id, model: modelFor(0) });
      together.push((await stand.vendor.take())[0] - startedAt);
    },
  ];
  const WARM = 5;
  await stand.vendor.take();
  for (let at = 0; at < samples + WARM; at++) {
    for (const [way, sample] of ways.entries()) await sample(`first-${way}-${at}`);
  }
  for (const ms of [apart, together, handApart]) ms.splice(0, WARM);
  const row = (id, where, ms) => ({
    id,
    what: `client start → first provider request, p50, ${where}`,
    unit: 'ms',
    ...LIMITS,
    ...quartiles(ms),
    detail: `hand-written, separate process: ${median(handApart).toFixed(1)} ms`,
  });
  return [
    row('first-request-same-process', 'client in the worker’s process', together),
    row('first-request-separate', 'client in another process', apart),
  ];
}

/** Single samples of a few milliseconds have wild extremes; the middle half says more. */
function quartiles(ms) {
  const sorted = [...ms].sort((a, b) => a - b);
  const at = (part) => sorted[Math.floor((sorted.length - 1) * part)];
  return { measured: summary(ms).measured, spread: [at(0.25), at(0.75)] };
}
