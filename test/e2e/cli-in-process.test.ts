import path from 'node:path';
import { main } from '../../apps/cli/program';
import { useCliWithin } from './cli-within';

/** The same commands inside this process: for the paths that need no terminal. */

const within = useCliWithin('cli-in-process');
const { cli, shows, write, written } = within;

test('without a server: usage, agents, doctor', async () => {
  expect((await cli('rnu')).code).toBe(2);
  expect((await cli('runs', 'list', '--json')).code).toBe(7);
  expect(await cli('agent', 'list')).toMatchObject({ code: 0, stdout: expect.stringContaining('reporter') });
  expect(await cli('agent', 'show', 'reporter', '--json')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('"effect": "idempotent"'),
  });
  expect((await cli('agent', 'validate')).code).toBe(0);
  expect((await cli('worker')).code).toBe(2);
  expect(await cli('doctor')).toMatchObject({ code: 0, stdout: expect.stringMatching(/warn {2}server/) });
  expect((await cli('--version')).code).toBe(0);
}, 60_000);

test('a run carried on here, from --detach to its end', async () => {
  expect(await cli('run', 'assistant', 'What is 3*4?', '--id', 'a', '--detach')).toMatchObject({
    code: 0,
    stdout: 'a\n',
    stderr: expect.stringContaining('nothing runs that could carry it on'),
  });
  const ended = await cli('run', 'assistant', 'What is 3*4?', '--id', 'a');
  expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining('3*4 = 12') });
  expect(ended.stderr).toMatch(/dev.*keeps Temporal/);
}, 90_000);

test('start does the main job', async () => {
  write('docs/a.md', '# A\n');
  const { code, stderr } = await cli('start', '--verbose');
  expect({ code, wrote: /wrote .*report\.md/.test(stderr) }).toEqual({ code: 0, wrote: true });
}, 90_000);

describe('beside dev', () => {
  let dev: Promise<number>;

  beforeAll(async () => {
    dev = main(['node', 'holdfast', 'dev', '--project', within.folder, '--grace', '1s']);
    await shows(/Ready\. Ctrl-C stops\./);
    expect(written.stdout).toMatch(/temporal {2}127\.0\.0\.1:\d+[\s\S]*agents {4}assistant, editor, reporter/);
  }, 90_000);

  test('run, list, show, watch, stop', async () => {
    const out = path.join(within.folder, 'answer.txt');
    expect(
      (await cli('run', 'assistant', 'What is 7*8?', '--id', 'b', '--out', out, '--json', '--follow')).stdout,
    ).toContain('run-ended');
    expect((await cli('runs', 'list')).stdout).toMatch(/b +assistant +completed/);
    expect((await cli('runs', 'show', 'b')).stdout).toContain('7*8 = 56');
    expect(await cli('runs', 'watch', 'b', '--all')).toMatchObject({ code: 0, stdout: expect.stringContaining('56') });
    expect((await cli('runs', 'stop', 'b')).stdout).toContain('over already');
    expect((await cli('runs', 'show', 'none')).code).toBe(2);
    expect((await cli('run', 'assistant', 'x', '--out', path.join(within.folder, 'no', 'such'))).code).toBe(2);
    expect((await cli('doctor')).stdout).toMatch(/ok {4}worker/);
    const other = await cli('doctor', '--namespace', 'none');
    expect(other).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/fail {2}namespace[\s\S]*namespace create.*none/),
    });
  }, 60_000);

  test('a run that fails is told as a line, too', async () => {
    const { code, stdout } = await cli('run', 'nobody', 'x', '--json', '--follow');
    expect(code).toBe(2);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .at(-1),
    ).toMatchObject({ type: 'run-failed', error: { code: 'Agent.Unknown' } });
  });

  test('a slow one is shown, and stopped', async () => {
    within.vendor.setScript(() => ({ latencyMs: 60_000, text: 'late' }));
    await cli('run', 'assistant', 'Wait', '--id', 'c', '--model', 'openai/gpt-5-mini', '--detach');
    const watching = cli('runs', 'watch', 'c');
    await shows(/assistant · .*first call/);
    const shown = await cli('runs', 'show', 'c');
    expect(shown.stdout).toMatch(/c · running[\s\S]*does {5}model/);
    await cli('runs', 'stop', 'c', '--reason', 'enough');
    expect((await watching).code).toBe(5);
    expect((await cli('runs', 'show', 'c')).stdout).toMatch(/c · stopped[\s\S]*ended .*enough/);
  }, 60_000);

  test('Ctrl-C leaves a run alone, and stops dev', async () => {
    await cli('run', 'assistant', 'Wait', '--id', 'd', '--model', 'openai/gpt-5-mini', '--detach');
    const watching = cli('runs', 'watch', 'd');
    await shows(/assistant · .*first call/);
    process.emit('SIGINT', 'SIGINT');
    expect((await watching).code).toBe(130);
    expect(await dev).toBe(0);
    expect(written.stderr).toContain('not cancelled');
  }, 60_000);
});
