import { explainTool, type Policies, weaknessesOf } from '../../../protocol/permissions/explain';
import type { Policy } from '../../../protocol/permissions/policy';
import { parseRule } from '../../../protocol/permissions/rule';
import { ruleOfLayer } from '../../../protocol/permissions/verdict';
import { witnessOf } from '../../../protocol/permissions/witness';
import { toolSpec } from '../../fixtures/agents';

const properties = { amount: { type: 'number' }, to: { type: 'string' } };
const pay = toolSpec('pay', { effect: 'once', inputSchema: { type: 'object', properties } });
const draft = toolSpec('draft', {
  effect: 'idempotent',
  stays: 'workspace',
  subject: { argument: 'path', kind: 'path' },
});
const shell = toolSpec('shell', { effect: 'once', subject: { argument: 'command', kind: 'command' } });
const look = toolSpec('look');
const policies = (own: Policy, worker: Policy = {}): Policies => ({ agent: 'clerk', own, worker });
const codes = (own: Policy, worker?: Policy) =>
  weaknessesOf(policies(own, worker), [pay, draft, shell, look], true).map(
    ({ code, rule, tool }) => `${code} ${rule ?? tool}`,
  );

test('each rule with conditions is a case; what else holds is said with the rule or profile and whose it is', () => {
  const own: Policy = { allow: ['pay(amount<=100, to=acme)'], ask: ['pay(amount>1000)'] };
  const explained = explainTool(policies(own, { profile: 'standard', deny: ['pay(to=evil*)'] }), pay);
  expect(explained.cases).toEqual([
    {
      rule: 'pay(to=evil*)',
      verdict: 'deny',
      of: 'worker',
      tainted: false,
      decides: { verdict: 'deny', because: "deny pay(to=evil*) (the worker's settings)" },
    },
    {
      rule: 'pay(amount>1000)',
      verdict: 'ask',
      of: 'agent',
      tainted: false,
      decides: { verdict: 'ask', because: 'ask pay(amount>1000) (agent clerk)', approval: {} },
    },
    {
      rule: 'pay(amount<=100, to=acme)',
      verdict: 'allow',
      of: 'agent',
      tainted: false,
      decides: { verdict: 'allow', because: 'allow pay(amount<=100, to=acme) (agent clerk)' },
    },
  ]);
  expect(explained.otherwise).toMatchObject({
    verdict: 'ask',
    because: "profile standard asks for effects (the worker's settings)",
  });
});

test('a mounted folder and content from outside are told where they make a difference', () => {
  const strict = explainTool(policies({ profile: 'strict', allow: ['pay'] }), pay);
  expect(strict.otherwise.verdict).toBe('allow');
  expect(strict.tainted).toMatchObject({ verdict: 'ask', because: expect.stringContaining('content from outside') });
  const files = explainTool(policies({ profile: 'strict' }), draft);
  expect([files.otherwise.verdict, files.mounted?.verdict]).toEqual(['allow', 'ask']);
  expect(explainTool(policies({}), look)).not.toHaveProperty('mounted');
});

test('rules that do nothing are found', () => {
  expect(codes({ profile: 'strict', deny: ['mail_*'] })).toEqual(['never-matches mail_*']);
  expect(codes({ profile: 'strict' }, { deny: ['mail_*'] })).toEqual([]);
  expect(codes({ profile: 'strict', ask: ['pay(amount<5, amount>10)'] })).toEqual([
    'never-matches pay(amount<5, amount>10)',
  ]);
  expect(codes({ profile: 'strict', allow: ['pay(to=a, to=b)'] })).toEqual(['never-matches pay(to=a, to=b)']);
  expect(codes({ profile: 'strict', allow: ['pay(amount<5)'], ask: ['pay'] })).toEqual(['never-decides pay(amount<5)']);
  expect(codes({ profile: 'strict', ask: ['pay'], deny: ['*'] })).toEqual(['never-decides pay']);
  expect(codes({ profile: 'strict', allow: ['*'], ask: ['pay'] })).toEqual([]);
  expect(codes({ profile: 'strict', allow: ['pay(amount>=5, amount<=10)', 'shell(git status*)'] })).toEqual([]);
});

test('an effect that content from outside can bring about is found, however it is allowed', () => {
  expect(codes({ profile: 'strict', allow: ['pay'], tainted: { allow: ['pay(to=acme)'] } })).toContain(
    'tainted-once pay',
  );
  expect(codes({ profile: 'strict', allow: ['pay'], tainted: { allow: ['pay'] } })).toEqual(['tainted-once pay']);
  expect(codes({ profile: 'standard', allow: ['pay(amount<5)'] })).toEqual(['tainted-once pay']);
  expect(codes({ profile: 'owner' })).toEqual(['tainted-once pay', 'tainted-once shell']);
  expect(codes({ profile: 'strict', allow: ['pay'] })).toEqual([]);
});

test.each([
  'pay(amount<=100, to=acme)',
  'pay(amount>10, amount<=11)',
  'pay(amount>0.5, to="a*b")',
  'pay(to=*@acme.com)',
  'pay(to!=evil)',
  'shell(git status*)',
  'draft(reports/**)',
  'pay(a.b=c, a.d=e)',
])('what is asked about a rule is what the rule is about: %s', (text) => {
  const spec = [pay, shell, draft].find(({ name }) => text.startsWith(name)) ?? pay;
  const args = witnessOf(parseRule(text), spec);
  const layer = { of: 'x', policy: { profile: 'strict' as const, allow: [text] }, grants: [] };
  expect(ruleOfLayer(layer, { spec, arguments: args, mounts: [], tainted: false })).toMatchObject({
    because: `allow ${text} (x)`,
  });
});
