import type { ApprovalOutcome, ApprovalRequest } from '../../../protocol/approval';
import type { ToolCallPart, ToolMessage } from '../../../protocol/messages';
import { toolSpec } from '../../fixtures/agents';
import { type DriveOptions, drive } from '../../fixtures/drive';

const TOOLS = [
  toolSpec('pay', { effect: 'idempotent' }),
  toolSpec('look', { quick: true }),
  toolSpec('web', { outside: true }),
  toolSpec('draft', { effect: 'idempotent', stays: 'workspace', subject: { argument: 'path', kind: 'path' } }),
];
const call = (name: string, args: object, id = name): ToolCallPart => ({
  type: 'tool-call',
  id,
  name,
  arguments: args,
});
const vote = { by: 'bo', as: 'anyone', at: 0, signed: false } as const;
const yes = (more: Partial<ApprovalOutcome> = {}): ApprovalOutcome => ({
  verdict: 'approved',
  votes: [{ ...vote, verdict: 'approve' }],
  ...more,
});

interface Asked {
  id: string;
  request: Omit<ApprovalRequest, 'run'>;
}

/** Drives a clerk under a policy; `says` answers each question in turn. */
async function clerk(
  permissions: NonNullable<DriveOptions['agent']>['permissions'],
  replies: ToolCallPart[][],
  says: ApprovalOutcome[] = [],
  more: Partial<DriveOptions> = {},
) {
  const asked: Asked[] = [];
  const left = [...says];
  const driven = await drive({
    agent: { tools: TOOLS, permissions },
    answers: [...replies, 'done'],
    askApproval: async (id, request) => {
      asked.push({ id, request });
      return left.shift() ?? { verdict: 'denied', votes: [{ ...vote, verdict: 'deny' }], reason: 'no' };
    },
    ...more,
  });
  const results = driven.messages.filter((message): message is ToolMessage => message.role === 'tool');
  return { ...driven, asked, results, ran: driven.toolInputs };
}

test('what is allowed runs without a word; reads still ride along', async () => {
  const { asked, ran, requests } = await clerk({ profile: 'strict', allow: ['pay(amount<=10)'] }, [
    [call('pay', { amount: 10 })],
    [call('look', {})],
  ]);
  expect(asked).toEqual([]);
  expect(ran.map(({ name }) => name)).toEqual(['pay']);
  expect(requests[2]?.quickCalls).toEqual(['look']);
});

test('a read that needs a word does not ride along', async () => {
  const { asked, requests } = await clerk({ ask: ['look'] }, [[call('look', {})]], [yes()]);
  expect(asked).toHaveLength(1);
  expect(requests[1]?.quickCalls).toBeUndefined();
});

test('what is denied is not asked for, not run, and told', async () => {
  const { asked, ran, results } = await clerk({ profile: 'owner', deny: ['pay'] }, [[call('pay', { amount: 1 })]]);
  expect([asked, ran]).toEqual([[], []]);
  expect(results[0]).toMatchObject({ outcome: 'denied', content: expect.stringContaining('deny pay (agent tester)') });
});

test('what is asked shows the call whole, and a no is a result', async () => {
  const { asked, ran, results } = await clerk({}, [[call('pay', { amount: 99 })]]);
  expect(asked).toMatchObject([
    {
      id: 'run/ask-1',
      request: {
        kind: 'tool-call',
        tool: 'pay',
        arguments: { amount: 99 },
        because: 'profile strict asks for effects (agent tester)',
        policyVersion: 'rev-1',
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    },
  ]);
  expect(ran).toEqual([]);
  expect(results[0]).toMatchObject({ outcome: 'denied', content: expect.stringContaining('denied by bo: no') });
});

test('equal calls have equal digests, others do not', async () => {
  const digest = async (args: object, id?: string) => {
    const { asked } = await clerk({}, [[call('pay', args, id)]]);
    return asked[0]?.request.digest;
  };
  expect(await digest({ a: 1, b: 2 })).toBe(await digest({ b: 2, a: 1 }));
  expect(await digest({ a: 1 })).not.toBe(await digest({ a: 2 }));
  expect(await digest({ a: 1 })).not.toBe(await digest({ a: 1 }, 'other'));
});

test('edited arguments run in place of the others, and the model is told; not into what is forbidden', async () => {
  const policy = { deny: ['pay(amount>100)'] };
  const edited = await clerk(policy, [[call('pay', { amount: 50 })]], [yes({ edit: { amount: 5 } })]);
  expect(edited.ran).toMatchObject([{ arguments: { amount: 5 } }]);
  expect(edited.results[0]).toMatchObject({ outcome: 'ok', content: expect.stringContaining('{"amount":5}') });
  expect(edited.results[0]?.mark).toBeUndefined();
  const forbidden = await clerk(policy, [[call('pay', { amount: 50 })]], [yes({ edit: { amount: 500 } })]);
  expect(forbidden.ran).toEqual([]);
  expect(forbidden.results[0]?.outcome).toBe('denied');
});

test('a grant answers later calls it names, and no others', async () => {
  const pays = [call('pay', { amount: 1 }, 'a'), call('pay', { amount: 2 }, 'b'), call('pay', { amount: 9 }, 'c')];
  const { asked, session } = await clerk(
    {},
    pays.map((one) => [one]),
    [yes({ grant: 'pay(amount<5)' })],
  );
  expect(asked.map(({ request }) => request.callId)).toEqual(['a', 'c']);
  expect(session.authority.state.grants).toEqual([{ rule: 'pay(amount<5)', by: 'bo', at: 1_000, from: 'run/ask-1' }]);
});

test('of two calls that ask at once, each grant names the approval it came from', async () => {
  const both = [call('pay', { amount: 1 }, 'a'), call('pay', { amount: 2 }, 'b')];
  const says = [yes({ grant: 'pay(amount=1)' }), yes({ grant: 'pay(amount=2)' })];
  const { session } = await clerk({}, [both], says);
  expect(session.authority.state.grants.map(({ rule, from }) => [rule, from])).toEqual([
    ['pay(amount=1)', 'run/ask-1'],
    ['pay(amount=2)', 'run/ask-2'],
  ]);
});

test('content from outside makes the same call ask, and says where it came from', async () => {
  const policy = { profile: 'strict' as const, allow: ['pay'] };
  const pay = call('pay', { amount: 1 });
  const before = await clerk(policy, [[pay, call('web', {})]]);
  expect(before.asked).toEqual([]);
  const after = await clerk(policy, [[call('web', {})], [pay]]);
  expect(after.asked).toMatchObject([{ request: { tainted: ['web'] } }]);
  const trusted = await clerk({ ...policy, tainted: { allow: ['pay'] } }, [[call('web', {})], [pay]]);
  expect(trusted.asked).toEqual([]);
  const never = await clerk({ ...policy, tainted: { deny: ['pay'] } }, [[call('web', {})], [pay]]);
  expect(never.asked).toEqual([]);
  expect(never.results.at(-1)?.outcome).toBe('denied');
});

test('the own workspace is free, a mounted folder is not, by whatever spelling', async () => {
  const mounts = [{ name: 'Site', path: '/srv/site', access: 'write' as const }];
  const write = (path: string) => clerk({}, [[call('draft', { path })]], [], { mounts });
  expect((await write('notes/a.md')).asked).toEqual([]);
  for (const path of ['Site/a', 'site/a', './Site/a', 'x/../Site/a', '/Site/a', 'Site\\a']) {
    expect((await write(path)).asked).toHaveLength(1);
  }
});

test('what a run is started with narrows, what its starter may not is denied too', async () => {
  const owner = { profile: 'owner' as const };
  const given = await clerk(owner, [[call('pay', {})]], [], { permissions: { deny: ['pay'] } });
  expect(given.results[0]?.content).toContain('deny pay (the run)');
  const authority = [{ of: 'agent parent', policy: { profile: 'strict' as const }, grants: [] }];
  const child = await clerk(owner, [[call('pay', {})]], [], { authority });
  expect(child.asked[0]?.request.because).toContain('agent parent');
});

describe('who was asked answers what they are asked, and no more', () => {
  const anyone = { profile: 'strict' as const };
  const boss = { rule: 'pay(amount>1000)', approval: { approvers: ['role:boss'], quorum: 2 } };

  test('arguments that somebody changed into what others decide on are asked of those', async () => {
    const pay = [[call('pay', { amount: 5 })]];
    const both = await clerk({ ...anyone, ask: [boss] }, pay, [yes({ edit: { amount: 5_000 } }), yes()]);
    expect(both.asked.map(({ request: { arguments: args, approvers, quorum } }) => [args, approvers, quorum])).toEqual([
      [{ amount: 5 }, undefined, undefined],
      [{ amount: 5_000 }, ['role:boss'], 2],
    ]);
    expect(both.ran).toMatchObject([{ arguments: { amount: 5_000 } }]);
    const no = await clerk({ ...anyone, ask: [boss] }, pay, [yes({ edit: { amount: 5_000 } })]);
    expect(no.ran).toEqual([]);
    expect(no.results[0]?.outcome).toBe('denied');
    // Changed back by them, it is what the others were asked: they have not seen these arguments.
    const back = await clerk({ ...anyone, ask: [boss] }, pay, [
      yes({ edit: { amount: 5_000 } }),
      yes({ edit: { amount: 7 } }),
    ]);
    expect(back.asked).toHaveLength(2);
    expect(back.ran).toMatchObject([{ arguments: { amount: 7 } }]);
  });

  test('what anybody allowed for the rest of the run is not allowed for those who decide on more', async () => {
    const pays = [
      call('pay', { amount: 5 }, 'a'),
      call('pay', { amount: 6 }, 'b'),
      call('pay', { amount: 5_000 }, 'c'),
    ];
    const replies = pays.map((one) => [one]);
    const { asked, ran } = await clerk({ ...anyone, ask: [boss] }, replies, [yes({ grant: 'pay' })]);
    expect(asked.map(({ request }) => request.callId)).toEqual(['a', 'c']);
    expect(ran).toHaveLength(2);
    // The other way round it holds: they could have been asked for the small ones too.
    const above = await clerk({ ...anyone, ask: [boss] }, [...replies].reverse(), [yes({ grant: 'pay' })]);
    expect(above.asked.map(({ request }) => request.callId)).toEqual(['c']);
    expect(above.session.authority.state.grants).toMatchObject([{ rule: 'pay', terms: boss.approval }]);
  });

  test('layers that ask different people ask all of them, once', async () => {
    const permissions = { ask: [{ rule: 'pay', approval: { approvers: ['role:audit'] } }] };
    const policy = { ...anyone, ask: [{ rule: 'pay', approval: { approvers: ['role:boss'] } }] };
    const authority = [{ of: 'above', policy: { ask: ['pay'] }, grants: [] }];
    const replies = [[call('pay', { amount: 5 })]];
    const all = await clerk(policy, replies, [yes(), yes(), yes()], { permissions, authority });
    expect(all.asked.map(({ request }) => request.approvers)).toEqual([undefined, ['role:boss'], ['role:audit']]);
    expect(all.ran).toHaveLength(1);
    const two = await clerk(policy, replies, [yes(), yes()], { permissions, authority });
    expect(two.ran).toEqual([]);
    // Whoever answers for the boss answers for anybody.
    const same = await clerk(policy, replies, [yes()], { authority: [{ of: 'above', policy, grants: [] }] });
    expect(same.asked).toHaveLength(1);
    expect(same.ran).toHaveLength(1);
  });
});
