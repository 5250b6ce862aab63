import { setTimeout as sleep } from 'node:timers/promises';
import { chatUnderFire } from './support/chat-lane';
import { check, type Verdict } from './support/checker';
import { Cluster } from './support/cluster';
import { gather, STANDARD, type Undisturbed, undisturbed } from './support/evidence';
import type { LedgerEntry } from './support/ledger';
import { LONG } from './support/points';
import { survivors } from './support/processes';
import { seeded } from './support/random';
import { report, say } from './support/report';
import type { WorkerHandle } from './support/worker-handle';

/**
 * G1, G2, G7: kills at random while a hundred sessions run, a third of them chats with updates under way, until there were enough. Workers come back at once, the server as fast as
 * it can. The same seed makes the same choices; what they meet depends on the machine.
 */

const SEED = Number(process.env.HOLDFAST_CHAOS_SEED ?? 20_260_101);
const KILLS = Number(process.env.HOLDFAST_CHAOS_KILLS ?? (LONG ? 500 : 4));
const PARALLEL = Number(process.env.HOLDFAST_CHAOS_SESSIONS ?? (LONG ? 100 : 4));
/** Every so manieth session is a chat. */
const CHATS = 3;
const MESSAGES = LONG ? 12 : 4;
const WORKERS = LONG ? 3 : 2;
const SERVER_SHARE = 0.15;
const MINUTES = 60_000;
const QUEUE = 'chaos';

interface Kill {
  at: number;
  /** The worker's process; undefined for the server. */
  pid?: number;
}

const random = seeded(SEED);
const kills: Kill[] = [];
const verdicts: Verdict[] = [];
let cluster: Cluster;
let calm: Undisturbed;
/** Workers that did not survive something that was not aimed at them. */
let endedUnasked = 0;

beforeAll(async () => {
  cluster = await Cluster.start();
  calm = await undisturbed(cluster);
  let enough = false;
  const lanes = Array.from({ length: PARALLEL }, async (_, lane) => {
    const work = lane % CHATS === 0 ? talk : run;
    for (let round = 0; round === 0 || !enough; round++) verdicts.push(await work(`chaos-${lane}-${round}`));
  });
  const killing = killAtRandom().finally(() => {
    enough = true;
  });
  await Promise.all([killing, ...lanes]);
  const faults = new Map([
    ['worker', kills.filter(({ pid }) => pid !== undefined).length],
    ['server', kills.filter(({ pid }) => pid === undefined).length],
  ]);
  const title = `random kills over ${PARALLEL} parallel sessions`;
  say(
    report({
      title,
      faults,
      verdicts,
      recoveryMs: recoveries(cluster.ledger.entries()),
      more: [`workers that ended unasked ${endedUnasked}; seed ${SEED}`],
    }),
  );
}, 60 * MINUTES);

afterAll(async () => {
  await cluster?.stop();
  expect(await survivors()).toEqual([]);
});

async function run(session: string): Promise<Verdict> {
  try {
    await cluster.startSession(session, QUEUE, STANDARD.plan, STANDARD.options);
    const result = await cluster.result(session, 10 * MINUTES);
    return check(await gather(cluster, session, result), calm.expected);
  } catch (error) {
    const detail = error instanceof Error ? `${error.message} ${String(error.cause ?? '')}` : String(error);
    return { findings: [{ session, what: 'lost', detail }], repeated: { model: 0, tool: 0 }, unknown: 0 };
  }
}

async function talk(session: string): Promise<Verdict> {
  try {
    return await chatUnderFire(cluster, session, QUEUE, { messages: MESSAGES, random });
  } catch (error) {
    const detail = error instanceof Error ? `${error.message} ${String(error.cause ?? '')}` : String(error);
    return { findings: [{ session, what: 'lost', detail }], repeated: { model: 0, tool: 0 }, unknown: 0 };
  }
}

async function killAtRandom(): Promise<void> {
  const start = () => cluster.worker(cluster.settings(QUEUE));
  const slots: (WorkerHandle | undefined)[] = await Promise.all(Array.from({ length: WORKERS }, start));
  const starting: Promise<void>[] = [];
  while (kills.length < KILLS) {
    await sleep(200 + random() * 1_300);
    // Somebody must be left to work, or nothing is under way that could be lost.
    while (slots.filter(Boolean).length < Math.min(2, WORKERS)) await sleep(50);
    if (random() < SERVER_SHARE) {
      kills.push({ at: Date.now() });
      await cluster.killServer();
      await cluster.serverUp();
      continue;
    }
    const slot = Math.floor(random() * WORKERS);
    const victim = slots[slot];
    if (!victim) continue; // still starting
    slots[slot] = undefined;
    if (!victim.alive) endedUnasked += 1;
    kills.push({ at: Date.now(), pid: victim.pid });
    await victim.kill();
    const replacement = start().then((worker) => {
      slots[slot] = worker;
    });
    replacement.catch(() => undefined); // heard below
    starting.push(replacement);
  }
  await Promise.all(starting);
}

/** From a worker's death to the next beginning of each call it was in; from the server's to the next call of anyone. */
function recoveries(ledger: readonly LedgerEntry[]): number[] {
  return kills.flatMap(({ at, pid }) => {
    const after = ledger.filter((entry) => entry.phase === 'begun' && entry.at >= at);
    if (pid === undefined) return after.slice(0, 1).map((entry) => entry.at - at);
    const open = ledger.filter((entry) => entry.pid === pid && entry.phase === 'begun' && !ended(ledger, entry, at));
    return open.flatMap(({ session, key }) => {
      const again = after.find((entry) => entry.session === session && entry.key === key);
      return again ? [again.at - at] : [];
    });
  });
}

function ended(ledger: readonly LedgerEntry[], { session, key, attempt, pid }: LedgerEntry, before: number): boolean {
  return ledger.some(
    (entry) =>
      entry.phase === 'ended' &&
      entry.at <= before &&
      entry.session === session &&
      entry.key === key &&
      entry.attempt === attempt &&
      entry.pid === pid,
  );
}

test('enough was killed, the server too', () => {
  expect(kills.length).toBeGreaterThanOrEqual(KILLS);
  if (LONG) expect(kills.filter(({ pid }) => pid === undefined).length).toBeGreaterThan(KILLS / 50);
  expect(verdicts.length).toBeGreaterThanOrEqual(PARALLEL);
});

test('no worker ended because the server did', () => {
  expect(endedUnasked).toBe(0);
});

test('no run is lost, nothing recorded is repeated, effects and answers are right', () => {
  expect(verdicts.flatMap(({ findings }) => findings)).toEqual([]);
});
