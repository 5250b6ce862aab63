import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { HoldfastClient } from '../../client';
import { type EmbeddedServer, startEmbeddedServer } from '../../workers/embedded/embedded-server';
import { type Operator, startOperator } from './support/effect-operator';
import { LONG } from './support/points';
import { survivors, watch } from './support/processes';
import { say } from './support/report';
import type { UndoWorkerSettings } from './support/undo-worker';

/**
 * G2 for what is undone: a worker dies by SIGKILL before, inside and between the undos of a run. What was undone is written to a
 * file by the tool itself; a person looks there before they answer for an undo whose outcome nobody knows.
 */

const MINUTES = 60_000;
const BOOKED = 5;
/** When the worker dies: once this many lines of a run are in the file, and so many ms later. */
const LINES = [BOOKED, BOOKED + 1, BOOKED + 2, BOOKED + 4, BOOKED + 5, BOOKED + 2 * BOOKED];
const DELAYS = LONG ? [0, 40, 80, 120, 160, 200] : [0, 90];
const KILLS = LINES.flatMap((lines) => DELAYS.map((delayMs) => ({ lines, delayMs })));

let folder: string;
let server: EmbeddedServer;
let connection: Connection;
let worker: ChildProcess;
let operator: Operator;
const asked: { run: string; what: string; written: boolean }[] = [];

const holdfast = () => new HoldfastClient(new Client({ connection }), { taskQueue: 'undo', by: 'test' });
const file = () => path.join(folder, 'done');
const linesOf = (run: string) =>
  readFileSync(file(), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`${run} `))
    .map((line) => line.slice(run.length + 1));
const undoneIn = (run: string) =>
  linesOf(run).flatMap((line) => (line.startsWith('undo ') ? [line.split(' ')[1] as string] : []));

async function startWorker(): Promise<void> {
  const settings: UndoWorkerSettings = { address: server.address, home: folder, file: file(), booked: BOOKED };
  const log = openSync(path.join(folder, 'workers.log'), 'a');
  worker = fork(path.join(__dirname, 'support', 'undo-worker.cjs'), [], {
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...process.env, HOLDFAST_UNDO_WORKER: JSON.stringify(settings) },
    execArgv: [],
  });
  watch(worker.pid, 'worker');
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('exit', (code) => reject(new Error(`the worker ended (${code})`)));
  });
}

async function killWorker(): Promise<void> {
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  worker.kill('SIGKILL');
  await exited;
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'holdfast-undo-'));
  writeFileSync(file(), '');
  server = await startEmbeddedServer({ home: folder, port: 0, uiPort: 0, startTimeoutMs: 60_000 });
  watch(server.pid, 'Temporal server');
  connection = await Connection.connect({ address: server.address });
  await startWorker();
  operator = startOperator(holdfast(), async ({ id, run }) => {
    const { request } = await holdfast().approvals.get(id);
    const { what } = request.arguments as { what: string };
    const written = undoneIn(run ?? '').includes(what);
    asked.push({ run: run ?? '', what, written });
    return written ? 'done' : 'retry';
  });
}, 5 * MINUTES);

afterAll(async () => {
  await operator.stop();
  await killWorker();
  await connection.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  expect(await survivors()).toEqual([]);
}, MINUTES);

test(
  'each effect is undone exactly once and the last one first, wherever the worker dies',
  async () => {
    for (const [at, { lines, delayMs }] of KILLS.entries()) {
      const id = `undo-${at}`;
      const run = await holdfast().start('clerk', { id, input: 'book' });
      const ended = run.result();
      while (linesOf(id).length < lines) await sleep(5);
      await sleep(delayMs);
      await killWorker();
      await startWorker();
      const { stopReason, compensation } = await ended;
      expect(stopReason).toBe('max-turns');
      expect({ at, undone: undoneIn(id) }).toEqual({ at, undone: ['5', '4', '3', '2', '1'] });
      expect(compensation).toMatchObject({ status: 'completed', left: [], open: 0 });
      expect(compensation?.undone.map(({ callId }) => callId)).toEqual(['c4', 'c3', 'c2', 'c1', 'c0']);
      const keys = linesOf(id).flatMap((line) => (line.startsWith('undo ') ? [line.split(' ')[2]] : []));
      expect(keys).toEqual(compensation?.undone.map(({ key }) => key));
    }
    const retried = asked.filter(({ written }) => !written).length;
    say(
      `worker killed ${KILLS.length} times while ${BOOKED} effects were undone; asked ${asked.length}, ${retried} retried`,
    );
    expect(retried).toBeGreaterThan(0);
    expect(asked.length).toBeGreaterThan(retried);
  },
  (LONG ? 20 : 6) * MINUTES,
);
