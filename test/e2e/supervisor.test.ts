import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { identify } from '../../workers/embedded/process-identity';
import { type Startable, type Supervisor, supervise } from '../../workers/supervisor';
import { endParent, type ParentProcess, spawnParent } from './parent-process';
import { createActivities } from './supervised-activities';

const QUEUE = 'supervised';
const STEPS = 20;

let home: string;
let supervisor: Supervisor | undefined;
let parent: ParentProcess | undefined;
const log: string[] = [];

beforeAll(() => {
  Runtime.install({ shutdownSignals: [], logger: quiet });
});

beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'holdfast-supervisor-'));
  log.length = 0;
});

afterEach(async () => {
  if (parent) await endParent(parent, 'SIGKILL');
  await supervisor?.stop();
  [supervisor, parent] = [undefined, undefined];
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

function workerService(done: number[]): Startable {
  return {
    name: 'worker',
    async start(server) {
      const connection = await NativeConnection.connect({ address: server?.address ?? '' });
      const worker = await Worker.create({
        connection,
        taskQueue: QUEUE,
        workflowsPath: require.resolve('./supervised-workflow'),
        activities: createActivities(done),
      });
      const running = worker.run().finally(() => connection.close());
      const stop = async () => {
        if (worker.getState() === 'RUNNING') worker.shutdown();
        await running;
        log.push('worker stopped');
      };
      return { done: running, stop };
    },
  };
}

async function start(services: Startable[] = [], place: { port?: number } = {}): Promise<Supervisor> {
  supervisor = await supervise({
    server: { home, port: 0, uiPort: 0, ...place },
    services,
    signals: [],
    log: (line) => log.push(line),
  });
  return supervisor;
}

async function until(met: () => boolean, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!met() && Date.now() < deadline) await sleep(20);
}

test('a server that dies comes back where it was, and the run under way goes on', async () => {
  const done: number[] = [];
  const running = await start([workerService(done)]);
  const first = running.server();
  const connection = await Connection.connect({ address: first?.address ?? '' });
  const client = new Client({ connection });
  const handle = await client.workflow.start('walk', { workflowId: 'walk', taskQueue: QUEUE, args: [STEPS] });
  await until(() => done.length >= 3, 20_000);
  expect(done.length).toBeLessThan(STEPS);

  process.kill(first?.pid ?? 0, 'SIGKILL');
  await expect(handle.result()).resolves.toEqual(Array.from({ length: STEPS }, (_, index) => index * 10));

  await connection.close();
  expect(running.server()).toMatchObject({ address: first?.address, owned: true });
  expect(running.server()?.pid).not.toBe(first?.pid);
  expect(log).toContainEqual(expect.stringContaining('Temporal ended'));
});

test('stops the worker before the server', async () => {
  const running = await start([workerService([])]);
  const server = running.server();
  void server?.exited.then(() => log.push('server stopped'));
  await expect(running.stop()).resolves.toBe('stopped');
  expect(log.slice(-2)).toEqual(['worker stopped', 'server stopped']);
  expect(identify(server?.pid ?? 0)).toBeUndefined();
});

test('takes over when the owner of the server it uses dies', async () => {
  parent = await spawnParent(home);
  const running = await start();
  expect(running.server()).toMatchObject({ owned: false, pid: parent.report.pid });

  await endParent(parent, 'SIGKILL');
  await until(() => running.server()?.owned === true, 20_000);
  expect(running.server()).toMatchObject({ owned: true, address: parent.report.address });
});

test('a service that cannot start takes the server down with it', async () => {
  let pid = 0;
  const broken: Startable = {
    name: 'broken',
    async start(server) {
      pid = server?.pid ?? 0;
      throw new Error('no such model');
    },
  };
  await expect(start([broken])).rejects.toThrow('no such model');
  expect(identify(pid)).toBeUndefined();
});

const quiet = {
  log: () => undefined,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

describe('a signal', () => {
  async function signalled(stopMs: number, signals: number): Promise<string[]> {
    const child = spawn(process.execPath, [path.join(__dirname, 'supervised-parent.cjs'), home, String(stopMs)]);
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    const exit = new Promise((resolve) => child.once('close', resolve));
    await until(() => lines.length > 0, 30_000);
    for (let sent = 0; sent < signals; sent += 1) {
      child.kill('SIGINT');
      await sleep(200);
    }
    await exit;
    return lines;
  }

  const pidOf = (lines: string[]) => Number(lines[0]?.split(' ')[1]);

  test('stops the service, waiting for it, then the server', async () => {
    const lines = await signalled(400, 1);
    expect(lines.slice(1)).toEqual(['service stopped', 'stopped']);
    expect(identify(pidOf(lines))).toBeUndefined();
  });

  test('given twice waits for no service, and still leaves no server', async () => {
    const lines = await signalled(60_000, 2);
    expect(lines.slice(1)).toEqual(['forced']);
    expect(identify(pidOf(lines))).toBeUndefined();
  });
});
