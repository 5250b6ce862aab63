import fc from 'fast-check';
import { defineAgent } from '../../../protocol/define-agent';
import { durationSchema } from '../../../protocol/duration';
import { docsPathOf, HoldfastError } from '../../../protocol/failures';
import { canonicalJson } from '../../../protocol/json';
import type { ToolCallPart } from '../../../protocol/messages';
import { rootIdOf, toolActivityType } from '../../../protocol/names';
import { addUsage, NO_USAGE } from '../../../protocol/usage';
import { stopBeforeTools, stopBeforeTurn } from '../../../workflows/gates';
import { countRepeats } from '../../../workflows/loop-breaker';
import { parallel } from '../../../workflows/parallel';
import { resolvedAgent } from '../../fixtures/agents';
import { drive } from '../../fixtures/drive';
import { call } from '../../fixtures/messages';

describe('canonical JSON', () => {
  test.each([
    [{ b: 1, a: { d: 2, c: 3 } }, '{"a":{"c":3,"d":2},"b":1}'],
    [[3, undefined, { z: undefined, y: 1 }], '[3,null,{"y":1}]'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [{ at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    [{ f: () => 1, n: Number.NaN }, '{"n":null}'],
    [undefined, 'null'],
    ['é"', '"é\\""'],
  ])('of %p is %s', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  test('is equal exactly where the values are equal as JSON', () => {
    const shuffled = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffled);
      if (value === null || typeof value !== 'object') return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, item]) => [key, shuffled(item)]),
      );
    };
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('a duration', () => {
  test.each([
    ['30s', 30_000],
    ['10 minutes', 600_000],
    ['2 days', 172_800_000],
    ['250', 250],
    [1_500, 1_500],
    [0.2, 1],
  ])('%p is %d ms', (text, ms) => {
    expect(durationSchema.parse(text)).toBe(ms);
  });

  test.each([
    '',
    ' ',
    'soon',
    '-3s',
    '0',
    0,
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '1000000 years',
    'x'.repeat(500),
    null,
    {},
  ])('%p is refused', (value) => {
    expect(durationSchema.safeParse(value).success).toBe(false);
  });

  test('a refusal shows what was given and what to write', () => {
    expect(durationSchema.safeParse('soon').error?.issues[0]?.message).toBe(
      'not a positive duration: "soon"; write e.g. "30s" or "2 days"',
    );
  });
});

describe('gates', () => {
  const { limits } = resolvedAgent({ limits: { turns: 5, toolCalls: 4, tokens: 100, costUsd: 1, deadline: 1_000 } });
  const progressed = async (changes: object) => ({
    ...(await drive({ answers: ['.'] })).session.progress,
    turns: 0,
    usage: NO_USAGE,
    costUsd: 0,
    startedAt: 0,
    ...changes,
  });

  test.each([
    ['nothing is used up', {}, 0, undefined],
    ['one turn is left', { turns: 4 }, 0, undefined],
    ['no turn is left', { turns: 5 }, 0, 'max-turns'],
    ['tokens are left', { usage: { ...NO_USAGE, inputTokens: 60, outputTokens: 39 } }, 0, undefined],
    [
      'input and output use up the tokens',
      { usage: { ...NO_USAGE, inputTokens: 60, outputTokens: 40 } },
      0,
      'max-tokens',
    ],
    ['the money is spent', { costUsd: 1 }, 0, 'max-cost'],
    ['a millisecond is left', {}, 999, undefined],
    ['the time is over', {}, 1_000, 'deadline'],
    ['several limits are reached: the deadline is named', { turns: 5, costUsd: 9 }, 1_000, 'deadline'],
  ])('before a turn, %s', async (_when, changes, now, reason) => {
    expect(stopBeforeTurn(await progressed(changes), limits, now)?.reason).toBe(reason);
  });

  test.each([
    ['as many calls as are left', { toolCalls: 2 }, 2, undefined],
    ['one call too many', { toolCalls: 2 }, 3, 'max-tool-calls'],
    ['the call repeated as often as allowed', { repeats: { key: 'k', count: 5 } }, 1, undefined],
    ['the call repeated once more', { repeats: { key: 'k', count: 6 } }, 1, 'repeated-call'],
  ])('before tools, %s', async (_when, changes, calls, reason) => {
    expect(stopBeforeTools(await progressed({ toolCalls: 0, ...changes }), limits, calls)?.reason).toBe(reason);
  });
});

describe('the loop breaker', () => {
  const repeatsOf = (...replies: ToolCallPart[][]): number =>
    replies.reduce((repeats, calls) => countRepeats(repeats, calls), { key: '', count: 0 }).count;
  const artifact = (id: string): ToolCallPart => ({
    type: 'tool-call',
    id: 'a',
    name: 't',
    artifact: { id, bytes: 1, mediaType: 'x' },
  });

  test.each([
    ['the same call under other ids', [[call('1', 't', { a: 1 })], [call('2', 't', { a: 1 })]], 2],
    ['the same arguments in another order', [[call('1', 't', { a: 1, b: 2 })], [call('2', 't', { b: 2, a: 1 })]], 2],
    ['no arguments, twice', [[call('1', 't', undefined)], [call('2', 't', undefined)]], 2],
    ['other arguments', [[call('1', 't', { a: 1 })], [call('2', 't', { a: 2 })]], 1],
    ['another tool', [[call('1', 't')], [call('2', 'u')]], 1],
    ['one call more', [[call('1', 't')], [call('2', 't'), call('3', 't')]], 1],
    ['something else in between', [[call('1', 't')], [call('2', 'u')], [call('3', 't')]], 1],
    ['the same arguments in the store', [[artifact('x')], [artifact('x')]], 2],
    ['other arguments in the store', [[artifact('x')], [artifact('y')]], 1],
  ])('%s', (_what, replies, count) => {
    expect(repeatsOf(...replies)).toBe(count);
  });

  test('carries a short key, however large the arguments', () => {
    expect(countRepeats({ key: '', count: 0 }, [call('1', 't', 'x'.repeat(1e6))]).key.length).toBeLessThan(20);
  });
});

describe('parallel', () => {
  test('gives results in order, at most `limit` at a time', async () => {
    let running = 0;
    let most = 0;
    const step = (value: number) => async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5 - value));
      running--;
      return value;
    };
    expect(await parallel([1, 2, 3, 4].map(step), { limit: 2 })).toEqual([1, 2, 3, 4]);
    expect(most).toBe(2);
  });

  test('no steps give no results', async () => {
    expect(await parallel([])).toEqual([]);
  });

  test('the first failure is the failure', async () => {
    const steps = [async () => 1, () => Promise.reject(new Error('second')), async () => 3];
    await expect(parallel(steps)).rejects.toThrow('second');
  });

  test.each([0, -1, Number.NaN])('a limit of %d is refused: it would run nothing and say nothing', async (limit) => {
    await expect(parallel([async () => 1], { limit })).rejects.toMatchObject({ type: 'Input.Invalid' });
  });
});

describe('an agent in TypeScript', () => {
  test('is given back as written', () => {
    const definition = { name: 'writer', instructions: 'Write.' };
    expect(defineAgent(definition)).toBe(definition);
  });

  test.each([
    [{ name: 'Writer', instructions: 'x' }, 'agent "Writer": name: lower-case letters'],
    [{ name: 'writer', instructions: '' }, 'instructions: '],
    [{ name: 'writer', instructions: 'x', limits: { turns: 0 } }, 'limits.turns: '],
    [{ name: 'writer', instructions: 'x', limits: { deadline: '' } }, 'limits.deadline: not a positive duration: ""'],
    [{ name: 'writer', instructions: 'x', tols: [] }, '(root): Unrecognized key'],
  ])('%j is refused with the field: %s', (definition, message) => {
    expect(() => defineAgent(definition)).toThrow(
      expect.objectContaining({ code: 'Agent.Invalid', message: expect.stringContaining(message) }),
    );
  });
});

describe('names and codes', () => {
  test.each([
    ['run', 'run'],
    ['run/child-1/grandchild', 'run'],
    ['', ''],
  ])('the root of %j is %j', (id, root) => expect(rootIdOf(id)).toBe(root));

  test('a tool’s activity carries its name', () => expect(toolActivityType('files_read')).toBe('tool.files_read'));

  test('every code has a page', () => expect(docsPathOf('Limit.Cost')).toBe('docs/errors/Limit.Cost.md'));

  test('an error of ours keeps cause, hint and details', () => {
    const cause = new Error('c');
    const error = new HoldfastError('Input.Invalid', 'm', { cause, hint: 'h', details: { a: 1 } });
    expect(error).toMatchObject({ name: 'HoldfastError', code: 'Input.Invalid', hint: 'h', details: { a: 1 }, cause });
    expect(HoldfastError.is(error)).toBe(true);
    expect(HoldfastError.is({ name: 'HoldfastError', code: 'Input.Invalid' })).toBe(false);
    expect(HoldfastError.is(Object.assign(new Error('x'), { name: 'HoldfastError', code: 'No.Such' }))).toBe(false);
  });

  test('usage adds up field by field', () => {
    const one = { inputTokens: 1, cachedInputTokens: 2, cacheWriteTokens: 3, outputTokens: 4, reasoningTokens: 5 };
    expect(addUsage(addUsage(NO_USAGE, one), one)).toEqual({
      inputTokens: 2,
      cachedInputTokens: 4,
      cacheWriteTokens: 6,
      outputTokens: 8,
      reasoningTokens: 10,
    });
  });
});
