import { readFileSync } from 'node:fs';
import path from 'node:path';
import { useCliWithin } from './cli-within';

/** Commands inside this process: projects, settings, chats and control. */

const within = useCliWithin('cli-inside', { HOLDFAST_USER: 'ana' });
const { cli, saying, shows, write } = within;

test('a project is begun, added to and completed', async () => {
  expect((await cli('init')).code).toBe(0);
  expect(readFileSync(path.join(within.folder, 'holdfast.yaml'), 'utf8')).toContain('version: 1');
  expect((await cli('init')).code).toBe(2);
  expect((await cli('create', 'agent', 'writer')).code).toBe(0);
  expect((await cli('create', 'agent', 'Not Good')).code).toBe(2);
  write('sample.json', '{"order":"A-1","items":[{"sku":"x","count":2}]}');
  expect((await cli('create', 'tool', 'look-up', '--from-json', path.join(within.folder, 'sample.json'))).code).toBe(0);
  expect((await cli('agent', 'list')).stdout).toMatch(/assistant[\s\S]*writer/);
  expect((await cli('completion', 'bash')).stdout).toContain('complete');
  expect((await cli('completion', 'tcsh')).code).toBe(2);
  expect((await cli('__complete', '--', 'ru')).stdout).toMatch(/^run\b/m);
  expect((await cli('__complete', '--', '--project', within.folder, 'agent', 'show', 'w')).stdout).toContain('writer');
}, 60_000);

test('settings are shown, changed and checked', async () => {
  expect((await cli('config', 'show', '--origin')).stdout).toMatch(/default/);
  expect((await cli('config', 'list')).stdout).toContain('worker.taskQueue');
  expect((await cli('config', 'set', 'worker.taskQueue', 'own')).code).toBe(0);
  expect((await cli('config', 'get', 'worker.taskQueue')).stdout).toBe('own\n');
  expect((await cli('config', 'set', 'worker.taskQeue', 'own')).code).toBe(2);
  expect((await cli('config', 'get', 'worker.nothing')).code).not.toBe(0);
  expect((await cli('config', 'validate', '--json')).code).toBe(0);
  expect((await cli('config', 'migrate', '--dry-run')).code).toBe(0);
  expect((await cli('doctor')).stdout).toContain('holdfast.yaml');
  expect((await cli('config', 'set', 'worker.taskQueue', 'holdfast')).code).toBe(0);
}, 60_000);

test('a chat on a terminal and on a pipe, then control of it beside dev', async () => {
  saying(true, [
    [/Ctrl-D leaves/, '/help'],
    [/\/history \[N\]/, 'What is 2+3?'],
    [/2\+3 = 5/, '/status'],
    [/1 answered/, '/history 2'],
    [/agent: .*2\+3/, '/rename Sums'],
    [/agent: .*2\+3/, '/nonsense'],
    [/no command \/nonsense/, '/pause'],
    [/no command \/nonsense/, '/resume'],
    [/no command \/nonsense/, '/steer now'],
    [/Control\.Illegal/, '/quit'],
  ]);
  expect(await cli('chat', 'assistant', '--id', 'sums')).toMatchObject({
    code: expect.any(Number),
    stdout: expect.stringContaining('2+3 = 5'),
    stderr: expect.stringContaining('Come back'),
  });

  const dev = cli('dev');
  await shows(/Ready/);
  saying(false, [[/./, 'What is 3*4?']]);
  expect(await cli('chat', 'assistant', '--id', 'sums', '--json')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('3*4 = 12'),
  });
  expect((await cli('runs', 'pause', 'sums', '--reason', 'lunch')).stdout).toContain('pauses');
  expect((await cli('runs', 'show', 'sums')).stdout).toMatch(/Sums[\s\S]*ana pause “lunch”/);
  expect((await cli('runs', 'step', 'sums', '--call')).stdout).toContain('takes one call');
  expect(
    (await cli('runs', 'change', 'sums', '--turns', '9', '--break-before', 'files', '--break-before', '3')).code,
  ).toBe(0);
  expect((await cli('runs', 'change', 'sums', '--no-breaks')).code).toBe(0);
  expect((await cli('runs', 'change', 'sums')).code).toBe(2);
  expect((await cli('runs', 'resume', 'sums')).code).toBe(0);
  expect((await cli('runs', 'steer', 'sums', 'be brief')).code).toBe(2);
  const fork = await cli('runs', 'fork', 'sums', '--at', '1', '--input', 'What is 6*7?', '--id', 'branch');
  expect(fork.stdout).toContain('6*7 = 42');
  expect((await cli('__complete', '--', 'runs', 'show', 'br')).stdout).toContain('branch');
  expect((await cli('runs', 'stop', 'sums')).code).toBe(0);
  process.emit('SIGINT', 'SIGINT');
  expect(await dev).toMatchObject({ code: 0 });
}, 150_000);
