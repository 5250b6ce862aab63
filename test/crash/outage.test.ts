import { Cluster } from './support/cluster';
import { type Undisturbed, undisturbed } from './support/evidence';
import { LONG } from './support/points';
import { survivors } from './support/processes';
import { seeded } from './support/random';
import { percentiles, say } from './support/report';
import { busy, type Wave, wave } from './support/wave';
import type { WorkerHandle } from './support/worker-handle';

/**
 * G1: the server is gone for a while, and everything is gone at once, with sessions, chats and a schedule in flight. All of
 * them go on when it is back, and the schedule makes up for the times it missed.
 */

const DOWN_MS = LONG ? 30_000 : 6_000;
const SIZE = LONG
  ? { sessions: 20, chats: 6, messages: 8, every: 5 }
  : { sessions: 2, chats: 1, messages: 2, every: 5 };
const MINUTES = 60_000;
const QUEUE = 'outage';

const random = seeded(7);
let cluster: Cluster;
let calm: Undisturbed;
let workers: WorkerHandle[];
let down: { wave: Wave; backAt: number; survived: boolean };
let everything: { wave: Wave; at: number; backAt: number };

beforeAll(async () => {
  cluster = await Cluster.start();
  cluster.patienceMs = 10 * MINUTES;
  calm = await undisturbed(cluster);
  workers = await start();
  down = await serverDown();
  everything = await allDown();
}, 20 * MINUTES);

afterAll(async () => {
  await cluster?.stop();
  expect(await survivors()).toEqual([]);
});

function start(): Promise<WorkerHandle[]> {
  return Promise.all([0, 1].map(() => cluster.worker(cluster.settings(QUEUE))));
}

async function serverDown(): Promise<typeof down> {
  let backAt = 0;
  const trouble = async (): Promise<void> => {
    await busy(cluster, SIZE.sessions * 3);
    await cluster.killServer(DOWN_MS);
    await cluster.serverUp();
    backAt = Date.now();
  };
  const told = await wave(cluster, 'down', { queue: QUEUE, random, ...SIZE }, calm.expected, trouble);
  return { wave: told, backAt, survived: workers.every(({ alive }) => alive) };
}

async function allDown(): Promise<typeof everything> {
  let at = 0;
  let backAt = 0;
  const trouble = async (): Promise<void> => {
    await busy(cluster, SIZE.sessions * 3);
    at = Date.now();
    await Promise.all([cluster.killServer(), ...workers.map((worker) => worker.kill())]);
    await cluster.serverUp();
    workers = await start();
    backAt = Date.now();
  };
  const told = await wave(cluster, 'all', { queue: QUEUE, random, ...SIZE }, calm.expected, trouble);
  return { wave: told, at, backAt };
}

/** From the server's return to the next call of each session that was under way. */
function recoveries(prefix: string, wentAt: number, backAt: number): number[] {
  const begun = cluster.ledger
    .entries()
    .filter(({ phase, session }) => phase === 'begun' && session.startsWith(prefix));
  const open = new Set(begun.filter(({ at }) => at < wentAt).map(({ session }) => session));
  return [...open].flatMap((name) => {
    const next = begun.find(({ session, at }) => session === name && at >= backAt);
    return next ? [next.at - backAt] : [];
  });
}

function told(what: string, { verdicts, scheduled }: Wave, recoveryMs: number[]): void {
  say(
    `${what}: ${verdicts.length} runs, ${scheduled} of them started by the schedule; back at work ${percentiles(recoveryMs)}`,
  );
}

test(`the server down for ${DOWN_MS / 1_000} s: all resume, the workers stay`, () => {
  const { wave, backAt, survived } = down;
  told('server down', wave, recoveries('down-', backAt - DOWN_MS, backAt));
  expect([...wave.findings, ...wave.verdicts.flatMap(({ findings }) => findings)]).toEqual([]);
  expect(wave.verdicts).toHaveLength(SIZE.sessions + SIZE.chats + wave.scheduled);
  expect(wave.scheduled).toBeGreaterThanOrEqual(Math.floor(DOWN_MS / 1_000 / SIZE.every));
  expect(survived).toBe(true);
});

test('all workers and the server killed at once: all resume', () => {
  const { wave, at, backAt } = everything;
  told('everything killed at once', wave, recoveries('all-', at, backAt));
  expect([...wave.findings, ...wave.verdicts.flatMap(({ findings }) => findings)]).toEqual([]);
  expect(wave.verdicts).toHaveLength(SIZE.sessions + SIZE.chats + wave.scheduled);
});
