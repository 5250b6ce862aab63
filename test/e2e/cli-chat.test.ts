import type { Ended } from './cli-harness';
import { useCliPlace } from './cli-place';

const place = useCliPlace('cli-chat', { HOLDFAST_MODEL: 'simulated/rules', HOLDFAST_USER: 'ana' });

const ended = (args: string[], input = ''): Promise<Ended> => place.startWith({ input }, ...args).ended;

test('every line is a message, every answer a line of output, and the chat is there the next time', async () => {
  const first = await ended(['chat', 'assistant', '--id', 'sums'], 'What is 2+3?\nWhat is 3*4?\n');
  expect(first).toMatchObject({ code: 0 });
  expect(first.stdout.trim().split('\n')).toEqual([
    expect.stringContaining('2+3 = 5'),
    expect.stringContaining('3*4 = 12'),
  ]);
  expect(first.stderr).toMatch(/Come back: .*chat assistant --id sums/);

  const second = await ended(['chat', 'assistant', '--id', 'sums', '--json'], 'What is 5*5?\n');
  expect(second.stderr).toContain('2 messages answered so far');
  expect(JSON.parse(second.stdout)).toMatchObject({
    type: 'reply',
    chat: 'sums',
    exchange: 3,
    stopReason: 'completed',
    output: expect.stringContaining('5*5 = 25'),
  });
}, 120_000);

test('a run is paused, steered, stepped, changed, forked and stopped from another terminal', async () => {
  const dev = place.start('dev');
  await dev.shows(/Ready/);
  const json = async (...args: string[]) => JSON.parse((await ended([...args, '--json'])).stdout);
  const refused = async (...args: string[]) => JSON.parse((await ended([...args, '--json'])).stderr).error.code;

  await ended(['chat', 'assistant', '--id', 'held'], 'What is 1+1?\n');
  expect(await json('runs', 'pause', 'held', '--reason', 'lunch')).toEqual({ id: 'held', action: 'pause' });
  expect(await refused('runs', 'pause', 'held')).toBe('Control.Illegal');
  expect(await refused('runs', 'steer', 'held', 'be brief')).toBe('Control.Illegal');
  expect(await json('runs', 'change', 'held', '--turns', '9', '--priority', '1')).toMatchObject({
    change: { limits: { turns: 9 }, priority: 1 },
  });
  const { state } = await json('runs', 'show', 'held');
  expect(state).toMatchObject({ pause: { by: 'ana', reason: 'lunch' }, limits: { turns: 9 }, priority: 1 });
  expect(await json('runs', 'resume', 'held')).toMatchObject({ action: 'resume' });
  expect(await refused('runs', 'step', 'held')).toBe('Control.Illegal');

  const fork = await json('runs', 'fork', 'held', '--at', '1', '--input', 'What is 6*7?', '--id', 'branch');
  expect(fork).toMatchObject({ id: 'branch', stopReason: 'completed', output: expect.stringContaining('6*7 = 42') });
  expect(await refused('runs', 'fork', 'held', '--at', '999')).toBe('Input.Invalid');

  expect(await json('runs', 'stop', 'held', '--reason', 'done')).toMatchObject({ asked: true });
  const watched = await ended(['runs', 'watch', 'held']);
  expect(watched).toMatchObject({ code: 5, stderr: expect.stringContaining('by ana: done') });
  expect(await refused('runs', 'resume', 'held')).toBe('Run.Ended');
  expect((await ended(['runs', 'change', 'held'])).code).toBe(2);
  dev.signal('SIGINT');
  expect((await dev.ended).code).toBe(0);
}, 180_000);
