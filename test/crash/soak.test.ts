import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from './support/cluster';
import { undisturbed } from './support/evidence';
import { survivors } from './support/processes';
import { seeded } from './support/random';
import { say } from './support/report';
import { Requests } from './support/requests';
import { soakFigures, soakReport, type Watched } from './support/soak-report';
import { databaseBytes, vitalsOf } from './support/vitals';
import type { WorkerHandle } from './support/worker-handle';

/**
 * R17.14 to R17.17: requests at a fixed rate, whether those before them are served or not, while a worker is killed every minute and the server every
 * five. `npm run test:soak -- --minutes 30`. One worker is never killed: its memory tells whether anything grows.
 */

const { env } = process;
const MINUTES = Number(env.HOLDFAST_SOAK_MINUTES ?? 0.4);
const RATE = Number(env.HOLDFAST_SOAK_RATE ?? 60);
const WORKERS = Math.max(2, Number(env.HOLDFAST_SOAK_WORKERS ?? 2));
const SEED = Number(env.HOLDFAST_SOAK_SEED ?? 20_260_101);
const REPORT = env.HOLDFAST_SOAK_REPORT;
const MINUTE = 60_000;
/** In a short soak the first worker and the server die, too. */
const WORKER_EVERY_MS = Math.min(MINUTE, MINUTES * MINUTE * 0.35);
const SERVER_EVERY_MS = Math.min(5 * MINUTE, MINUTES * MINUTE * 0.6);
const CHATS = 10;
const WATCH_MS = 1_000;
const QUEUE = 'soak';

let cluster: Cluster;
let watched: Watched;
let requests: Requests;

beforeAll(
  async () => {
    cluster = await Cluster.start();
    cluster.patienceMs = 15 * MINUTE;
    const answers = {
      simple: await answerOf('simple'),
      steps: await answerOf('steps'),
    };
    const workers = await Promise.all(Array.from({ length: WORKERS }, start));
    requests = new Requests(cluster, QUEUE, answers);
    await requests.openChats(CHATS);
    const until = Date.now() + MINUTES * MINUTE;
    watched = { faults: [], samples: [], startedAt: Date.now() };
    await Promise.all([
      requests.arrive(MINUTE / RATE, until, seeded(SEED)),
      kill(workers, until),
      watch(workers[0] as WorkerHandle, until),
    ]);
    await requests.answered();
    await requests.closeChats();
    const told = soakFigures(requests.made, watched, {
      minutes: MINUTES,
      ratePerMinute: RATE,
      workers: WORKERS,
      seed: SEED,
    });
    say(soakReport(told));
    if (REPORT) writeFileSync(REPORT, `${JSON.stringify(told, null, 2)}\n`);
  },
  (MINUTES + 40) * MINUTE,
);

afterAll(async () => {
  await cluster?.stop();
  expect(await survivors()).toEqual([]);
});

async function answerOf(script: 'simple' | 'steps'): Promise<unknown> {
  const { expected } = await undisturbed(cluster, { plan: { script }, options: {} });
  return expected.result?.output;
}

function start(): Promise<WorkerHandle> {
  return cluster.worker(cluster.settings(QUEUE));
}

/** Every worker but the first, in turn, and the server. */
async function kill(workers: WorkerHandle[], until: number): Promise<void> {
  const every = async (ms: number, strike: (count: number) => Promise<void>): Promise<void> => {
    for (let count = 0, next = Date.now() + ms; next < until; count++, next += ms) {
      await sleep(Math.max(0, next - Date.now()));
      await strike(count);
    }
  };
  const worker = async (count: number): Promise<void> => {
    const slot = 1 + (count % (WORKERS - 1));
    watched.faults.push({ kind: 'worker', at: Date.now() });
    await workers[slot]?.kill();
    workers[slot] = await start();
  };
  const server = async (): Promise<void> => {
    watched.faults.push({ kind: 'server', at: Date.now() });
    await cluster.killServer();
    await cluster.serverUp();
  };
  await Promise.all([every(WORKER_EVERY_MS, worker), every(SERVER_EVERY_MS, server)]);
}

async function watch(worker: WorkerHandle, until: number): Promise<void> {
  for (; Date.now() < until; await sleep(WATCH_MS)) {
    const [ofWorker, ofServer] = [vitalsOf(worker.pid), vitalsOf(cluster.serverPid)];
    const databaseSize = databaseBytes(cluster.folder);
    watched.samples.push({ at: Date.now(), worker: ofWorker, server: ofServer, databaseBytes: databaseSize });
  }
}

test('every request was answered, and rightly', () => {
  expect(requests.made.length).toBeGreaterThan(MINUTES * RATE * 0.9);
  expect(requests.made.filter(({ wrong, ms }) => wrong !== undefined || ms === undefined)).toEqual([]);
});

test('workers and the server were killed meanwhile', () => {
  expect(new Set(watched.faults.map(({ kind }) => kind))).toEqual(new Set(['worker', 'server']));
});

test('the memory of the worker that lives on is flat', () => {
  const { worker } = soakFigures(requests.made, watched, {
    minutes: MINUTES,
    ratePerMinute: RATE,
    workers: WORKERS,
    seed: SEED,
  });
  if (!worker || MINUTES < 10) return; // it fills its caches first
  expect(worker.rssLateMb).toBeLessThan(worker.rssEarlyMb * 1.25);
});
