import { createRequire } from 'node:module';
import { modelFor, PROMPT } from '../task.mjs';
import { median, ratios, summary, timed } from './statistics.mjs';

const require = createRequire(new URL('../../dist/', import.meta.url));

/** f. Plans of many nodes, runs and plain calls, against a hand-written parent with as many children, on the same tuned server; and the parts alone. */
export async function plans(stand, { quick }) {
  const [rounds, count] = quick ? [1, 50] : [3, 200];
  const holdfast = await stand.start('holdfast', 'tuned');
  const hand = await stand.start('hand-written', 'tuned');
  const ms = { runs: [], calls: [], hand: [] };
  const run = async (id, size, agent) => {
    const nodes = Array.from({ length: size }, (_, at) => ({ id: `n${at}`, goal: PROMPT }));
    const plan = { name: 'bench', agent, nodes, limits: { parallel: 200 } };
    const { status } = await (await holdfast.driver.holdfast.plans.submit(plan, { id })).result();
    if (status !== 'completed') throw new Error(`the plan ended ${status}`);
  };
  await run('warm-plan', 5, 'clerk');
  await run('warm-calls', 5, 'teller');
  await hand.driver.fanOut('warm-plan-hand', 5, modelFor(0));
  for (let round = 0; round < rounds; round++) {
    ms.runs.push(await timed(() => run(`plan-${round}`, count, 'clerk')));
    ms.calls.push(await timed(() => run(`calls-${round}`, count, 'teller')));
    ms.hand.push(await timed(() => hand.driver.fanOut(`plan-hand-${round}`, count, modelFor(0))));
  }
  const against = (id, what, ours, bars) => ({
    id,
    what: `time of a plan of ${count} ${what}: Holdfast ÷ hand-written parent with as many children, same tuned server`,
    unit: 'x',
    ...bars,
    ...ratios(ours, ms.hand),
    detail: `${(median(ours) / 1_000).toFixed(1)} ÷ ${(median(ms.hand) / 1_000).toFixed(1)} s`,
  });
  return [
    against('plan-vs-hand-tuned', 'runs of one call (agents with tools)', ms.runs, { must: 1.2, aim: 1 }),
    against('plan-calls-vs-hand-tuned', 'plain calls (agents without tools)', ms.calls, { must: 1.2, aim: 0.5 }),
    await admission(quick),
    await scheduler(quick),
  ];
}

/** Without provider time: form, graph, agents, cost and deadlines of a plan of 100 nodes. */
async function admission(quick) {
  const { planSchema } = require('./protocol/plan/definition.js');
  const { planProblems } = require('./protocol/plan/admission.js');
  const agents = { clerk: { revision: 'r', capabilities: [], costUsd: null } };
  const given = { name: 'bench', agent: 'clerk', nodes: layered(100) };
  const values = [];
  for (let round = 0; round < (quick ? 5 : 20); round++)
    values.push(
      await timed(async () => {
        const problems = planProblems(planSchema.parse(given), agents);
        if (problems.length > 0) throw new Error(problems[0].message);
      }),
    );
  return row('plan-admission', 'admission of a plan of 100 nodes, without provider time', 'ms', values, {
    must: 500,
    aim: 100,
  });
}

/** The core alone: what is next, in one process, no Temporal. */
async function scheduler(quick) {
  const { planSchema } = require('./protocol/plan/definition.js');
  const { PlanDesk } = require('./workflows/plan/plan-desk.js');
  const size = quick ? 1_000 : 10_000;
  const plan = planSchema.parse({ name: 'bench', agent: 'clerk', nodes: layered(size), limits: { parallel: 200 } });
  const values = [];
  for (let round = 0; round < 3; round++) {
    const fresh = { nodes: {}, chosen: {}, served: {}, actions: [], undos: [], spentUsd: 0, tokens: 0, asked: 0 };
    const desk = new PlanDesk({ plan, agents: {}, startedAt: 0, ...fresh }, 0);
    const took = await timed(async () => {
      for (let now = 1; !desk.over; now++)
        for (const { node } of desk.next(now))
          desk.ended(node.id, { status: 'done', output: 1, costUsd: 0, tokens: 0 }, now);
    });
    values.push(size / (took / 1_000));
  }
  return row('plan-scheduler', `nodes scheduled a second, the core alone, a layered plan of ${size}`, '/s', values);
}

function row(id, what, unit, values, bar = {}) {
  const { low, high } = { low: Math.min(...values), high: Math.max(...values) };
  const detail = `${low.toFixed(1)} to ${high.toFixed(1)} ${unit}`;
  return { id, what, unit, ...bar, ...summary(values), detail };
}

/** Ten wide; each node comes after two of the layer above. */
function layered(size) {
  return Array.from({ length: size }, (_, at) => ({
    id: `n${at}`,
    goal: 'g',
    after: at < 10 ? [] : [`n${at - 10}`, `n${at - (at % 10) - 10 + ((at + 1) % 10)}`],
  }));
}
