import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startVendorServer, type VendorServer } from '../../testing/vendor-server';
import { CliProcess, cleanEnv } from './cli-harness';

/** The command line shows what a model says while it says it: the process that carries the worker, and one that only watches. */

const WORDS = Array.from({ length: 60 }, (_, at) => `word${at} `);

let folder: string;
let vendor: VendorServer;
let env: NodeJS.ProcessEnv;
const running: CliProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'holdfast-cli-streams-'));
  mkdirSync(path.join(folder, 'agents'));
  writeFileSync(
    path.join(folder, 'agents', 'writer.yaml'),
    'name: writer\ninstructions: Write.\nmodel: openai/test-model\n',
  );
  vendor = await startVendorServer({ script: () => ({ text: WORDS, chunkDelayMs: 50 }) });
  env = cleanEnv(path.join(folder, 'home'), { OPENAI_API_KEY: 'sk-x', OPENAI_BASE_URL: vendor.openaiURL });
}, 60_000);

afterAll(async () => {
  for (const one of running) await one.end();
  await vendor?.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

function cli(args: string[], more: NodeJS.ProcessEnv = {}): CliProcess {
  const started = new CliProcess(['--project', folder, ...args], { ...env, ...more }, folder);
  running.push(started);
  return started;
}

interface Line {
  type: string;
  text?: string;
  offset?: number;
}

const linesOf = (stdout: string): Line[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

function saidIn(lines: Line[]): string {
  let said = '';
  for (const { type, text = '', offset } of lines) {
    if (type !== 'text-delta') continue;
    expect(offset).toBe(said.length);
    said += text;
  }
  return said;
}

test('a run that this process carries, and another process that watches it', async () => {
  const run = cli(['run', 'writer', 'go', '--id', 'a', '--json', '--follow']);
  await run.shows(/"type":"text-delta"/);
  const watch = cli(['runs', 'watch', 'a', '--json']);
  await watch.shows(/"type":"text-delta"/);
  expect(run.stdout).not.toContain('turn-finished');
  const ended = await Promise.all([run.ended, watch.ended]);
  for (const { code, stdout } of ended) {
    expect(code).toBe(0);
    const lines = linesOf(stdout);
    const said = saidIn(lines);
    expect(WORDS.join('').startsWith(said)).toBe(true);
    expect(said.length).toBeGreaterThan(100);
    expect(lines.findLastIndex(({ type }) => type === 'text-delta')).toBeLessThan(
      lines.findIndex(({ type }) => type === 'turn-finished'),
    );
  }
}, 120_000);

test('without --follow, on a pipe, or with streams off there is nothing of it', async () => {
  const plain = await cli(['run', 'writer', 'go', '--id', 'b']).ended;
  expect(plain).toMatchObject({ code: 0, stdout: `${WORDS.join('')}\n` });
  expect(plain.stderr).not.toContain('word3');
  const off = await cli(['run', 'writer', 'go', '--id', 'c', '--json', '--follow'], { HOLDFAST_STREAMS: 'off' }).ended;
  expect(off.code).toBe(0);
  expect(off.stdout).not.toContain('text-delta');
}, 120_000);

test('a bus that does not exist is refused before anything runs', async () => {
  const refused = await cli(['run', 'writer', 'go', '--id', 'd', '--json'], { HOLDFAST_STREAMS: 'carrier-pigeon' })
    .ended;
  expect(refused.code).toBe(2);
  expect(refused.stdout + refused.stderr).toContain('Config.Invalid');
}, 120_000);
