import { modelFor } from '../task.mjs';
import { median, ratios, summary, timed } from './statistics.mjs';

const SESSIONS = 200;
const AT_ONCE = 50;
/** Two with a tool, one that answers. */
const MODEL = modelFor(2);

/** b. Many short sessions at once, each round in a fresh worker, and what that worker needed. */
export async function throughput(stand, { quick }) {
  const [rounds, sessions] = quick ? [1, 60] : [3, SESSIONS];
  const systems = [
    ['holdfast', 'tuned'],
    ['hand-written', 'tuned'],
    ['openai-agents', 'stock'],
  ];
  const rate = new Map(systems.map(([name]) => [name, []]));
  const memory = new Map(systems.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, server] of systems) {
      const running = await stand.start(name, server);
      await flood(running.driver, `warm-${name}-${round}`, 10);
      const ms = await timed(() => flood(running.driver, `flood-${name}-${round}`, sessions));
      rate.get(name).push((sessions * 1_000) / ms);
      memory.get(name).push(await running.peakMb());
      await running.stop();
    }
  }
  const middle = (values, digits = 1) => median(values).toFixed(digits);
  const versus = (id, name, than, limits) => ({
    id,
    what: `sessions per second, ${sessions} × 3 turns, ${AT_ONCE} at once: Holdfast ÷ ${than}`,
    unit: 'x',
    better: 'higher',
    ...limits,
    ...ratios(rate.get('holdfast'), rate.get(name)),
    detail: `${middle(rate.get('holdfast'))} ÷ ${middle(rate.get(name))} per second`,
  });
  return [
    versus('throughput-vs-hand-tuned', 'hand-written', 'hand-written, same tuned server', { must: 1.1, aim: 1.5 }),
    versus('throughput-vs-agents-stock', 'openai-agents', '@temporalio/openai-agents, stock server', {
      must: 4,
      aim: 8,
    }),
    {
      id: 'worker-memory',
      what: `peak resident memory of the worker in that run`,
      unit: 'MB',
      must: 400,
      aim: 250,
      ...summary(memory.get('holdfast')),
      detail: `hand-written ${middle(memory.get('hand-written'), 0)} MB, openai-agents ${middle(memory.get('openai-agents'), 0)} MB`,
    },
  ];
}

async function flood(driver, id, sessions) {
  let next = 0;
  const lane = async () => {
    while (next < sessions) {
      const run = await driver.start(`${id}-${next++}`, MODEL);
      await run.result();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
