import fc from 'fast-check';
import type { Policy } from '../../../protocol/permissions/policy';
import { policyProblems } from '../../../protocol/permissions/policy-problems';
import {
  type AskedCall,
  type Grant,
  type Layer,
  mayUseModel,
  ruleOn,
  type Verdict,
} from '../../../protocol/permissions/verdict';
import { toolSpec } from '../../fixtures/agents';

const STRICTNESS: Record<Verdict, number> = { allow: 0, ask: 1, deny: 2 };
const RULES = [
  '*',
  'pay',
  'pay(amount<=100)',
  'pay(to=bob)',
  'files_*',
  'files_write(reports/**)',
  'files_write(a*)',
  'fetch',
  'fetch(https://acme.com/**)',
];
const rules = fc.option(fc.array(fc.constantFrom(...RULES), { maxLength: 3 }), { nil: undefined });
const policy: fc.Arbitrary<Policy> = fc
  .record({
    profile: fc.option(fc.constantFrom('strict' as const, 'standard' as const, 'owner' as const), { nil: undefined }),
    allow: rules,
    ask: rules,
    deny: rules,
    tainted: fc.option(fc.record({ allow: rules, ask: rules, deny: rules }), { nil: undefined }),
  })
  .map((given) => JSON.parse(JSON.stringify(given)) as Policy);
const grant: fc.Arbitrary<Grant> = fc.constantFrom(...RULES).map((rule) => ({ rule, by: 'bo', at: 0, from: 'x' }));
const layer: fc.Arbitrary<Layer> = fc.record({
  of: fc.constantFrom('a', 'b'),
  policy,
  grants: fc.array(grant, { maxLength: 2 }),
});
const subjectOf = {
  pay: undefined,
  files_write: { argument: 'path', kind: 'path' as const },
  fetch: { argument: 'url', kind: 'url' as const },
};
const call: fc.Arbitrary<AskedCall> = fc
  .record({
    name: fc.constantFrom('pay' as const, 'files_write' as const, 'fetch' as const),
    effect: fc.constantFrom('read' as const, 'idempotent' as const, 'once' as const),
    stays: fc.boolean(),
    args: fc.record({
      amount: fc.integer({ min: 0, max: 200 }),
      to: fc.constantFrom('bob', 'eve'),
      path: fc.constantFrom('reports/x', 'a', '../a', 'reports/../a'),
      url: fc.constantFrom('https://acme.com/x', 'https://evil.com/'),
    }),
    tainted: fc.boolean(),
  })
  .map(({ name, effect, stays, args, tainted }) => {
    const subject = subjectOf[name];
    const spec = toolSpec(name, { effect, ...(subject && { subject }), ...(stays && { stays: 'workspace' as const }) });
    return { spec, arguments: args, mounts: [], tainted };
  });
const strictness = (layers: Layer[], asked: AskedCall) => STRICTNESS[ruleOn(layers, asked).verdict];

/** Runs below runs: each with the layers of all above it, and its own. */
type Tree = { own: Layer; below: Tree[] };
const tree: fc.Memo<Tree> = fc.memo((depth) =>
  fc.record({ own: layer, below: depth <= 1 ? fc.constant([]) : fc.array(tree(depth - 1), { maxLength: 2 }) }),
);

describe('permissions', () => {
  test('only narrow from a run to whatever it starts, over any tree', () => {
    const check = ({ own, below }: Tree, above: Layer[], asked: AskedCall): void => {
      const here = [...above, own];
      if (above.length > 0) expect(strictness(here, asked)).toBeGreaterThanOrEqual(strictness(above, asked));
      for (const child of below) check(child, here, asked);
    };
    fc.assert(
      fc.property(tree(4), call, (root, asked) => check(root, [], asked)),
      { numRuns: 300 },
    );
  });

  test('are no wider once content from outside has come, unless a rule trusts it', () => {
    fc.assert(
      fc.property(fc.array(layer, { minLength: 1, maxLength: 3 }), call, (layers, asked) => {
        expect(strictness(layers, { ...asked, tainted: true })).toBeGreaterThanOrEqual(
          strictness(layers, { ...asked, tainted: false }),
        );
      }),
      { numRuns: 500 },
    );
  });

  test('deny before ask before allow, whatever else is written', () => {
    fc.assert(
      fc.property(layer, call, (given, asked) => {
        const name = asked.spec.name;
        const denied = { ...given, policy: { ...given.policy, deny: [...(given.policy.deny ?? []), name] } };
        expect(ruleOn([denied], asked).verdict).toBe('deny');
        const asking = { ...given, grants: [], policy: { ...given.policy, ask: [...(given.policy.ask ?? []), name] } };
        expect(strictness([asking], asked)).toBeGreaterThanOrEqual(STRICTNESS.ask);
      }),
    );
  });

  test('are widened by a grant only where a layer asks, and only for what it names', () => {
    fc.assert(
      fc.property(layer, grant, call, (given, more, asked) => {
        const before = ruleOn([given], asked).verdict;
        const after = ruleOn([{ ...given, grants: [...given.grants, more] }], asked).verdict;
        if (before !== 'ask') expect(after).toBe(before);
        if (before === 'ask' && after === 'allow') {
          expect(ruleOn([{ of: 'g', policy: { profile: 'strict', ask: ['*'] }, grants: [more] }], asked).verdict).toBe(
            'allow',
          );
        }
        if (
          more.rule === 'pay(amount<=100)' &&
          before === 'ask' &&
          (asked.arguments as { amount: number }).amount > 100
        )
          expect(after).toBe('ask');
      }),
      { numRuns: 500 },
    );
  });

  test('a read whose address the model makes up asks once content from outside has come', () => {
    const spec = toolSpec('fetch', { subject: { argument: 'url', kind: 'url' }, outside: true });
    const asked: AskedCall = { spec, arguments: { url: 'https://evil.com/?all=secrets' }, mounts: [], tainted: true };
    const strict = (extra: Policy = {}): Layer => ({ of: 'a', policy: { profile: 'strict', ...extra }, grants: [] });
    expect(ruleOn([strict()], { ...asked, tainted: false }).verdict).toBe('allow');
    expect(ruleOn([strict()], asked).verdict).toBe('ask');
    const trusting = strict({ tainted: { allow: ['fetch(https://docs.acme.com/**)'] } });
    expect(ruleOn([trusting], asked).verdict).toBe('ask');
    expect(ruleOn([trusting], { ...asked, arguments: { url: 'https://docs.acme.com/x' } }).verdict).toBe('allow');
  });

  test('a tool of the workspace that does not say where it writes counts as outside where folders are mounted', () => {
    const spec = toolSpec('move', { effect: 'idempotent', stays: 'workspace' });
    const asked: AskedCall = { spec, arguments: {}, mounts: ['data'], tainted: false };
    expect(ruleOn([{ of: 'a', policy: { profile: 'strict' }, grants: [] }], asked).verdict).toBe('ask');
    const { spec: named } = {
      spec: toolSpec('write', {
        effect: 'idempotent',
        stays: 'workspace',
        subject: { argument: 'path', kind: 'path' },
      }),
    };
    const at = (path: string) =>
      ruleOn([{ of: 'a', policy: { profile: 'strict' }, grants: [] }], { ...asked, spec: named, arguments: { path } })
        .verdict;
    expect(['x/y', 'database/x'].map(at)).toEqual(['allow', 'allow']);
    for (const path of [
      'data/x',
      './/data/x',
      'DATA/x',
      'x/../data/y',
      'da\u200bta/x',
      'data\\x',
      '',
      '.',
      '/data/x',
      'ｄata/x',
    ])
      expect({ path, is: at(path) }).toEqual({ path, is: 'ask' });
  });

  test('of models are those every layer names', () => {
    const of = (models?: string[]): Layer => ({ of: 'a', policy: { ...(models && { models }) }, grants: [] });
    expect(mayUseModel([of(), of(['openai/*'])], 'openai/gpt-5')).toBe(true);
    expect(mayUseModel([of(['openai/*']), of(['anthropic/*'])], 'openai/gpt-5')).toBe(false);
    expect(mayUseModel([of(['openai/gpt.5'])], 'openai/gpt-5')).toBe(false);
  });
});

describe('a policy is checked against the tools it is for', () => {
  const tools = [
    toolSpec('pay', { inputSchema: { type: 'object', properties: { amount: { type: 'number' } } } }),
    toolSpec('files_write', {
      subject: { argument: 'path', kind: 'path' },
      inputSchema: { type: 'object', properties: { path: {} } },
    }),
  ];
  test.each<[Policy, string, RegExp]>([
    [{ deny: ['files_write', 'payy'] }, 'deny.1', /names no tool/],
    [{ allow: ['pay(bob)'] }, 'allow.0', /does not say which argument/],
    [{ tainted: { deny: ['pay(amonut>1)'] } }, 'tainted.deny.0', /no argument "amonut"/],
    [{ ask: [{ rule: 'pay(5)', approval: {} }] }, 'ask.0', /which argument/],
  ])('%j', (given, keys, message) => {
    expect(policyProblems(given, tools)).toMatchObject([{ message: expect.stringMatching(message) }]);
    expect(policyProblems(given, tools)[0]?.keys.join('.')).toBe(keys);
  });
  test('stars may name nothing, and what is right passes', () => {
    expect(policyProblems({ deny: ['mail_*', 'pay(amount>9)', 'files_*(secrets/**)', '*'] }, tools)).toEqual([]);
  });
});
