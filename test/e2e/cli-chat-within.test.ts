import { useCliWithin } from './cli-within';

/** Chats inside this process, with a vendor of our own for what must be slow, refused or in a shape. */

const within = useCliWithin('cli-chat-within', { HOLDFAST_USER: 'ana' });
const { cli, saying, write } = within;
const NEVER = { latencyMs: 120_000, text: 'never' };

beforeAll(() => {
  write('agents/helper.yaml', 'instructions: Help.\nmodel: openai/gpt-5-mini\ntools: [calculator]\n');
  write('agents/styled.yaml', 'instructions: "Be {{tone}}."\nmodel: openai/gpt-5-mini\n');
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
  within.dev();

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

  test('variables: before the first message and after it, by flag and by command; two chats compared', async () => {
    const heard: unknown[] = [];
    within.vendor.setScript(({ system, messages }) => {
      heard.push([system, messages.at(-1)?.text]);
      return { text: `answer ${heard.length}` };
    });
    saying(true, [
      [/Ctrl-D leaves/, '/vars'],
      [/tone {2}plain/, '/set who Ana Bo'],
      [/tone {2}plain/, '/set tone kind'],
      [/tone {2}plain/, 'Greet {{who}}'],
      [/answer 1/, '/unset who'],
      [/answer 1/, '/set no-name x'],
      [/is no name/, '/set empty'],
      [/needs a name and a value/, '/vars'],
      [/tone {2}kind/, 'Greet {{who}}'],
      [/answer 2/, '/quit'],
    ]);
    expect(await cli('chat', 'styled', '--id', 'style', '--var', 'tone=plain')).toMatchObject({ code: 0 });
    saying(false, [[/chat style · 2 messages/, 'Bye']]);
    expect(await cli('chat', 'styled', '--id', 'style', '--var', 'tone=brief')).toMatchObject({ code: 0 });
    expect(await cli('runs', 'change', 'style', '--set', 'a=b', '--unset', 'tone')).toMatchObject({ code: 0 });
    expect(heard).toEqual([
      ['Be kind.', 'Greet Ana Bo'],
      ['Be kind.', 'Greet {{who}}'],
      ['Be brief.', 'Bye'],
    ]);
    expect((await cli('runs', 'show', 'style')).stdout).toMatch(/variables +a=b\n/);
    const run = await cli(
      'run',
      'styled',
      'Greet {{who}}',
      '--id',
      'style-run',
      '--var',
      'who=Bo',
      '--var',
      'tone=short',
    );
    expect(run).toMatchObject({ code: 0, stdout: 'answer 4\n' });
    expect(heard.at(-1)).toEqual(['Be short.', 'Greet Bo']);
    expect(await cli('run', 'styled', 'x', '--var', '=x')).toMatchObject({ code: 2 });

    const compared = await cli('runs', 'compare', 'style', 'style-run', '--json');
    expect(JSON.parse(compared.stdout)).toMatchObject({
      runs: [
        { id: 'style', turns: 3 },
        { id: 'style-run', turns: 1, stopReason: 'completed' },
      ],
      common: 0,
      different: { position: 0, messages: [{ text: 'Greet Ana Bo' }, { text: 'Greet Bo' }] },
    });
    expect((await cli('runs', 'compare', 'style', 'style-run')).stdout).toMatch(/≠ {2}turns +3 +1\n/);
    expect(await cli('runs', 'compare', 'style', 'nowhere')).toMatchObject({
      stderr: expect.stringContaining('Run.Unknown'),
    });
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
    expect(stderr).toMatch(/Agent\.Unknown[\s\S]*helper, planner, shaped, styled/);
  }, 60_000);
});
