import { readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { useCliPlace } from './cli-place';

/** The command line shows what a model says while it says it: the process that carries the worker, and one that only watches. */

const WORDS = Array.from({ length: 60 }, (_, at) => `word${at} `);

const place = useCliPlace('cli-streams');
const { start, startWith } = place;

beforeAll(() => {
  place.write('agents/writer.yaml', 'name: writer\ninstructions: Write.\nmodel: openai/test-model\n');
  place.vendor.setScript(() => ({ text: WORDS, chunkDelayMs: 50 }));
});

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
  const run = start('run', 'writer', 'go', '--id', 'a', '--json', '--follow');
  await run.shows(/"type":"text-delta"/);
  const watch = start('runs', 'watch', 'a', '--json');
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

test('the server goes with the process that carries the run, but not before a slow watcher has seen the end', async () => {
  const run = start('run', 'writer', 'go', '--id', 'slow', '--json', '--follow');
  await run.shows(/"type":"text-delta"/);
  const watch = start('runs', 'watch', 'slow', '--json');
  await watch.shows(/"type":"text-delta"/);
  watch.signal('SIGSTOP');
  await run.shows(/"type":"run-ended"/);
  await sleep(2_000);
  watch.signal('SIGCONT');
  expect(await watch.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('"type":"run-ended"') });
  expect((await run.ended).code).toBe(0);
  expect(readdirSync(path.join(place.folder, 'home', 'watching'))).toEqual([]);
}, 120_000);

test('without --follow, on a pipe, or with streams off there is nothing of it', async () => {
  const plain = await start('run', 'writer', 'go', '--id', 'b').ended;
  expect(plain).toMatchObject({ code: 0, stdout: `${WORDS.join('')}\n` });
  expect(plain.stderr).not.toContain('word3');
  const off = await startWith(
    { env: { HOLDFAST_STREAMS: 'off' } },
    'run',
    'writer',
    'go',
    '--id',
    'c',
    '--json',
    '--follow',
  ).ended;
  expect(off.code).toBe(0);
  expect(off.stdout).not.toContain('text-delta');
}, 120_000);

test('a bus that does not exist is refused before anything runs', async () => {
  const refused = await startWith(
    { env: { HOLDFAST_STREAMS: 'carrier-pigeon' } },
    'run',
    'writer',
    'go',
    '--id',
    'd',
    '--json',
  ).ended;
  expect(refused.code).toBe(2);
  expect(refused.stdout + refused.stderr).toContain('Config.Invalid');
}, 120_000);
