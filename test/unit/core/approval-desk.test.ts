import { type ApprovalRequest, approvalTermsSchema, type Decision, type Vote } from '../../../protocol/approval';
import { termsProblem } from '../../../protocol/approval-terms';
import { ApprovalDesk } from '../../../workflows/approval-desk';
import { normalTerms } from '../../../workflows/approval-terms';
import { checkRequest } from '../../../workflows/check-decision';

const REQUEST: ApprovalRequest = {
  kind: 'tool-call',
  title: 'pay',
  run: 'r',
  tool: 'pay',
  digest: 'd',
  arguments: { amount: 1 },
};
const desk = (more: Partial<ApprovalRequest> = {}) => new ApprovalDesk({ ...REQUEST, ...more }, 1_000);
const yes = (by: string, more: Partial<Decision> = {}): Decision => ({ by, verdict: 'approve', ...more });
const vote = (by: string, more: Partial<Vote> = {}): Vote => ({
  by,
  verdict: 'approve',
  as: 'anyone',
  at: 2_000,
  signed: false,
  ...more,
});
const coded = (code: string, message = '') =>
  expect.objectContaining({ type: code, message: expect.stringContaining(message) });
const refusal = (work: () => void): unknown => {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
};

test('whoever decides when the time is over decides too late, also before the timer has fired', () => {
  const late = desk({ expiresAfter: 500 });
  late.expiresAt = 1_500;
  expect(refusal(() => late.check(yes('bo'), 1_499))).toBeUndefined();
  expect(refusal(() => late.check(yes('bo'), 1_500))).toEqual(coded('Approval.Expired'));
});

test('those asked next have a time of their own', () => {
  const next = desk({ expiresAfter: 500, escalate: [{ approvers: ['user:cy'] }] });
  next.expiresAt = 1_500;
  expect(next.escalate(1_600)).toBe(true);
  expect(refusal(() => next.check(yes('cy'), 1_700))).toBeUndefined();
});

describe('what is allowed for the rest of the run', () => {
  test.each([
    ['pay(amount<', 'expected a value'],
    ['*', 'the rule is about *'],
    ['pay*', 'the rule is about pay*'],
    ['wire(amount<=5)', 'the rule is about wire'],
  ])('%s is refused', (remember, why) => {
    expect(refusal(() => desk().check(yes('bo', { remember }), 1_000))).toEqual(coded('Input.Invalid', why));
  });

  test('only of a tool call that is approved', () => {
    const denial = { by: 'bo', verdict: 'deny' as const, remember: 'run' };
    expect(refusal(() => desk().check(denial, 1_000))).toEqual(coded('Input.Invalid'));
    const question = yes('bo', { remember: 'run', answer: 'x' });
    expect(refusal(() => desk({ kind: 'question' }).check(question, 1_000))).toEqual(coded('Input.Invalid'));
  });

  test('is a rule about the tool, or the tool', () => {
    for (const remember of ['pay(amount<=50)', 'run', 'call'])
      expect(refusal(() => desk().check(yes('bo', { remember }), 1_000))).toBeUndefined();
    const one = desk();
    one.count(vote('bo', { remember: 'run' }));
    expect(one.outcome?.grant).toBe('pay');
  });

  test('takes as many people as one call does', () => {
    const lone = desk({ quorum: 2 });
    lone.count(vote('bo', { remember: 'run' }));
    lone.count(vote('cy'));
    expect(lone.outcome).toMatchObject({ verdict: 'approved' });
    expect(lone.outcome?.grant).toBeUndefined();
    const both = desk({ quorum: 2 });
    both.count(vote('bo', { remember: 'pay(amount<=50)' }));
    both.count(vote('cy', { remember: 'pay(amount<=50)' }));
    expect(both.outcome?.grant).toBe('pay(amount<=50)');
  });
});

test('changed arguments are approved anew, by whoever says that they saw them', () => {
  const two = desk({ quorum: 2 });
  const before = two.digest;
  two.count(vote('ana'));
  two.count(vote('bo', { edit: { amount: 2 } }));
  expect({ missing: two.missing, votes: two.state.votes.map(({ by }) => by) }).toEqual({ missing: 1, votes: ['bo'] });
  expect(two.digest).not.toBe(before);
  expect(refusal(() => two.check(yes('ana'), 2_000))).toEqual(coded('Approval.Stale', 'were changed'));
  expect(refusal(() => two.check(yes('ana', { digest: before }), 2_000))).toEqual(coded('Approval.Stale'));
  expect(refusal(() => two.check(yes('ana', { digest: two.digest }), 2_000))).toBeUndefined();
  expect(refusal(() => two.check({ by: 'ana', verdict: 'deny' }, 2_000))).toBeUndefined();
  two.count(vote('ana'));
  expect(two.outcome).toMatchObject({ verdict: 'approved', edit: { amount: 2 } });
});

test('what a decision is bound to is all of the request: run, call, arguments, policy, people and time', () => {
  const changes: Partial<ApprovalRequest>[] = [
    { run: 'other' },
    { callId: 'c' },
    { digest: 'e' },
    { policyVersion: 'v' },
    { approvers: ['user:bo'] },
    { expiresAfter: 5 },
  ];
  const digests = [{}, ...changes].map((change) => desk(change).digest);
  expect(new Set(digests).size).toBe(digests.length);
  expect(new ApprovalDesk({ ...REQUEST, carried: desk().state }, 9_000).digest).toBe(desk().digest);
});

describe('terms', () => {
  test.each([
    [{ approvers: ['user:a'], escalate: [{ approvers: ['user:a'] }] }, 'circle'],
    [{ approvers: ['user:a', 'user:A'], quorum: 2 }, '2 approvals are needed'],
    [{ approvers: ['user:ana', 'user:bo'], quorum: 2, excludeRequester: true }, 'besides whoever asks'],
  ])('%j nobody could meet', (terms, problem) => {
    expect(termsProblem(terms, 'Ana')).toContain(problem);
    expect(refusal(() => checkRequest({ ...REQUEST, ...terms, requester: 'Ana' }))).toEqual(
      coded('Input.Invalid', problem),
    );
  });

  test.each([
    [{ approvers: ['boss'] }, 'approvers: "boss"'],
    [{ approvers: [] }, 'a list of 1 to 100'],
    [{ quorum: 0 }, 'quorum'],
    [{ expiresAfter: 'soon' }, 'expiresAfter: not a duration'],
    [{ escalate: [{ approvers: ['user:b'], expiresAfter: -1 }] }, 'escalate[0].expiresAfter'],
  ])('%j is refused in a workflow', (terms, problem) => {
    expect(refusal(() => normalTerms(terms))).toEqual(coded('Input.Invalid', problem));
  });

  test('of a workflow may be written as text and in part', () => {
    const terms = normalTerms({
      expiresAfter: '2 days',
      escalate: [{ approvers: ['manager'], expiresAfter: '1h' }],
      workingHours: { timeZone: 'Europe/Berlin' },
    });
    expect(terms).toEqual({
      expiresAfter: 172_800_000,
      escalate: [{ approvers: ['manager'], expiresAfter: 3_600_000 }],
      workingHours: { timeZone: 'Europe/Berlin', days: [1, 2, 3, 4, 5], from: '09:00', to: '17:00' },
    });
  });

  test('name a time zone that exists', () => {
    expect(approvalTermsSchema.safeParse({ workingHours: { timeZone: 'Mars/Phobos' } }).success).toBe(false);
  });
});

test.each(['ANA', ' ana ', 'ａｎａ', 'an\u200ba', 'ana\ufeff', 'a\u00adna'])(
  '%j is ana in another spelling, and counts once',
  (by) => {
    const two = desk({ quorum: 2, excludeRequester: true, requester: 'bo' });
    two.count(vote('ana'));
    expect(refusal(() => two.check(yes(by), 2_000))).toEqual(coded('Approval.AlreadyVoted'));
    const hers = desk({ excludeRequester: true, requester: 'ana' });
    expect(refusal(() => hers.check(yes(by), 2_000))).toEqual(coded('Approval.NotApprover'));
    expect(termsProblem({ approvers: ['user:ana', `user:${by}`], quorum: 2 })).toContain('names 1');
  },
);

test('whoever sounds alike is somebody else', () => {
  const two = desk({ quorum: 2 });
  two.count(vote('ana'));
  for (const by of ['anna', 'ana b', 'an a', 'ána']) expect(refusal(() => two.check(yes(by), 2_000))).toBeUndefined();
});
