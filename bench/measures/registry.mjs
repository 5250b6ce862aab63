import { createRequire } from 'node:module';
import { PROMPT } from '../task.mjs';
import { timed } from './statistics.mjs';

const require = createRequire(new URL('../../dist/', import.meta.url));

const KINDS = 50;

/** Agents of fifty kinds of work, each with two capabilities, some with something behind them. */
function agentsOf(count) {
  return Array.from({ length: count }, (_, at) => ({
    name: `agent-${at}`,
    role: `role-${at % 20}`,
    capabilities: [`kind-${at % KINDS}`, `also-${at % 97}`],
    tags: [`team-${at % 10}`],
    description: `Does work of kind ${at % KINDS}, and is here to be found.`,
    revision: at.toString(16).padStart(16, '0'),
  }));
}

/** g. The registry of agents: entering, looking up, and who should do a piece of work; the hand-over apart. */
export async function registry(stand, { quick }) {
  const [lookups, routings, handOvers] = quick ? [200, 200, 50] : [1_000, 2_000, 500];
  const running = await stand.start('holdfast', 'tuned');
  const { holdfast } = running.driver;
  const rows = [];
  for (const count of [1_000, 10_000]) {
    const agents = holdfast.registry(`bench-${count}`);
    const entered = await timed(() => agents.register(agentsOf(count), { queue: running.settings.taskQueue }));
    const id = `registry-${count}`;
    rows.push({
      id: `${id}-enter`,
      what: `entering ${count} agents`,
      unit: 'ms',
      measured: entered,
      spread: [entered, entered],
    });
    for (let at = 0; at < 40; at++)
      await agents.report({
        agent: `agent-${at * KINDS}`,
        needs: ['kind-0'],
        success: at % 3 > 0,
        ms: 1_000,
        usd: 0.01,
      });
    const name = (at) => `agent-${(at * 7_919) % count}`;
    const kind = (at) => `kind-${at % KINDS}`;
    rows.push(
      await each(`${id}-get`, `one of ${count} agents by its name`, lookups, 50, (at) => agents.get(name(at))),
      await each(`${id}-find`, `20 of ${count} agents by capability and tag`, lookups, 50, (at) =>
        agents.find({ capability: kind(at), tag: `team-${at % 10}`, limit: 20 }),
      ),
    );
    for (const assign of ['capability', 'learned'])
      rows.push(
        await each(`${id}-route-${assign}`, `who should do it, ${assign}, of ${count} agents`, routings, 100, (at) =>
          agents.route({ needs: [assign === 'learned' ? 'kind-0' : kind(at)], assign, seed: String(at) }),
        ),
      );
  }
  rows.push(
    await each('hand-over', 'handing it over: start on the agent’s task queue', handOvers, undefined, (at) =>
      holdfast.start('clerk', { id: `routed-${at}`, input: PROMPT, model: 'openai/bench-0' }),
    ),
    await choices(quick),
  );
  return rows;
}

/** In the plan itself: a node that needs something, ten thousand agents that could do it. */
async function choices(quick) {
  const { planSchema } = require('./protocol/plan/definition.js');
  const { Places } = require('./workflows/plan/places.js');
  const agents = Object.fromEntries(
    agentsOf(10_000).map(({ name }) => [name, { revision: 'r', capabilities: ['code'], costUsd: null }]),
  );
  const plan = planSchema.parse({ name: 'bench', nodes: [{ id: 'n', goal: 'g', needs: ['code'] }] });
  const places = new Places({ plan, agents, chosen: {} });
  return each(
    'plan-choice',
    'who does a node, of 10000 that could, in the plan',
    quick ? 200 : 2_000,
    100,
    async () => {
      places.choose(plan.nodes[0]);
    },
  );
}

/** One after the other; the 95th percentile is what counts. */
async function each(id, what, times, must, work) {
  const took = [];
  for (let at = 0; at < Math.min(20, times); at++) await work(at + times);
  for (let at = 0; at < times; at++) took.push(await timed(() => work(at)));
  took.sort((a, b) => a - b);
  const part = (share) => took[Math.min(took.length - 1, Math.ceil(share * took.length) - 1)];
  return {
    id,
    what: `${what}: p95 of ${times}`,
    unit: 'ms',
    ...(must !== undefined && { must, aim: must / 2 }),
    measured: part(0.95),
    spread: [part(0.5), part(0.99)],
    detail: `p50 ${part(0.5).toFixed(1)}, p99 ${part(0.99).toFixed(1)} ms`,
  };
}
