import type { Ended } from './cli-harness';
import { useCliWithin } from './cli-within';

/** Chats inside this process, with a vendor of our own for what must be slow, refused or in a shape. */

const within = useCliWithin('cli-chat-within', { HOLDFAST_USER: 'ana' });
const { cli, saying, write } = within;
const NEVER = { latencyMs: 120_000, text: 'never' };

beforeAll(() => {
  write('agents/helper.yaml', 'instructions: Help.\nmodel: openai/gpt-5-mini\ntools: [calculator]\n');
  write(
    'agents/shaped.yaml',
    'instructions: Add.\nmodel: openai/gpt-5-mini\noutput: { type: object, required: [sum], properties: { sum: { type: number } } }\n',
  );
});

const asked = (count: number) => () => within.vendor.count() === count;

test('commands while the agent works, an interruption by command and by Ctrl-C, and the end', async () => {
  within.vendor.setScript([
    { toolCalls: [{ id: 'a', name: 'calculator', arguments: { expression: '2+3' } }] },
    { text: 'It is 5.' },
    NEVER,
    NEVER,
  ]);
  saying(true, [
    [/Ctrl-D leaves/, ''],
    [/Ctrl-D leaves/, '/status'],
    [/helper .* no answer yet|Run\.Unknown/, 'What is 2+3?'],
    [/It is 5\./, '/history'],
    [/1 you: What is 2\+3\?[\s\S]*agent: → calculator[\s\S]*3 calculator: [\s\S]*4 agent: It is 5\./, 'Think.'],
    [asked(3), '/nonsense'],
    [/there is no command \/nonsense/, '/interrupt'],
    [/\(interrupted: by ana\)/, 'Think again.'],
    [asked(4), () => process.emit('SIGINT', 'SIGINT')],
    [/\(interrupted: by ana\)[\s\S]*\(interrupted: by ana\)/, '/budget nothing'],
    [/limits\.costUsd/, '/budget 5'],
    [/limits\.costUsd/, '/model nonsense'],
    [/write provider\/model/, '/model openai/gpt-5'],
    [/write provider\/model/, '/rename Sums'],
    [/write provider\/model/, '/close'],
  ]);
  const { code, stderr, stdout } = await cli('chat', 'helper', '--id', 'sums');
  expect({ code, answered: stdout.includes('It is 5.') }).toEqual({ code: 0, answered: true });
  expect(stderr).toMatch(/✓ calculator expression=2\+3/);

  saying(false, [[/./, 'One more?']]);
  expect(await cli('chat', 'helper', '--id', 'sums')).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/Chat\.Closed|Run\.Ended/),
  });
}, 120_000);

describe('beside dev', () => {
  let dev: Promise<Ended>;

  beforeAll(async () => {
    dev = cli('dev', '--grace', '1s');
    await within.shows(/Ready/);
  }, 90_000);

  afterAll(async () => {
    process.emit('SIGINT', 'SIGINT');
    await dev;
  }, 60_000);

  test('an answer in a shape is JSON, laid out for a person and not for a program', async () => {
    within.vendor.setScript(() => ({ text: '{"sum":5}' }));
    saying(false, [[/chat shape/, 'Add 2 and 3.']]);
    expect(await cli('chat', 'shaped', '--id', 'shape', '--title', 'Sums', '--budget', '9')).toMatchObject({
      code: 0,
      stdout: '{\n  "sum": 5\n}\n',
    });
    saying(false, [[/1 messages answered/, 'Add 2 and 3.']]);
    const { stdout } = await cli('chat', 'shaped', '--id', 'shape', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ exchange: 2, output: { sum: 5 }, stopReason: 'completed' });
  }, 120_000);

  test('on a pipe the first message that fails is the last, and the exit code tells', async () => {
    within.vendor.setScript(() => ({ status: 401 }));
    saying(false, [
      [/chat refused/, 'Hello?'],
      [/Model\.Auth/, 'Are you there?'],
    ]);
    const refused = await cli('chat', 'helper', '--id', 'refused');
    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('Model.Auth') });
    expect(refused.stderr).toContain('Come back');
    const asking = within.vendor.count();

    within.vendor.setScript(() => ({ text: 'Here.' }));
    saying(false, [[/chat refused · 1 messages answered/, 'And now?']]);
    expect(await cli('chat', 'helper', '--id', 'refused', '--model', 'openai/gpt-5')).toMatchObject({
      code: 0,
      stdout: 'Here.\n',
    });
    expect(within.vendor.count()).toBe(asking + 1);
  }, 120_000);

  test('an answer that a limit ends says which', async () => {
    within.vendor.setScript(() => ({ text: 'Too dear.' }));
    saying(false, [[/chat poor/, 'Hello?']]);
    const poor = await cli('chat', 'helper', '--id', 'poor', '--budget', '0.0000001');
    expect(poor.stdout).toMatch(/^\(max-cost: .*\)\n$/);
  }, 60_000);

  test('an agent there is none of is refused with those there are', async () => {
    saying(false, [[/chat nobody-/, 'Hello?']]);
    const { code, stdout, stderr } = await cli('chat', 'nobody');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/Agent\.Unknown[\s\S]*helper, shaped/);
  }, 60_000);
});
