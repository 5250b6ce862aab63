import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startVendorServer, type VendorServer } from '../../testing/vendor-server';
import { CliProcess, cleanEnv } from './cli-harness';

/** Settings of a process, seen from outside: a `holdfast dev` of a project with a file, and commands beside it. */

let folder: string;
let vendor: VendorServer;
let dev: CliProcess;
let env: NodeJS.ProcessEnv;
let port: number;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'holdfast-cli-settings-'));
  vendor = await startVendorServer();
  port = await freePort();
  const { HOLDFAST_TEMPORAL_PORT: _port, ...rest } = cleanEnv(path.join(folder, 'home'), { OPENAI_API_KEY: 'sk-x' });
  env = rest;
  writeFileSync(
    path.join(folder, 'holdfast.yaml'),
    `version: 1
defaultModel: openai/gpt-5-mini
providers: { openai: { baseUrl: "${vendor.openaiURL}", api: chat } }
worker: { taskQueue: mine, shutdownGrace: 1s, maxConcurrentActivities: 1 }
temporal: { port: ${port}, namespace: ours }
log: { levels: warn, format: pretty }
`,
  );
  mkdirSync(path.join(folder, 'agents'));
  mkdirSync(path.join(folder, 'tools'));
  writeFileSync(path.join(folder, 'agents', 'helper.yaml'), 'instructions: x\ntools: [slow]\n');
  const times = path.join(folder, 'times.txt');
  writeFileSync(
    path.join(folder, 'tools', 'slow.ts'),
    `import { appendFileSync } from 'node:fs';
import { defineTool } from 'holdfast';
import { z } from 'zod';
export default defineTool({ name: 'slow', description: 'x', input: z.object({}), effect: 'read', async execute() {
  appendFileSync(${JSON.stringify(times)}, 'begin\\n');
  await new Promise((resolve) => setTimeout(resolve, 500));
  appendFileSync(${JSON.stringify(times)}, 'end\\n');
} });
`,
  );
  dev = new CliProcess(['dev', '--json', '--log-file', 'logs/dev.log'], env, folder);
  await dev.shows(/"type":"ready"/);
}, 120_000);

afterAll(async () => {
  await dev?.end();
  await vendor?.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port: found } = server.address() as { port: number };
      server.close(() => resolve(found));
    });
  });
}

test('temporal.port and temporal.namespace: where the server is', () => {
  expect(JSON.parse(dev.stdout.split('\n')[0] ?? '')).toMatchObject({
    address: `127.0.0.1:${port}`,
    namespace: 'ours',
    settings: 'holdfast.yaml',
  });
});

test('worker.taskQueue: commands meet the worker there; elsewhere nobody works', async () => {
  vendor.setScript([
    { toolCalls: ['a', 'b', 'c'].map((id) => ({ id, name: 'slow', arguments: {} })) },
    { text: 'Done.' },
  ]);
  const run = await new CliProcess(['run', 'helper', 'Hello', '--id', 'first'], env, folder).ended;
  expect(run).toMatchObject({ code: 0, stdout: 'Done.\n' });
  const doctor = await new CliProcess(['doctor'], env, folder).ended;
  expect(doctor.stdout).toMatch(/ok {4}worker +1 on task queue mine/);
  const other = await new CliProcess(['doctor'], { ...env, HOLDFAST_WORKER_TASK_QUEUE: 'other' }, folder).ended;
  expect(other.stdout).toMatch(/warn {2}worker +none polls the task queue other/);
}, 60_000);

test('worker.maxConcurrentActivities: calls of one reply wait for each other', () => {
  const lines = readFileSync(path.join(folder, 'times.txt'), 'utf8').trim().split('\n');
  expect(lines).toEqual(['begin', 'end', 'begin', 'end', 'begin', 'end']);
});

test('completion knows the runs of the server', async () => {
  const { code, stdout } = await new CliProcess(['__complete', '--', 'runs', 'show', 'f'], env, folder).ended;
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'first\n' });
});

test('log: levels and form', () => {
  expect(dev.stderr).not.toMatch(/model answered|^\{"level"/m);
});

test('--log-file: every line, as JSON', async () => {
  dev.signal('SIGUSR2');
  await dev.shows(/debug lines are on/);
  const lines = readFileSync(path.join(folder, 'logs', 'dev.log'), 'utf8')
    .trim()
    .split('\n');
  expect(lines.map((line) => JSON.parse(line))).toContainEqual(expect.objectContaining({ msg: 'debug lines are on' }));
});

test('worker.shutdownGrace: how long a running call may hold it up', async () => {
  vendor.setScript(() => ({ latencyMs: 120_000, text: 'late' }));
  const run = new CliProcess(['run', 'helper', 'Hello', '--detach'], env, folder);
  await run.ended;
  const asked = vendor.count();
  while (vendor.count() === asked) await new Promise((resolve) => setTimeout(resolve, 50));
  const started = Date.now();
  dev.signal('SIGINT');
  expect((await dev.ended).code).toBe(0);
  expect(Date.now() - started).toBeLessThan(15_000);
}, 60_000);
