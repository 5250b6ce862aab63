import {
  CancelledFailure,
  ChildWorkflowFailure,
  RetryState,
  TerminatedFailure,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common';
import type { ApprovalOutcome } from '../../../protocol/approval';
import type { FailureCode } from '../../../protocol/failures';
import { planSchema } from '../../../protocol/plan/definition';
import type { PlanInput, PlanResult } from '../../../protocol/plan/state';
import { NO_USAGE } from '../../../protocol/usage';
import { toApplicationFailure } from '../../../workflows/failures';
import { approvePlan } from '../../../workflows/plan/approve-plan';
import { makePlan } from '../../../workflows/plan/make-plan';
import type { Begin } from '../../../workflows/plan/plan-desk';
import { runNode } from '../../../workflows/plan/run-node';

const mockAdmit = jest.fn();
const mockChild = jest.fn();
const mockStart = jest.fn();
const mockAsk = jest.fn();

jest.mock('@temporalio/workflow', () => ({
  ...jest.requireActual<object>('@temporalio/workflow'),
  workflowInfo: () => ({ workflowId: 'p' }),
  patched: () => true,
  startChild: async (...given: unknown[]) => ({ result: () => mockChild(...given) }),
  proxyActivities: () => ({
    admitPlan: (given: unknown) => mockAdmit(given),
    sketchAgents: async () => [{ name: 'worker' }],
  }),
}));
jest.mock('../../../workflows/run-agent', () => ({ startAgent: (...given: unknown[]) => mockStart(...given) }));
jest.mock('../../../workflows/ask-approval', () => ({
  approvalIdOf: (run: string, number: number) => `${run}/ask-${number}`,
  askApproval: (...given: unknown[]) => mockAsk(...given),
}));

beforeEach(() => {
  for (const mock of [mockAdmit, mockChild, mockStart, mockAsk]) mock.mockReset();
});

const problem = (code: string, message: string) => ({ code, message });
const agents = { worker: { revision: 'r', capabilities: [], costUsd: null } };
const plan = planSchema.parse({
  name: 'p',
  agent: 'worker',
  nodes: [
    { id: 'a', goal: 'do | this' },
    { id: 'b', goal: 'B', needs: ['x'], after: ['a'] },
  ],
});
const ended = (more: object) => ({
  result: async () => ({
    stopReason: 'completed',
    costUsd: 1,
    usage: { ...NO_USAGE, inputTokens: 5, outputTokens: 2 },
    ...more,
  }),
});
const failure = (code: FailureCode, details?: Record<string, unknown>) =>
  toApplicationFailure({ code, message: 'it was so', ...(details && { details }) });

describe('a plan is made of a goal', () => {
  const nodes = [{ id: 'a', goal: 'A', agent: 'worker', after: [] }];

  test('by a planner that is told what was wrong, with the money it leaves', async () => {
    mockStart.mockResolvedValueOnce({ id: 'p/~plan-1', ...ended({ output: { nodes: [] } }) });
    mockStart.mockResolvedValueOnce({ id: 'p/plan-2', ...ended({ output: { nodes } }) });
    mockAdmit.mockResolvedValueOnce({ problems: [problem('Plan.Cycle', 'round'), problem('Plan.TooLarge', 'large')] });
    mockAdmit.mockResolvedValueOnce({ plan, agents });
    expect(await makePlan({ goal: 'write', budgetUsd: 10, tenant: 't' })).toEqual({
      plan,
      agents,
      costUsd: 2,
      tokens: 14,
    });
    const [first, second] = mockStart.mock.calls.map(([planner, options]) => ({ planner, ...options }));
    expect(first).toMatchObject({
      planner: 'planner',
      id: '~plan-1',
      tenant: 't',
      input: { goal: 'write', agents: [{ name: 'worker' }] },
    });
    expect(first.input).not.toHaveProperty('problems');
    expect(second.input).toMatchObject({ previous: { nodes: [] }, problems: ['round', 'large'] });
    expect(mockAdmit.mock.calls.map(([{ plan: given }]) => given.budgetUsd)).toEqual([9, 8]);
  });

  test('whose author has read from outside: all of it may say what that said', async () => {
    mockStart.mockResolvedValueOnce({ id: 'p/~plan-1', ...ended({ output: { nodes }, tainted: ['web'] }) });
    mockAdmit.mockResolvedValueOnce({ plan, agents });
    expect(await makePlan({ goal: 'write' })).toMatchObject({ plan, tainted: ['web'] });
  });

  test('as often as it may be tried; the first problem gives the code', async () => {
    mockStart.mockResolvedValue({ id: 'p/plan', ...ended({ output: { nodes } }) });
    mockAdmit.mockResolvedValue({ problems: [problem('Plan.Cycle', 'round'), problem('Plan.TooLarge', 'large')] });
    await expect(makePlan({ goal: 'write', planner: 'mine', attempts: 2 })).rejects.toMatchObject({
      type: 'Plan.Cycle',
      message: 'mine made 2 plans, and none can run: round (and 1 more problems)',
    });
    expect(mockStart).toHaveBeenCalledTimes(2);
  });

  test.each([
    [{ stopReason: 'max-turns', detail: 'after 5' }, 'p/~plan-1 gave no plan: max-turns: after 5'],
    [{ stopReason: 'refused' }, 'p/~plan-1 gave no plan: refused'],
  ])('a planner that ends with %j gave none', async (end, message) => {
    mockStart.mockResolvedValueOnce({ id: 'p/~plan-1', ...ended(end) });
    await expect(makePlan({ goal: 'write' })).rejects.toMatchObject({ type: 'Plan.Invalid', message });
  });

  test('one that is given is admitted as it is, on the account and within the money of its run', async () => {
    mockAdmit.mockResolvedValueOnce({ plan, agents });
    expect(await makePlan({ plan: { name: 'p' }, budgetUsd: 3, account: 'acme', nesting: 1 })).toMatchObject({
      plan,
      costUsd: 0,
    });
    expect(mockAdmit).toHaveBeenCalledWith({ plan: { name: 'p', budgetUsd: 3, account: 'acme' }, nesting: 1 });
    mockAdmit.mockResolvedValueOnce({ problems: [] });
    await expect(makePlan({ plan: {} })).rejects.toMatchObject({ type: 'Plan.Invalid', message: 'it cannot run' });
  });
});

describe('one attempt at a node', () => {
  const node = { ...plan.nodes[0], id: 'A.b' } as Begin['node'];
  const begin = (more: Partial<Begin> = {}): Begin =>
    ({
      node,
      agent: 'worker',
      because: '',
      attempt: 1,
      inputs: {},
      large: {},
      priority: 3,
      tainted: [],
      budgetUsd: undefined,
      ...more,
    }) as Begin;
  const elsewhere = jest.fn();
  const at = jest.fn();
  const desk = { running: () => undefined, at, elsewhere };
  const run = (more: Partial<Begin> = {}, input: PlanInput = {}) => runNode(begin(more), input, desk);
  const expanding = { ...node, expand: true as const };

  test('is a run of its agent with what it is given; another attempt is another run', async () => {
    mockStart.mockResolvedValue({ id: 'p/a', ...ended({ output: 'x', tainted: ['web'] }) });
    expect(await run()).toEqual({ status: 'done', output: 'x', costUsd: 1, tokens: 7, tainted: ['web'] });
    await run(
      { attempt: 2, inputs: { a: 1 }, budgetUsd: 2, tainted: ['mail'] },
      { requester: 'ana', tainted: ['web'] },
    );
    expect(mockStart.mock.calls[0]).toEqual([
      'worker',
      { id: 'A.b', summary: 'A.b · worker', input: 'do | this', priority: 3, parentClosePolicy: 'ABANDON' },
    ]);
    expect(mockStart.mock.calls[1]?.[1]).toEqual({
      id: 'A.b~2',
      // What the first attempt has done by a `once` tool is not done again.
      effectScope: 'p/A.b',
      summary: 'A.b · worker',
      input: { task: 'do | this', inputs: { a: 1 } },
      priority: 3,
      parentClosePolicy: 'ABANDON',
      limits: { costUsd: 2 },
      requester: 'ana',
      tainted: ['web', 'mail'],
    });
  });

  test('that ends without an answer has failed, with why and what it cost', async () => {
    mockStart.mockResolvedValueOnce({ id: 'p/a', ...ended({ stopReason: 'max-cost', detail: 'no money' }) });
    expect(await run()).toMatchObject({ status: 'failed', reason: 'max-cost: no money', costUsd: 1 });
    mockStart.mockResolvedValueOnce({ id: 'p/a', ...ended({ stopReason: 'refused' }) });
    expect(await run()).toMatchObject({ reason: 'refused' });
    const child = (cause: Error) =>
      new ChildWorkflowFailure(
        'default',
        { workflowId: 'x', runId: 'y' },
        'agentSession',
        RetryState.NON_RETRYABLE_FAILURE,
        cause,
      );
    mockStart.mockRejectedValueOnce(
      child(failure('Model.Auth', { session: { costUsd: 0.5, usage: { ...NO_USAGE, inputTokens: 9 } } })),
    );
    expect(await run()).toEqual({ status: 'failed', reason: 'Model.Auth: it was so', costUsd: 0.5, tokens: 9 });
    mockStart.mockRejectedValueOnce(failure('Input.Invalid'));
    expect(await run()).toMatchObject({ status: 'failed', costUsd: 0 });
    mockStart.mockRejectedValueOnce(child(new CancelledFailure('cancelled')));
    expect(await run()).toMatchObject({ status: 'cancelled' });
    mockStart.mockRejectedValueOnce(child(new TerminatedFailure('it was terminated')));
    expect(await run()).toMatchObject({ status: 'failed', reason: 'Run.Failed: it was terminated' });
    mockStart.mockRejectedValueOnce(new WorkflowExecutionAlreadyStartedError('there', 'p/a', 'agentSession'));
    expect(await run()).toMatchObject({ status: 'failed', reason: expect.stringContaining('Run.AlreadyStarted') });
    // A bug is none of its ends: the workflow task is tried again until it is mended.
    mockStart.mockRejectedValueOnce(new TypeError('bug'));
    await expect(run()).rejects.toThrow('bug');
  });

  test('is not begun with nothing left of the budget', async () => {
    expect(await run({ budgetUsd: 0 })).toEqual({
      status: 'failed',
      reason: expect.stringContaining('nothing is left'),
      costUsd: 0,
      tokens: 0,
    });
    expect(mockStart).not.toHaveBeenCalled();
  });

  test('that expands is no way to another account, or to more than the plan may have', async () => {
    const limits = { parallel: 200, nesting: 8, nodes: 5, fanOut: 'all' };
    mockStart.mockResolvedValue({ id: 'p/a', ...ended({ output: { nodes: [], account: 'acme/other', limits } }) });
    mockChild.mockResolvedValueOnce({ status: 'completed', output: '', costUsd: 0, tokens: 0, counts: {} });
    await run({ node: expanding, limits: { ...plan.limits, parallel: 4 } }, { account: 'acme/mine' });
    const [[, started]] = mockChild.mock.calls as [[string, { args: [PlanInput] }]];
    const [input] = started.args;
    expect(input.account).toBe('acme/mine');
    expect(input.plan).toEqual({
      name: 'a-b',
      nodes: [],
      limits: { ...plan.limits, parallel: 4, nesting: 3, nodes: 5 },
    });
  });

  test('that expands runs the plan it gave, within what is left, one deeper; the answer is that plan’s', async () => {
    mockStart.mockResolvedValue({ id: 'p/a', ...ended({ output: { nodes: [] }, tainted: ['web'] }) });
    const result = { status: 'completed', output: 'inner', costUsd: 2, tokens: 3, counts: {} } as PlanResult;
    mockChild.mockResolvedValueOnce(result);
    expect(await run({ node: expanding, budgetUsd: 5 }, { nesting: 1 })).toEqual({
      status: 'done',
      output: 'inner',
      costUsd: 3,
      tokens: 10,
      tainted: ['web'],
    });
    expect(mockChild.mock.calls[0]?.[1]).toMatchObject({
      workflowId: 'p/A.b~plan-1',
      args: [{ plan: { name: 'a-b', nodes: [] }, parent: 'p', nesting: 2, budgetUsd: 4, tainted: ['web'] }],
    });
    mockChild.mockResolvedValueOnce({ ...result, status: 'expired' });
    expect(await run({ node: expanding })).toMatchObject({ status: 'failed', reason: 'expired', costUsd: 3 });
    mockChild.mockResolvedValueOnce({ ...result, status: 'failed', reason: '"x" is failed' });
    expect(await run({ node: expanding })).toMatchObject({ reason: '"x" is failed' });
    // What the plan itself cost is spent, also where it cannot run.
    mockChild.mockRejectedValueOnce(failure('Plan.Cycle'));
    expect(await run({ node: expanding })).toMatchObject({
      status: 'failed',
      reason: 'Plan.Cycle: it was so',
      costUsd: 1,
    });
    expect(await run({ node: expanding, budgetUsd: 1 })).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('nothing is left'),
      costUsd: 1,
    });
    expect(mockChild).toHaveBeenCalledTimes(4);
  });

  test('that began before the plan continued as new is not begun again, neither its run nor the plan it gave', async () => {
    const spent = { costUsd: 0.5, tokens: 1 };
    elsewhere.mockResolvedValueOnce(await ended({ output: 'x' }).result());
    expect(await run({ resumed: { workflow: 'p/A.b', ...spent }, budgetUsd: 0.25 })).toEqual({
      status: 'done',
      output: 'x',
      costUsd: 1.5,
      tokens: 8,
    });
    elsewhere.mockRejectedValueOnce(failure('Run.Failed'));
    const lost = await run({ resumed: { workflow: 'p/A.b', ...spent } });
    expect(lost).toMatchObject({ status: 'failed', reason: 'Run.Failed: it was so', costUsd: 0.5 });
    const made = { status: 'done' as const, output: { nodes: [] }, costUsd: 1, tokens: 7 };
    elsewhere.mockResolvedValueOnce({ status: 'completed', output: 'inner', costUsd: 2, tokens: 3, counts: {} });
    const within = { workflow: 'p/A.b~plan-1', costUsd: 0, tokens: 0, made };
    expect(await run({ node: expanding, resumed: within })).toMatchObject({ output: 'inner', costUsd: 3, tokens: 10 });
    expect(elsewhere.mock.calls).toEqual([['p/A.b'], ['p/A.b'], ['p/A.b~plan-1']]);
    // It can be found once more as long as it runs, and no longer.
    expect(at.mock.calls.slice(-2)).toEqual([[within], [undefined]]);
    expect(mockStart).not.toHaveBeenCalled();
    expect(mockChild).not.toHaveBeenCalled();
  });

  test('whoever is handed an answer that was cut is told so, and which run has all of it', async () => {
    const artifact = { id: 'sha256:0', bytes: 70_000, mediaType: 'text/plain' };
    mockStart.mockResolvedValueOnce({ id: 'p/a', ...ended({ output: 'The beginning', artifact }) });
    const { output } = await run();
    expect(output).toMatch(/^The beginning\n\n\[The answer is cut here\. It has 70000 bytes; .* run p\/a\.\]$/);
  });
});

describe('people see the whole plan before it runs', () => {
  const said = (outcome: Partial<ApprovalOutcome>) =>
    mockAsk.mockResolvedValueOnce({ verdict: 'approved', votes: [], ...outcome });
  const approve = (input: PlanInput = { approval: {} }) =>
    approvePlan(input, { plan, agents }, { asked: 0, waitsFor: [] });

  test('where somebody wants that', async () => {
    expect(await approve({})).toEqual({ plan, agents });
    expect(mockAsk).not.toHaveBeenCalled();
    said({});
    // What becomes of it later is asked for under the same terms.
    const approval = { approvers: ['role:boss'] };
    expect(await approve({ approval, tenant: 't', requester: 'ana' })).toEqual({ plan: { ...plan, approval }, agents });
    expect(mockAsk.mock.calls[0]).toEqual([
      'p/ask-1',
      expect.objectContaining({
        title: 'run the plan "p" with 2 nodes?',
        approvers: ['role:boss'],
        tenant: 't',
        requester: 'ana',
        body: expect.stringMatching(/\| a \| {2}\| {2}\| do {2}this|\| a \|[^\n]*\n\| b \| x \| a \| B \|$/),
      }),
    ]);
  });

  test('what they make of it is admitted; where it cannot run they are asked again, and told', async () => {
    said({ edit: { nodes: 1 } as never });
    mockAdmit.mockResolvedValueOnce({ problems: [problem('Plan.Cycle', 'round')] });
    said({ edit: { nodes: 2 } as never });
    const other = { plan: { ...plan, name: 'edited' }, agents };
    mockAdmit.mockResolvedValueOnce(other);
    expect(await approve()).toEqual({ ...other, plan: { ...other.plan, approval: {} } });
    expect(mockAsk.mock.calls.map(([id]) => id)).toEqual(['p/ask-1', 'p/ask-2']);
    expect(mockAsk.mock.calls[1]?.[1].body).toMatch(/^\*\*What it was edited to cannot run: round\*\*/);
    said({ edit: {} });
    mockAdmit.mockRejectedValueOnce(new TypeError('bug'));
    await expect(approve()).rejects.toThrow('bug');
  });

  test.each([
    [{ verdict: 'denied' as const, reason: 'too dear' }, 'the plan was denied: too dear'],
    [{ verdict: 'expired' as const }, 'the plan was expired'],
  ])('without their word it does not run: %j', async (outcome, message) => {
    said(outcome);
    await expect(approve()).rejects.toMatchObject({ type: 'Plan.Denied', message });
  });

  test('a long plan is shown in part, and how much more there is said', async () => {
    said({});
    const nodes = Array.from({ length: 103 }, (_, at) => ({ id: `n${at}`, goal: 'g' }));
    const long = planSchema.parse({ name: 'p', goal: 'a goal', agent: 'worker', nodes });
    await approvePlan({ approval: {} }, { plan: long, agents }, { asked: 4, waitsFor: [] });
    expect(mockAsk.mock.calls[0]?.[0]).toBe('p/ask-5');
    expect(mockAsk.mock.calls[0]?.[1].body).toMatch(/^a goal\n\n\| node[\s\S]*\| n99 \|[\s\S]*… and 3 more$/);
  });
});
