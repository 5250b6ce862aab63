import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { type ApprovalSummary, HoldfastClient } from '../../client';
import { type EmbeddedServer, startEmbeddedServer } from '../../workers/embedded/embedded-server';
import { HoldfastPlugin } from '../../workers/plugin';
import type { ApprovalWorkerSettings } from './support/approval-worker';
import { LONG } from './support/points';
import { survivors, watch } from './support/processes';
import { say } from './support/report';

/** G4: what people are asked outlives workers, the server, a new build and the deadline itself; and there may be a thousand of it. */

const MINUTES = 60_000;
const PARKED = LONG ? 1_000 : 100;
const MEMORY_BAR_MB = 512;

let folder: string;
let server: EmbeddedServer;
let connection: Connection;
let worker: ChildProcess;
const builds: string[] = [];

const client = () => new Client({ connection });
const holdfast = () => new HoldfastClient(client(), { taskQueue: 'approvals', by: 'test' });
const paidFile = () => path.join(folder, 'paid');
const paid = () => readFileSync(paidFile(), 'utf8').split('\n').filter(Boolean);

async function startServer(port = 0, uiPort = 0): Promise<void> {
  server = await startEmbeddedServer({ home: folder, port, uiPort, startTimeoutMs: 60_000 });
  watch(server.pid, 'Temporal server');
}

async function killServer(): Promise<{ port: number; uiPort: number }> {
  const { port, uiPort, pid, exited } = server;
  process.kill(pid, 'SIGKILL');
  await exited;
  return { port, uiPort };
}

async function startWorker(build: number): Promise<void> {
  const settings: ApprovalWorkerSettings = {
    address: server.address,
    home: folder,
    paid: paidFile(),
    codePath: builds[build] as string,
  };
  const log = openSync(path.join(folder, 'workers.log'), 'a');
  worker = fork(path.join(__dirname, 'support', 'approval-worker.cjs'), [], {
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...process.env, HOLDFAST_APPROVAL_WORKER: JSON.stringify(settings) },
    execArgv: ['--expose-gc'],
  });
  watch(worker.pid, 'worker');
  await heard('polling');
}

function heard(type: string): Promise<{ rss: number }> {
  return new Promise((resolve, reject) => {
    const listen = (message: { type: string; rss: number }): void => {
      if (message.type !== type) return;
      worker.off('message', listen);
      resolve(message);
    };
    worker.on('message', listen);
    worker.once('exit', (code) => reject(new Error(`the worker ended (${code})`)));
  });
}

/** Of the worker, after it has tidied up; MB. */
async function memory(): Promise<number> {
  worker.send({ type: 'memory' });
  const { rss } = await heard('memory');
  return Math.round(rss / 1024 / 1024);
}

async function killWorker(): Promise<void> {
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  worker.kill('SIGKILL');
  await exited;
}

/** Through as many deaths of the server as there are. */
async function patiently<T>(ask: () => Promise<T>, patienceMs = 120_000): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(200);
    }
  }
}

const open = (filter: object, count = 1) =>
  patiently(async () => {
    const found = await holdfast().approvals.list({ limit: 2_000, ...filter });
    if (found.length !== count) throw new Error(`${found.length} of ${count} approvals wait`);
    return found as [ApprovalSummary, ...ApprovalSummary[]];
  }, 5 * MINUTES);

const start = (type: string, workflowId: string) =>
  patiently(() => client().workflow.start(type, { args: [workflowId], workflowId, taskQueue: 'approvals' }));

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'holdfast-approvals-'));
  writeFileSync(paidFile(), '');
  const { code } = await bundleWorkflowCode({
    workflowsPath: require.resolve('./support/approval-workflows'),
    plugins: [new HoldfastPlugin({ env: {} })],
    logger: new DefaultLogger('ERROR'),
  });
  const changed = code.replace('build one', 'build two');
  expect(changed).not.toBe(code);
  for (const [at, text] of [code, changed].entries()) {
    builds[at] = path.join(folder, `build-${at}.js`);
    writeFileSync(builds[at], text);
  }
  await startServer();
  const channelArgs = { 'grpc.initial_reconnect_backoff_ms': 50, 'grpc.max_reconnect_backoff_ms': 300 };
  connection = await Connection.connect({ address: server.address, channelArgs });
  await startWorker(0);
}, 5 * MINUTES);

afterAll(async () => {
  await killWorker();
  await connection.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  expect(await survivors()).toEqual([]);
}, MINUTES);

test(
  'an approval three levels deep survives worker, server and a new build, and is given once',
  async () => {
    await start('quarter', 'deep');
    const [{ id }] = await open({ run: 'deep' });
    expect(id).toBe('deep/month/clerk/ask-1');
    const before = await holdfast().approvals.get(id);
    await killWorker();
    const ports = await killServer();
    await startServer(ports.port, ports.uiPort);
    expect(await open({ run: 'deep' })).toMatchObject([{ id, requester: 'ana', open: true }]);
    await startWorker(1);
    const after = await patiently(() => holdfast().approvals.get(id));
    expect(after).toMatchObject({
      openedAt: before.openedAt,
      request: { digest: before.request.digest },
      outcome: null,
    });
    await holdfast().approvals.approve(id, { by: 'bo', digest: before.request.digest });
    expect(await patiently(() => client().workflow.getHandle('deep').result())).toBe('build two: paid deep');
    expect(paid()).toEqual(['deep']);
  },
  8 * MINUTES,
);

test(
  'deadlines that pass while the server is down are kept when it is back',
  async () => {
    await Promise.all([start('asking', 'escalates'), start('hurried', 'expires')]);
    const [[{ id }]] = await Promise.all([open({ run: 'escalates' }), open({ run: 'expires' })]);
    const { expiresAt } = await patiently(() => holdfast().approvals.get(id));
    const ports = await killServer();
    await sleep(Math.max((expiresAt ?? 0) - Date.now(), 0) + 2_000);
    await startServer(ports.port, ports.uiPort);
    const late = await patiently(async () => {
      const error = await holdfast()
        .approvals.answer(id, 'yes', { by: 'bo' })
        .then(
          () => undefined,
          (reason) => reason,
        );
      if (error?.code === undefined || error.code.startsWith('Server.')) throw new Error('the server is not there yet');
      return error;
    });
    expect(['Approval.Expired', 'Approval.NotApprover']).toContain(late.code);
    await open({ run: 'escalates', for: 'user:cy' });
    await patiently(() => holdfast().approvals.answer(id, 'yes', { by: 'cy' }));
    expect(await patiently(() => client().workflow.getHandle('escalates').result())).toBe('yes');
    const expired = await patiently(() => client().workflow.getHandle('expires').result());
    expect(expired).toContain('expired (nobody decided in time)');
  },
  8 * MINUTES,
);

test(
  'sessions parked on approvals cost little, and none is lost when all are approved',
  async () => {
    const before = paid().length;
    const atRest = await memory();
    const ids = Array.from({ length: PARKED }, (_, nth) => `parked-${nth}`);
    const started = Date.now();
    await inLanes(ids, 20, (id) => patiently(() => holdfast().start('clerk', { id, input: id })));
    const waiting = await open({ agent: 'clerk' }, PARKED);
    const parkedMs = Date.now() - started;
    const megabytes = await memory();
    const approving = Date.now();
    await inLanes(waiting, 20, ({ id }) => patiently(() => holdfast().approvals.approve(id, { by: 'bo' })));
    await inLanes(ids, 20, (id) => patiently(() => holdfast().get(id).result()));
    const approvedMs = Date.now() - approving;
    expect(paid().slice(before).sort()).toEqual([...ids].sort());
    const each = Math.round(((megabytes - atRest) * 1024) / PARKED);
    say(
      `${PARKED} parked in ${parkedMs} ms: worker at ${megabytes} MB (${atRest} MB before, ${each} kB each); all approved and done in ${approvedMs} ms`,
    );
    expect(megabytes).toBeLessThan(MEMORY_BAR_MB);
  },
  30 * MINUTES,
);

async function inLanes<Item>(items: readonly Item[], lanes: number, work: (item: Item) => Promise<unknown>) {
  const left = [...items];
  const lane = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
