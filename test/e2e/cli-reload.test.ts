import { setTimeout as sleep } from 'node:timers/promises';
import { startVendorServer } from '../../testing/vendor-server';
import type { CliProcess } from './cli-harness';
import { useCliPlace } from './cli-place';

/** A project that changes while `holdfast dev` runs it, with a vendor of our own that tells what it was asked. */

const AT_MOST_MS = 2_000;
// Where the vendor is, the project's file says.
const place = useCliPlace('cli-reload', { OPENAI_BASE_URL: undefined });
const { cli, write } = place;
let dev: CliProcess;

beforeAll(async () => {
  write('agents/helper.yaml', 'instructions: Version one.\n');
  settings(`providers: { openai: { baseUrl: "${place.vendor.openaiURL}", api: chat } }`);
  dev = place.start('dev', '--json', '--grace', '1s');
  await dev.shows(/"type":"ready"/);
}, 120_000);

function settings(...more: string[]): void {
  write('holdfast.yaml', ['version: 1', 'defaultModel: openai/gpt-5-mini', ...more, ''].join('\n'));
}

/** How long `dev` took to say so, after `change`. */
async function after(change: () => void, type: 'reloaded' | 'reload-refused'): Promise<{ ms: number; event: unknown }> {
  const heard = dev.stdout.length;
  const started = Date.now();
  change();
  for (;;) {
    const line = dev.stdout
      .slice(heard)
      .split('\n')
      .find((text) => text.includes(`"type":"${type}"`));
    if (line) return { ms: Date.now() - started, event: JSON.parse(line) };
    if (Date.now() - started > 20_000) throw new Error(`never ${type}:\n${dev.stdout}\n${dev.stderr}`);
    await sleep(20);
  }
}

/** What the vendor was told to be in the last request. */
function lastInstructions(): string {
  return JSON.stringify(place.vendor.requests.at(-1)?.body);
}

async function run(id: string): Promise<string> {
  place.vendor.setScript([{ text: 'Done.' }]);
  const { code, stderr } = await cli('run', 'helper', 'Hello', '--id', id);
  if (code !== 0) throw new Error(stderr);
  return lastInstructions();
}

test('the settings of the file are in use', async () => {
  expect(JSON.parse(dev.stdout.split('\n')[0] ?? '')).toMatchObject({
    settings: 'holdfast.yaml',
    profile: 'development',
    defaultModel: 'openai/gpt-5-mini',
    agents: ['helper'],
  });
  expect(await run('one')).toContain('Version one.');
}, 60_000);

test('a changed agent counts for the next run, within two seconds', async () => {
  const { ms, event } = await after(() => write('agents/helper.yaml', 'instructions: Version two.\n'), 'reloaded');
  expect(event).toMatchObject({ files: ['agents/helper.yaml'], agents: ['helper'], later: [] });
  expect(ms).toBeLessThan(AT_MOST_MS);
  expect(await run('two')).toContain('Version two.');
}, 60_000);

test('a broken one is refused with its place, and the one before still serves', async () => {
  const { event } = await after(() => write('agents/helper.yaml', 'instructions: [x\n'), 'reload-refused');
  expect(event).toMatchObject({ files: ['agents/helper.yaml'] });
  await dev.shows(/Agent\.Invalid.*agents\/helper\.yaml:\d/);
  expect(await run('three')).toContain('Version two.');
  await after(() => write('holdfast.yaml', 'version: 1\nwroker: {}'), 'reload-refused');
  await after(
    () => settings(`providers: { openai: { baseUrl: "${place.vendor.openaiURL}", api: chat } }`),
    'reload-refused',
  );
  await after(() => write('agents/helper.yaml', 'instructions: Version three.\n'), 'reloaded');
  expect(await run('four')).toContain('Version three.');
}, 60_000);

test('a run under way keeps its revision; a new tool and a new agent are there at once', async () => {
  write('tools/first.ts', tool('first', 'one'));
  await after(() => write('agents/helper.yaml', 'instructions: Version four.\ntools: [first]\n'), 'reloaded');
  place.vendor.setScript([
    { toolCalls: [{ id: 'a', name: 'first', arguments: {} }] },
    { toolCalls: [{ id: 'b', name: 'first', arguments: {} }], latencyMs: 5_000 },
    { text: 'Done.' },
  ]);
  const under = cli('run', 'helper', 'Hello', '--id', 'under-way');
  await waitFor(() => lastInstructions().includes('result of one'));
  const before = JSON.parse((await cli('runs', 'show', 'under-way', '--json')).stdout);

  write('tools/second.ts', tool('second', 'two'));
  await after(() => write('agents/helper.yaml', 'instructions: Version five.\ntools: [second]\n'), 'reloaded');
  expect((await under).code).toBe(0);
  expect(lastInstructions()).toContain('Version four.');
  const ended = JSON.parse((await cli('runs', 'show', 'under-way', '--json')).stdout);
  expect(ended.result).toMatchObject({ revision: before.state.revision, toolCalls: 2 });

  place.vendor.setScript([{ toolCalls: [{ id: 'b', name: 'second', arguments: {} }] }, { text: 'Done.' }]);
  const { code } = await cli('run', 'helper', 'Hello', '--id', 'late-tool');
  expect(code).toBe(0);
  expect(lastInstructions()).toMatch(/Version five\.[\s\S]*result of two/);
  const later = JSON.parse((await cli('runs', 'show', 'late-tool', '--json')).stdout);
  expect(later.result.revision).not.toBe(before.state.revision);
}, 90_000);

test('the code of a tool counts from its next call', async () => {
  await after(() => write('tools/second.ts', tool('second', 'the new code')), 'reloaded');
  place.vendor.setScript([{ toolCalls: [{ id: 'c', name: 'second', arguments: {} }] }, { text: 'Done.' }]);
  await cli('run', 'helper', 'Hello', '--id', 'new-code');
  expect(lastInstructions()).toContain('result of the new code');
}, 60_000);

test('providers change in place; what the process was started with, after a restart', async () => {
  const other = await startVendorServer({ script: () => ({ text: 'From elsewhere.' }) });
  try {
    const change = () =>
      settings(
        `providers: { openai: { baseUrl: "${other.openaiURL}", api: chat } }`,
        'worker: { maxConcurrentActivities: 50 }',
      );
    const { event } = await after(change, 'reloaded');
    expect(event).toMatchObject({ later: ['worker.maxConcurrentActivities'] });
    expect((await cli('run', 'helper', 'Hello', '--id', 'elsewhere')).stdout).toBe('From elsewhere.\n');
  } finally {
    await other.close();
  }
}, 60_000);

/** Not quick, so that it has an activity of its own. */
function tool(name: string, result: string): string {
  return [
    "import { defineTool } from 'holdfast';",
    "import { z } from 'zod';",
    `export default defineTool({ name: '${name}', description: 'x', input: z.object({}), effect: 'read', execute: () => 'result of ${result}' });`,
  ].join('\n');
}

async function waitFor(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('it never came to hold');
    await sleep(20);
  }
}
