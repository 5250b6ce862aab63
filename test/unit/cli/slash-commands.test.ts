import { type ChatPlace, slashCommand } from '../../../apps/cli/chat/slash-commands';
import { HoldfastError } from '../../../protocol/failures';
import { NO_USAGE } from '../../../protocol/usage';
import { assistant, call, result, user } from '../../fixtures/messages';

/** What a line that begins with a slash does in a chat, and what it tells. */

function placeOf(chat: Record<string, unknown> = {}) {
  const told: string[] = [];
  const done: unknown[] = [];
  const note =
    (name: string) =>
    async (...given: unknown[]) =>
      void done.push([name, ...given]);
  let variables: Record<string, string> = {};
  const place = {
    context: { out: { say: (text = '') => told.push(text) } },
    chat: {
      ...Object.fromEntries(
        ['steer', 'interrupt', 'pause', 'resume', 'change', 'rename', 'close'].map((name) => [name, note(name)]),
      ),
      ...chat,
    },
    lines: { close: () => done.push(['left']) },
    get variables() {
      return variables;
    },
    beginWith(given: Record<string, string>) {
      variables = given;
    },
  } as unknown as ChatPlace;
  return { place, told, done, say: (line: string) => slashCommand(place, line) };
}

const state = {
  agent: 'helper',
  model: null,
  status: 'idle',
  length: 4,
  turns: 1,
  toolCalls: 1,
  usage: NO_USAGE,
  costUsd: 0,
  costIncomplete: false,
  simulated: false,
};
const unknown = async () => {
  throw new HoldfastError('Run.Unknown', 'no such run');
};

test.each<[string, unknown[]]>([
  ['/steer mind the gap', [['steer', 'mind the gap']]],
  ['/interrupt', [['interrupt']]],
  ['/pause', [['pause']]],
  ['/resume', [['resume']]],
  ['/model openai/gpt-5 ', [['change', { model: 'openai/gpt-5' }]]],
  ['/budget 5', [['change', { limits: { costUsd: 5 } }]]],
  ['/rename Sums', [['rename', 'Sums']]],
  ['/set tone very dry', [['change', { variables: { tone: 'very dry' } }]]],
  ['/unset tone', [['change', { variables: { tone: null } }]]],
  ['/close', [['close'], ['left']]],
  ['/quit', [['left']]],
])('%s', async (line, expected) => {
  const { done, say } = placeOf();
  await say(line);
  expect(done).toEqual(expected);
});

test.each<[string, string]>([
  ['/nonsense', 'there is no command /nonsense'],
  ['/', 'there is no command /'],
  ['/set tone', '/set needs a name and a value'],
  ['/unset', '/unset needs a name'],
])('%s is refused', async (line, message) => {
  await expect(placeOf().say(line)).rejects.toMatchObject({ code: 'Input.Invalid', message });
});

test('/help lists what there is', async () => {
  const { told, say } = placeOf();
  await say('/help');
  expect(told[0]).toMatch(/\/steer TEXT +tell the agent something/);
});

test('/status: a chat before its first answer, and one with a title that waits', async () => {
  const first = placeOf({ state: async () => state });
  await first.say('/status');
  expect(first.told[0]).toBe('  helper · no answer yet · idle');
  expect(first.told[1]).toMatch(/0 answered, 0 waiting · /);
  const later = placeOf({
    state: async () => ({ ...state, model: 'm/x', chat: { title: 'Sums\u001b', finished: 2, queued: 1 } }),
  });
  await later.say('/status');
  expect(later.told[0]).toBe('  Sums\\x1b · helper · m/x · idle');
  expect(later.told[1]).toMatch(/2 answered, 1 waiting/);
});

test('/history tells the last messages, as many as were asked for', async () => {
  const messages = [user('sum'), assistant('I look.', call('c', 'look')), result('c', 'found', 'look'), assistant('5')];
  const { told, say } = placeOf({ state: async () => state, messages: async (from: number) => messages.slice(from) });
  await say('/history');
  expect(told).toEqual(['  1 you: sum', '  2 agent: I look.→ look ', '  3 look: found', '  4 agent: 5']);
  await say('/history 1');
  expect(told.at(-1)).toBe('  4 agent: 5');
  expect(told).toHaveLength(5);
});

test('variables of a chat that has not begun are those it begins with', async () => {
  const { place, told, say } = placeOf({ change: unknown, state: unknown });
  await say('/vars');
  expect(told).toEqual(['  none; /set NAME VALUE sets one']);
  await say('/set tone dry');
  await say('/set x y');
  await say('/unset x');
  expect(place.variables).toEqual({ tone: 'dry' });
  await say('/vars');
  expect(told.at(-1)).toBe('  tone  dry');
  const refused = placeOf({ change: async () => Promise.reject(new HoldfastError('Chat.Closed', 'closed')) });
  await expect(refused.say('/set a b')).rejects.toMatchObject({ code: 'Chat.Closed' });
});
