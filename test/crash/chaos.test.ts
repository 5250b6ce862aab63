import { writeFileSync } from 'node:fs';
import { chatUnderFire } from './support/chat-lane';
import { check, type Verdict } from './support/checker';
import { Cluster } from './support/cluster';
import { gather, STANDARD, type Undisturbed, undisturbed } from './support/evidence';
import type { OrderCounts } from './support/operator';
import { LONG } from './support/points';
import { survivors } from './support/processes';
import { seeded } from './support/random';
import { type Fault, RandomKills, recoveries } from './support/random-kills';
import { type Campaign, figures, report, say } from './support/report';
import { closeSchedule, openSchedule, type ScheduleStory } from './support/schedule-lane';

/**
 * G1, G2, G7: kills at random while a hundred sessions run, a third of them chats with orders under way, beside schedules that start more of
 * them, until there were enough. The same seed makes the same choices; what they meet depends on the machine.
 */

const { env } = process;
const SEED = Number(env.HOLDFAST_CHAOS_SEED ?? 20_260_101);
const KILLS = Number(env.HOLDFAST_CHAOS_KILLS ?? (LONG ? 500 : 4));
const PARALLEL = Number(env.HOLDFAST_CHAOS_SESSIONS ?? (LONG ? 100 : 4));
/** Milliseconds between two faults, on average. */
const PACE = Number(env.HOLDFAST_CHAOS_PACE_MS ?? (LONG ? 3_000 : 850));
/** Calls between two faults, at least. */
const CALLS = Number(env.HOLDFAST_CHAOS_CALLS ?? (LONG ? 20 : 0));
/** Workflow tasks of one worker at once. With the SDK's 40, a worker that starts cold under a hundred sessions finishes none in time. */
const TASKS = 10;
/** The report goes there as JSON, also while the campaign runs. */
const REPORT = env.HOLDFAST_CHAOS_REPORT;
/** Every so manieth session is a chat. */
const CHATS = 3;
const MESSAGES = LONG ? 12 : 4;
const WORKERS = LONG ? 3 : 2;
const SCHEDULES = LONG ? 3 : 1;
/** Seconds between two starts of one schedule. */
const EVERY = LONG ? 60 : 5;
const MINUTES = 60_000;
const PATIENCE_MS = 90 * MINUTES;
const QUEUE = 'chaos';

const random = seeded(SEED);
const verdicts: Verdict[] = [];
const orders: OrderCounts = { taken: 0, again: 0, refused: 0 };
const stories: ScheduleStory[] = [];
let cluster: Cluster;
let calm: Undisturbed;
let fire: RandomKills;

beforeAll(async () => {
  cluster = await Cluster.start();
  cluster.patienceMs = PATIENCE_MS;
  calm = await undisturbed(cluster);
  fire = new RandomKills(cluster, {
    queue: QUEUE,
    faults: KILLS,
    workers: WORKERS,
    random,
    pace: PACE,
    calls: CALLS,
    tasks: TASKS,
    onFault: (faults) => {
      if (faults.length % 10 === 0) write(campaign());
    },
  });
  const schedules = Array.from({ length: SCHEDULES }, (_, index) => `chaos-timed-${index}`);
  await Promise.all(schedules.map((id) => openSchedule(cluster, id, QUEUE, EVERY)));
  let enough = false;
  const lanes = Array.from({ length: PARALLEL }, async (_, lane) => {
    const work = lane % CHATS === 0 ? talk : run;
    for (let round = 0; round === 0 || !enough; round++) verdicts.push(await work(`chaos-${lane}-${round}`));
  });
  const killing = fire.fire().finally(() => {
    enough = true;
  });
  await Promise.all([killing, ...lanes]);
  for (const id of schedules) {
    const story = await closeSchedule(cluster, id, QUEUE, EVERY, calm.expected);
    stories.push(story);
    verdicts.push(...story.verdicts);
  }
  say(report(campaign()));
  write(campaign());
}, 300 * MINUTES);

afterAll(async () => {
  await cluster?.stop();
  expect(await survivors()).toEqual([]);
});

async function run(session: string): Promise<Verdict> {
  try {
    await cluster.startSession(session, QUEUE, STANDARD.plan, STANDARD.options);
    const result = await cluster.result(session);
    return check(await gather(cluster, session, result), calm.expected);
  } catch (error) {
    return lost(session, error);
  }
}

async function talk(session: string): Promise<Verdict> {
  try {
    const { orders: given, ...verdict } = await chatUnderFire(cluster, session, QUEUE, { messages: MESSAGES, random });
    for (const kind of ['taken', 'again', 'refused'] as const) orders[kind] += given[kind];
    return verdict;
  } catch (error) {
    return lost(session, error);
  }
}

function lost(session: string, error: unknown): Verdict {
  const detail = error instanceof Error ? `${error.message} ${String(error.cause ?? '')}` : String(error);
  return { findings: [{ session, what: 'lost', detail }], repeated: { model: 0, tool: 0 }, unknown: 0 };
}

function campaign(): Campaign {
  const count = (kind: Fault['kind']) => fire.faults.filter((fault) => fault.kind === kind).length;
  const taken = stories.reduce((sum, story) => sum + story.taken, 0);
  return {
    title: `random kills over ${PARALLEL} parallel sessions, ${SCHEDULES} schedules beside them`,
    faults: new Map([
      ['worker', count('worker')],
      ['server', count('server')],
      ['worker and server at once', count('both')],
    ]),
    verdicts,
    findings: stories.flatMap(({ findings }) => findings),
    recoveryMs: recoveries(fire.faults, cluster.ledger.entries()),
    more: [
      `orders to chats: taken ${orders.taken}, of them given again ${orders.again}; refused ${orders.refused}`,
      `starts of schedules ${taken}`,
      `workers that ended unasked ${fire.endedUnasked}; seed ${SEED}; ${PACE} ms and ${CALLS} calls between faults; ${WORKERS} workers with ${TASKS} workflow tasks at once`,
    ],
  };
}

function write(given: Campaign): void {
  if (REPORT) writeFileSync(REPORT, `${JSON.stringify(figures(given), null, 2)}\n`);
}

test('enough was killed, the server too', () => {
  expect(fire.faults.length).toBeGreaterThanOrEqual(KILLS);
  if (LONG) expect(fire.faults.filter(({ kind }) => kind !== 'worker').length).toBeGreaterThan(KILLS / 50);
  expect(verdicts.length).toBeGreaterThanOrEqual(PARALLEL);
});

test('every schedule started something', () => {
  expect(stories).toHaveLength(SCHEDULES);
  for (const { taken } of stories) expect(taken).toBeGreaterThan(0);
});

test('no worker ended because the server did', () => {
  expect(fire.endedUnasked).toBe(0);
});

test('no run is lost, nothing recorded is repeated, effects and answers are right, orders and starts count once', () => {
  expect(figures(campaign()).findings).toEqual([]);
});
