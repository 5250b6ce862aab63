import type { PlanResult } from '../../protocol/plan/state';
import { anyhow, chain, diamonds, fan, imports, layers, type Shape, serial, sinksOf } from './support/graphs';
import { CALLER, PlanArena, RUNNER } from './support/plan-arena';
import { lateRequests, orderViolations, runsOf } from './support/plan-report';
import { LONG } from './support/points';
import { survivors } from './support/processes';
import { seeded } from './support/random';
import type { FaultKind } from './support/random-kills';
import { say } from './support/report';
import { whenUp } from './support/when-up';

/**
 * G1 for plans: graphs of many shapes while workers and the server are killed. What is done is never run again, what comes after waits
 * for what is before, and the answers are those of a serial run.
 */

const { env } = process;
const NODES = LONG ? 200 : 24;
const KILLS = LONG ? 20 : 3;
const SEED = Number(env.HOLDFAST_CHAOS_SEED ?? 20_260_101);
/** Nodes of the one large plan; without any there is none. */
const LARGE = Number(env.HOLDFAST_CHAOS_NODES ?? (LONG ? 10_000 : 0));
const LARGE_KILLS = Number(env.HOLDFAST_CHAOS_KILLS ?? Math.ceil(LARGE / 250));
const PARALLEL = 8;
const LARGE_PARALLEL = 50;
/** Graphs whose nodes are runs of their own: those go on while the plan continues as new. */
const AS_RUNS = new Set(['fan', 'layers']);
const PATIENCE_MS = 60_000;
const HOURS = 3_600_000;

const random = seeded(SEED);
let arena: PlanArena;

beforeAll(async () => {
  arena = await PlanArena.start(random);
}, 180_000);

afterAll(async () => {
  await arena?.stop();
  expect(await survivors()).toEqual([]);
});

interface Asked {
  parallel: number;
  rolloverNodes?: number;
}

/** Runs graphs beside each other under fire, and looks at everything they did. */
async function underFire(shapes: Record<string, Shape>, kills: number, calls: number, { parallel, ...more }: Asked) {
  const startedAt = Date.now();
  const before = arena.asked;
  const { plans } = arena.holdfast;
  const graphs = Object.entries(shapes);
  const ends = graphs.map(async ([name, nodes]): Promise<PlanResult> => {
    const agent = (AS_RUNS.has(name) ? RUNNER : CALLER).name;
    const given = { name, agent, nodes, limits: { parallel } };
    const plan = await whenUp(() => plans.submit(given, { id: `shape-${name}`, ...more }), PATIENCE_MS);
    return whenUp(() => plan.result(), HOURS);
  });
  let over = false;
  const firing = arena.fire(kills, calls, () => over);
  const results = await Promise.all(ends);
  over = true;
  const faults = await firing;
  const seconds = Math.round((Date.now() - startedAt) / 1_000);
  const nodes = graphs.reduce((sum, [, shape]) => sum + shape.length, 0);
  const twice: string[] = [];
  const early: string[] = [];
  const late: number[] = [];
  const all = { count: 0, events: 0, bytes: 0 };
  for (const [at, [name, shape]] of graphs.entries()) {
    const result = results[at] as PlanResult;
    expect([name, result.status, result.missing]).toEqual([name, 'completed', []]);
    expect([name, result.output]).toEqual([name, expectedOf(shape)]);
    const views = await whenUp(() => plans.get(`shape-${name}`).nodes(), PATIENCE_MS);
    expect(views.filter(({ attempts }) => attempts !== 1)).toEqual([]);
    expect(views.filter(({ goal }) => !arena.calls.has(goal))).toEqual([]);
    early.push(...orderViolations(views));
    late.push(...lateRequests(views, arena.calls));
    const { count, events, bytes, starts } = await whenUp(() => runsOf(arena.client, `shape-${name}`), PATIENCE_MS);
    expect([name, [...starts.keys()].sort()]).toEqual([name, shape.map(({ id }) => id).sort()]);
    twice.push(...[...starts].filter(([, times]) => times > 1).map(([node]) => `${name} ${node}`));
    all.count += count;
    all.events = Math.max(all.events, events);
    all.bytes = Math.max(all.bytes, bytes);
  }
  const asked = arena.asked - before;
  const count = (kind: FaultKind) => faults.filter((one) => one === kind).length;
  say(
    [
      `plans: ${graphs.map(([name, shape]) => `${name} ${shape.length}`).join(', ')}; seed ${SEED}`,
      `  nodes ${nodes}; killed: worker ${count('worker')}, server ${count('server')}, both ${count('both')}; workers that ended unasked ${arena.endedUnasked}`,
      `  nodes run twice ${twice.length}; order violations ${early.length}; model calls ${asked}, lost with what was killed ${asked - nodes}`,
      `  of these, requests of lost attempts after their node was done ${late.length}${late.length > 0 ? `, up to ${Math.max(...late)} ms` : ''}`,
      `  roll-overs ${all.count - graphs.length}; largest history ${all.events} events, ${all.bytes} bytes; ${seconds} s`,
    ].join('\n'),
  );
  expect({ twice, early, endedUnasked: arena.endedUnasked }).toEqual({ twice: [], early: [], endedUnasked: 0 });
  // A call that was lost with its worker, or whose answer found no server, is made again, and nothing else.
  expect(asked - nodes).toBeLessThanOrEqual(faults.length * graphs.length * parallel);
  return { faults, rollovers: all.count - graphs.length };
}

function expectedOf(shape: Shape): unknown {
  const answers = serial(shape);
  const sinks = sinksOf(shape);
  const [only] = sinks;
  if (sinks.length === 1 && only !== undefined) return answers.get(only);
  return Object.fromEntries(sinks.map((id) => [id, answers.get(id)]));
}

test(
  `graphs of many shapes with up to ${NODES} nodes, workers and server killed: each node once, in order, answers as in a serial run`,
  async () => {
    const shapes = {
      chain: chain(Math.ceil(NODES / 3)),
      fan: fan(NODES),
      diamonds: diamonds(NODES),
      layers: layers(NODES, LONG ? 12 : 4, random),
      random: anyhow(NODES, random),
      imports: imports(LONG ? ['protocol', 'workflows'] : ['protocol/plan', 'workflows/plan']),
    };
    const asked = { parallel: PARALLEL, rolloverNodes: Math.ceil(NODES / 3) };
    const { faults, rollovers } = await underFire(shapes, KILLS, LONG ? 20 : 10, asked);
    expect(faults).toHaveLength(KILLS);
    expect(rollovers).toBeGreaterThanOrEqual(Object.keys(shapes).length);
  },
  LONG ? HOURS : 240_000,
);

(LARGE > 0 ? test : test.skip)(
  `a plan of ${LARGE} nodes that continues as new many times`,
  async () => {
    const shapes = { large: layers(LARGE, 100, random) };
    const { faults } = await underFire(shapes, LARGE_KILLS, Math.floor(LARGE / (LARGE_KILLS + 1)), {
      parallel: LARGE_PARALLEL,
    });
    expect(faults.length).toBeGreaterThanOrEqual(Math.min(LARGE_KILLS, 3));
  },
  3 * HOURS,
);
