import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { eventually } from '../fixtures/eventually';
import type { CliProcess } from './cli-harness';
import { useCliPlace } from './cli-place';

/** Settings of a process, seen from outside: a `holdfast dev` of a project with a file, and commands beside it. */

// Where the vendor and the server are, the project's file says.
const place = useCliPlace('cli-settings', { HOLDFAST_TEMPORAL_PORT: undefined, OPENAI_BASE_URL: undefined });
let dev: CliProcess;
let port: number;

beforeAll(async () => {
  port = await freePort();
  place.write(
    'holdfast.yaml',
    `version: 1
defaultModel: openai/gpt-5-mini
providers: { openai: { baseUrl: "${place.vendor.openaiURL}", api: chat } }
worker: { taskQueue: mine, shutdownGrace: 1s, maxConcurrentActivities: 1 }
temporal: { port: ${port}, namespace: ours }
log: { levels: warn, format: pretty, agents: logs/agents }
`,
  );
  place.write('agents/helper.yaml', 'instructions: x\ntools: [slow]\n');
  const times = path.join(place.folder, 'times.txt');
  place.write(
    'tools/slow.ts',
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
  dev = place.start('dev', '--json', '--log-file', 'logs/dev.log');
  await dev.shows(/"type":"ready"/);
}, 120_000);

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
  place.vendor.setScript([
    { toolCalls: ['a', 'b', 'c'].map((id) => ({ id, name: 'slow', arguments: {} })) },
    { text: 'Done.' },
  ]);
  const run = await place.cli('run', 'helper', 'Hello', '--id', 'first');
  expect(run).toMatchObject({ code: 0, stdout: 'Done.\n' });
  const doctor = await place.cli('doctor');
  expect(doctor.stdout).toMatch(/ok {4}worker +1 on task queue mine/);
  const other = await place.startWith({ env: { HOLDFAST_WORKER_TASK_QUEUE: 'other' } }, 'doctor').ended;
  expect(other.stdout).toMatch(/warn {2}worker +none polls the task queue other/);
}, 60_000);

test('worker.maxConcurrentActivities: calls of one reply wait for each other', () => {
  const lines = readFileSync(path.join(place.folder, 'times.txt'), 'utf8').trim().split('\n');
  expect(lines).toEqual(['begin', 'end', 'begin', 'end', 'begin', 'end']);
});

test('completion knows the runs of the server', async () => {
  const { code, stdout } = await place.cli('__complete', '--', 'runs', 'show', 'f');
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'first\n' });
});

test('log: levels and form', () => {
  expect(dev.stderr).not.toMatch(/model answered|^\{"level"/m);
});

test('--log-file: every line, as JSON', async () => {
  dev.signal('SIGUSR2');
  await dev.shows(/debug lines are on/);
  const lines = readFileSync(path.join(place.folder, 'logs', 'dev.log'), 'utf8')
    .trim()
    .split('\n');
  expect(lines.map((line) => JSON.parse(line))).toContainEqual(expect.objectContaining({ msg: 'debug lines are on' }));
});

test('log.agents: the lines of an agent in a file of its own', async () => {
  // Debug lines are on since the test before.
  place.vendor.setScript(() => ({ text: 'Hello.' }));
  await place.cli('run', 'helper', 'Hello');
  const file = path.join(place.folder, 'logs', 'agents', 'helper.log');
  // A line is written beside the work, and may come after its answer.
  await eventually(async () => {
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    const all = lines.map((line) => JSON.parse(line) as { msg: string; agent: string });
    expect(all).toContainEqual(expect.objectContaining({ msg: 'model answered', agent: 'helper' }));
    expect(all.filter(({ agent }) => agent !== 'helper')).toEqual([]);
  });
});

test('worker.shutdownGrace: how long a running call may hold it up', async () => {
  place.vendor.setScript(() => ({ latencyMs: 120_000, text: 'late' }));
  const asked = place.vendor.count();
  await place.cli('run', 'helper', 'Hello', '--detach');
  while (place.vendor.count() === asked) await new Promise((resolve) => setTimeout(resolve, 50));
  const started = Date.now();
  dev.signal('SIGINT');
  expect((await dev.ended).code).toBe(0);
  expect(Date.now() - started).toBeLessThan(15_000);
}, 60_000);
