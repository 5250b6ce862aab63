import { checkRunId, planStart, requestDigest, startInput } from '../../../client/start-input';
import type { SessionOptions } from '../../../protocol/session';

const refused = (code: string, message: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(message), hint: expect.any(String) });

describe('what a run may be given', () => {
  test.each<[string, unknown]>([
    ['text', 'go'],
    ['a value', { a: [1, null] }],
    ['a list of parts', [{ type: 'text', text: 'go' }]],
    ['zero', 0],
    ['false', false],
  ])('%s', (_what, input) => {
    expect(startInput('writer', { input })).toEqual({ agent: 'writer', input });
  });

  test('a limit given leaves all others to the agent: no default replaces them', () => {
    expect(startInput('writer', { input: 'go', limits: { costUsd: 1 } }).limits).toEqual({ costUsd: 1 });
    expect(startInput('writer', { input: 'go', limits: {} }).limits).toEqual({});
  });

  test('lengths of time become milliseconds, mounts are read-only unless told', () => {
    const options: SessionOptions = { input: 'go', limits: { deadline: '1m' }, mounts: [{ name: 'd', path: '/d' }] };
    expect(startInput('writer', options)).toMatchObject({
      limits: { deadline: 60_000 },
      mounts: [{ name: 'd', path: '/d', access: 'read' }],
    });
  });
});

describe('what it may not', () => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  test.each<[string, unknown, string, string]>([
    ['nothing', undefined, 'Input.Invalid', 'empty'],
    ['null', null, 'Input.Invalid', 'empty'],
    ['empty text', '', 'Input.Invalid', 'empty'],
    ['blank text, which vendors refuse', ' \n\t', 'Input.Invalid', 'empty'],
    ['a function', () => 1, 'Input.Invalid', 'it is a function'],
    ['a symbol', Symbol('x'), 'Input.Invalid', 'it is a symbol'],
    ['a bigint', { n: 1n }, 'Input.Invalid', 'no JSON form'],
    ['a cycle', cyclic, 'Input.Invalid', 'no JSON form'],
    ['text of 1.5 MB', 'x'.repeat(1_500_001), 'Input.TooLarge', '1500000 is the most'],
    ['text that is larger as JSON', '"'.repeat(800_000), 'Input.TooLarge', 'bytes'],
    ['text that is larger in UTF-8', '漢'.repeat(600_000), 'Input.TooLarge', 'bytes'],
  ])('%s', (_what, input, code, message) => {
    expect(() => startInput('writer', { input })).toThrow(refused(code, message));
  });

  test.each<[object, string]>([
    [{ limits: { turns: 0 } }, 'limits.turns'],
    [{ limits: { costUsd: -1 } }, 'limits.costUsd'],
    [{ limits: { surprise: 1 } }, 'limits'],
    [{ parameters: { temperature: 9 } }, 'parameters.temperature'],
    [{ mounts: [{ name: 'a/b', path: '/' }] }, 'mounts.0.name'],
    [{ mounts: [{ name: '..', path: '/' }] }, 'mounts.0.name'],
    [{ tenant: 'x'.repeat(201) }, 'tenant'],
    [{ carried: {} }, '(options)'],
    [{ agent: 'other' }, '(options)'],
    [{ parent: 'somebody' }, '(options)'],
  ])('%j', (options, where) => {
    expect(() => startInput('writer', { input: 'go', ...options })).toThrow(refused('Input.Invalid', where));
  });

  test.each(['', 'Writer', 'my agent', '-x', '1x', 'x'.repeat(64), '../x', 'a"b', 'ä'])(
    'the agent name %j',
    (agent) => {
      expect(() => startInput(agent, { input: 'go' })).toThrow(refused('Input.Invalid', 'agent'));
    },
  );
});

describe('run ids', () => {
  test.each(['a', 'q3-report', '2024.01.01', 'a_b:c@d+e=f~g', 'x'.repeat(200)])('%j is one', (id) => {
    expect(checkRunId(id)).toBe(id);
  });

  test.each(['', '-a', '.a', 'a/b', 'a b', 'a\nb', 'a"b', "a'b", 'a\\b', 'a%b', 'ä', 'x'.repeat(201), '\u0000'])(
    '%j is none',
    (id) => {
      expect(() => checkRunId(id)).toThrow(refused('Input.Invalid', 'run id'));
    },
  );
});

describe('the digest of a request', () => {
  const digest = (options: SessionOptions) => requestDigest(startInput('writer', options));

  test('is the same for the same request, however it is written', () => {
    expect(digest({ input: { a: 1, b: 2 }, tenant: 't' })).toBe(digest({ tenant: 't', input: { b: 2, a: 1 } }));
  });

  test.each<[string, SessionOptions]>([
    ['input', { input: 'stop' }],
    ['model', { input: 'go', model: 'p/m' }],
    ['limits', { input: 'go', limits: { turns: 1 } }],
  ])('is another with another %s', (_what, options) => {
    expect(digest(options)).not.toBe(digest({ input: 'go' }));
  });

  test('is the same whoever makes it', () => {
    expect(digest({ input: 'go', requester: 'ana' })).toBe(digest({ input: 'go', requester: 'bo' }));
  });

  test('tells dates apart: they are text in JSON', () => {
    expect(digest({ input: { at: new Date(1) } })).not.toBe(digest({ input: { at: new Date(2) } }));
  });
});

test.each([
  ['one agent for all', { agent: 'clerk', nodes: [{ id: 'a' }, { id: 'b', agent: 'clerk' }] }, 'clerk'],
  ['two agents', { agent: 'clerk', nodes: [{ id: 'a' }, { id: 'b', agent: 'other' }] }, undefined],
  ['an agent to be chosen', { agent: 'clerk', nodes: [{ id: 'a' }, { id: 'b', needs: ['x'] }] }, undefined],
  ['no plan yet', undefined, undefined],
])('a plan with %s is found by it, for its plain calls are runs of their own to nobody', (_what, plan, agent) => {
  const { typedSearchAttributes } = planStart('p', 'q', { plan, goal: 'g' });
  expect(typedSearchAttributes.find(({ key }) => key.name === 'HoldfastAgent')?.value).toBe(agent);
});
