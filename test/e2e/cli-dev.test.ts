import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CliProcess } from './cli-harness';
import { useCliPlace } from './cli-place';

/** Commands beside a running `holdfast dev`, with a vendor of our own for what must be slow, costly or hostile. */

const SLOW = { latencyMs: 120_000, text: 'late' };
const VENDOR = ['--model', 'openai/gpt-5-mini'];
const place = useCliPlace('cli-dev', { HOLDFAST_MODEL: 'simulated/rules' });
const { start, cli } = place;
let dev: CliProcess;

beforeAll(async () => {
  dev = start('dev', '--json', '--grace', '1s');
  await dev.shows(/"type":"ready"/);
}, 120_000);

test('dev tells where everything is', () => {
  const ready = JSON.parse(dev.stdout.split('\n')[0] ?? '');
  expect(ready).toMatchObject({
    type: 'ready',
    address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    webUi: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    namespace: 'default',
    owned: true,
    agents: ['assistant', 'editor', 'reporter'],
    defaultModel: 'simulated/rules',
  });
});

test('a second dev in the same home uses the first one’s server, and leaves it running', async () => {
  const second = start('dev', '--json');
  await second.shows(/"type":"ready"/);
  const [first, ready] = [dev, second].map(({ stdout }) => JSON.parse(stdout.split('\n')[0] ?? ''));
  expect(ready).toMatchObject({ owned: false, address: first.address, webUi: first.webUi });
  second.signal('SIGINT');
  const { code, stderr } = await second.ended;
  expect({ code, stopped: stderr.includes('Stopped') }).toEqual({ code: 0, stopped: true });
  expect((await cli('runs', 'list')).code).toBe(0);
}, 60_000);

test('run prints the answer and nothing else on stdout; progress, cost and link on stderr', async () => {
  const { code, stdout, stderr } = await cli('run', 'assistant', 'What is 17*23?', '--id', 'sum');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\[simulated\] 17\*23 = 391.*\n$/);
  for (const part of [
    'turn 1',
    '✓ calculator expression=17*23',
    '(simulated)',
    'runs show sum',
    '/namespaces/default/workflows/sum/',
  ]) {
    expect(stderr).toContain(part);
  }
});

test('the same id again shows the same answer and says that nothing new was started', async () => {
  const { code, stdout, stderr } = await cli('run', 'assistant', 'What is 17*23?', '--id', 'sum', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ id: 'sum', started: false, stopReason: 'completed', toolCalls: 1 });
  expect(stderr).toContain('nothing new was started');
  const other = await cli('run', 'assistant', 'Something else', '--id', 'sum', '--json');
  expect(other).toMatchObject({ code: 2, stdout: '' });
  expect(JSON.parse(other.stderr)).toMatchObject({
    error: { code: 'Run.AlreadyStarted', docs: 'docs/errors/Run.AlreadyStarted.md' },
  });
});

test('--json --follow is a line for each step, and --quiet leaves stderr empty', async () => {
  const { code, stdout, stderr } = await cli('run', 'assistant', 'What is 2+3?', '--json', '--follow', '--quiet');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['run-accepted', 'agent-pinned', 'turn-finished', 'tool-finished', 'run-ended']),
  );
  expect(lines.at(-1)).toMatchObject({ type: 'run-ended', stopReason: 'completed', simulated: true });
});

test('a run reads the folders it is given and its files are named', async () => {
  const notes = path.join(place.folder, 'notes');
  mkdirSync(notes, { recursive: true });
  writeFileSync(path.join(notes, 'a.md'), '# Title\n\nOne two three.\n');
  const out = path.join(place.folder, 'answer.txt');
  const { code, stdout } = await cli(
    'run',
    'reporter',
    'Report on the folder notes',
    '--in',
    notes,
    '--out',
    out,
    '--json',
  );
  expect(code).toBe(0);
  const { output, workspace } = JSON.parse(stdout);
  expect(workspace.files).toEqual([{ name: 'report.md', bytes: expect.any(Number) }]);
  expect(readFileSync(path.resolve(place.folder, workspace.folder, 'report.md'), 'utf8')).toContain('notes/a.md');
  expect(readFileSync(out, 'utf8')).toBe(output);
});

test('--detach returns at once; list, show and watch find the run', async () => {
  const { code, stdout, stderr } = await cli('run', 'assistant', 'What is 5*5?', '--id', 'away', '--detach');
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'away\n' });
  expect(stderr).toContain('runs watch away');
  expect(stderr).not.toContain('nothing runs');

  const watched = await cli('runs', 'watch', 'away');
  expect(watched).toMatchObject({ code: 0, stdout: expect.stringContaining('5*5 = 25') });
  const shown = JSON.parse((await cli('runs', 'show', 'away', '--json')).stdout);
  expect(shown).toMatchObject({
    id: 'away',
    status: 'completed',
    agent: 'assistant',
    result: { turns: 2 },
    pending: [],
  });
  expect((await cli('runs', 'show', 'away')).stdout).toMatch(/away · completed[\s\S]*5\*5 = 25/);
  const listed = JSON.parse(
    (await cli('runs', 'list', '--agent', 'assistant', '--status', 'completed', '--json')).stdout,
  );
  expect(listed.map(({ id }: { id: string }) => id)).toContain('away');
  expect(JSON.parse((await cli('runs', 'list', '--limit', '1', '--json')).stdout)).toHaveLength(1);
  expect((await cli('runs', 'list', '--query', 'HoldfastCostUsd > 1')).stdout).toBe('no runs\n');
}, 60_000);

test('Ctrl-C leaves the run alone and tells how to come back; stop ends it, and watch exits with 5', async () => {
  place.vendor.setScript(() => SLOW);
  const run = start('run', 'assistant', 'Wait', '--id', 'slow', ...VENDOR);
  await run.shows(/assistant · .*first call/);
  run.signal('SIGINT');
  const left = await run.ended;
  expect(left.code).toBe(130);
  expect(left.stderr).toMatch(/not cancelled[\s\S]*main\.js runs watch slow\n/);

  const watch = start('runs', 'watch', 'slow', '--json');
  await watch.shows(/first-call/);
  expect(JSON.parse((await cli('runs', 'show', 'slow', '--json')).stdout)).toMatchObject({
    status: 'running',
    state: { phase: 'model' },
  });
  const stopped = await cli('runs', 'stop', 'slow', '--reason', 'enough', '--json');
  expect(JSON.parse(stopped.stdout)).toEqual({ id: 'slow', asked: true, status: 'stopping' });
  const ended = await watch.ended;
  expect(ended.code).toBe(5);
  expect(JSON.parse(ended.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
    type: 'run-ended',
    stopReason: 'stopped',
    detail: expect.stringContaining('enough'),
  });
  expect(JSON.parse((await cli('runs', 'stop', 'slow', '--json')).stdout)).toEqual({
    id: 'slow',
    asked: false,
    status: 'stopped',
  });
}, 60_000);

test('attempts of a failing model call are told, with the time of the next', async () => {
  place.vendor.setScript([{ status: 429, retryAfter: '2', errorMessage: 'slow down' }, { text: 'Here I am.' }]);
  const { code, stdout, stderr } = await cli('run', 'assistant', 'Try', ...VENDOR);
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'Here I am.\n' });
  expect(stderr).toMatch(/! model call: attempt 2, next in [\d.]+ m?s: Model\.RateLimited .*slow down/);
}, 60_000);

test('what a model writes cannot act on the terminal', async () => {
  place.vendor.setScript([{ text: 'A\u001b]0;owned\u0007B\u202eC\u009b2JD' }]);
  const { stdout } = await cli('run', 'assistant', 'Hello', '--id', 'hostile', ...VENDOR);
  expect(stdout).toBe('A\\x1b]0;owned\\x07B\\u202eC\\x9b2JD\n');
  const shown = await cli('runs', 'show', 'hostile', '--json');
  expect(shown.stdout).not.toMatch(/[\u0080-\u009f\u202e]/);
  expect(JSON.parse(shown.stdout).result.output).toContain('\u001b]0;owned');
});

test('each end has its exit code', async () => {
  place.vendor.setScript(() => SLOW);
  writeFileSync(path.join(place.folder, 'task.txt'), 'Wait');
  const budget = await cli('run', 'assistant', 'Hello', '--budget', '0.0000001', ...VENDOR);
  expect(budget).toMatchObject({ code: 4, stderr: expect.stringContaining('max-cost') });
  const unknown = await cli('run', 'nobody', 'Hello', '--json');
  expect(unknown).toMatchObject({ code: 2, stdout: '' });
  expect(JSON.parse(unknown.stderr.split('\n').at(-2) ?? '')).toMatchObject({
    error: { code: 'Agent.Unknown', hint: expect.stringContaining('assistant, editor, planner, reporter') },
  });
  place.vendor.setScript([{ status: 401 }]);
  expect(await cli('run', 'assistant', '--input-file', 'task.txt', ...VENDOR)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Model.Auth'),
  });
  expect((await cli('runs', 'show', 'nothing')).code).toBe(2);
}, 60_000);

test('doctor finds everything well, and shows no key', async () => {
  const { code, stdout } = await cli('doctor', '--json');
  const { healthy, checks } = JSON.parse(stdout);
  expect({ code, healthy }).toEqual({ code: 0, healthy: true });
  const found = Object.fromEntries(checks.map(({ name, status }: { name: string; status: string }) => [name, status]));
  expect(found).toMatchObject({
    node: 'ok',
    home: 'ok',
    server: 'ok',
    namespace: 'ok',
    attributes: 'ok',
    worker: 'ok',
    project: 'ok',
    'model keys': 'ok',
  });
  expect(stdout).not.toContain('canary');
});

test('a signal switches debug lines on; one id finds all lines of a run; no key is in them', async () => {
  dev.signal('SIGUSR2');
  await dev.shows(/debug lines are on/);
  await cli('run', 'assistant', 'What is 6*7?', '--id', 'logged', '--quiet');
  await dev.shows(/"correlationId":"logged".*"msg":"Workflow completed"/);
  dev.signal('SIGUSR2');
  await dev.shows(/debug lines are off/);
  const lines = dev.stderr.split('\n').filter((line) => line.startsWith('{'));
  const about = lines.map((line) => JSON.parse(line)).filter((record) => JSON.stringify(record).includes('"logged'));
  expect(about.length).toBeGreaterThan(4);
  for (const record of about)
    expect(record).toMatchObject({ correlationId: 'logged', workflowId: 'logged', runId: expect.any(String) });
  expect(about).toContainEqual(expect.objectContaining({ msg: 'model answered', agent: 'assistant', turn: 1 }));
  expect(dev.stderr).not.toContain('canary');
}, 60_000);

test('Ctrl-C stops worker and server in order', async () => {
  dev.signal('SIGINT');
  const { code, stderr } = await dev.ended;
  expect(code).toBe(0);
  expect(stderr).toMatch(/Stopping[\s\S]*Stopped/);
  expect(await cli('runs', 'list')).toMatchObject({ code: 7, stderr: expect.stringContaining('Server.Unreachable') });
}, 60_000);
