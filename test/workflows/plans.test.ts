import type { AgentDefinition } from '../../protocol/agent';
import { HoldfastError } from '../../protocol/failures';
import type { PlanDefinition } from '../../protocol/plan/definition';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { say, team } from '../fixtures/plan-team';
import { useTemporal } from '../setup/test-worker';

const temporal = useTemporal('plans');
const plans = () => temporal.holdfast.plans;

const diamond: PlanDefinition = {
  name: 'diamond',
  agent: 'worker',
  nodes: [
    { id: 'a', goal: 'A' },
    { id: 'b', goal: 'B', after: ['a'] },
    { id: 'c', goal: 'C', after: ['a'] },
    { id: 'd', goal: 'D', after: ['b', 'c'] },
  ],
};

async function refusedWith(plan: PlanDefinition, id: string): Promise<string> {
  const error = await (await plans().submit(plan, { id })).result().catch((caught) => caught);
  return HoldfastError.is(error) ? error.code : String(error);
}

test('nodes run after what they come after, are handed its results, and the last one is the answer', async () => {
  const { options, seen } = team(say);
  await temporal.during(options, async () => {
    const plan = await plans().submit(diamond, { id: 'p-diamond' });
    const result = await plan.result();
    expect(result.missing).toEqual([]);
    expect(result).toMatchObject({ status: 'completed', output: 'D(B(A()),C(A()))', missing: [], counts: { done: 4 } });
    expect(seen.map(({ task }) => task).sort()).toEqual(['A', 'B', 'C', 'D']);
    expect(seen.at(-1)?.inputs).toEqual({ b: 'B(A())', c: 'C(A())' });
    expect(await temporal.holdfast.describe('p-diamond/a')).toMatchObject({ agent: 'worker', parent: 'p-diamond' });
    expect(await plan.view()).toMatchObject({ name: 'diamond', nodes: 4, counts: { done: 4 } });
    expect((await plan.nodes()).map(({ id, status, attempts }) => [id, status, attempts])).toEqual(
      ['a', 'b', 'c', 'd'].map((id) => [id, 'done', 1]),
    );
    // The same request again is the same plan; another one under its id is a mistake.
    expect((await plans().submit(diamond, { id: 'p-diamond' })).id).toBe('p-diamond');
    await expect(plans().submit('something else', { id: 'p-diamond' })).rejects.toMatchObject({
      code: 'Run.AlreadyStarted',
    });
  });
});

test('a plan that cannot run is refused with its own code before anything runs', async () => {
  const { options, seen } = team(say);
  const broken = (more: Partial<PlanDefinition>): PlanDefinition => ({ ...diamond, ...more });
  const [a, b] = diamond.nodes as [PlanDefinition['nodes'][number], PlanDefinition['nodes'][number]];
  await temporal.during(options, async () => {
    const cases: [string, PlanDefinition][] = [
      ['Plan.Cycle', broken({ nodes: [{ ...a, after: ['b'] }, b] })],
      ['Plan.UnknownNode', broken({ nodes: [{ ...a, after: ['nowhere'] }] })],
      ['Plan.UnknownAgent', broken({ nodes: [{ ...a, agent: 'stranger' }] })],
      ['Plan.UnknownCapability', broken({ nodes: [{ ...a, needs: ['flying'] }] })],
      ['Plan.TooLarge', broken({ limits: { nodes: 3 } })],
      ['Plan.TooDeep', broken({ limits: { depth: 2 } })],
      ['Plan.TooWide', broken({ limits: { fanOut: 1 } })],
      ['Plan.TooExpensive', broken({ budgetUsd: 1, nodes: [{ ...a, budgetUsd: 2 }] })],
      ['Plan.DeadlineImpossible', broken({ nodes: [{ ...a, estimate: '2h', deadline: '1h' }] })],
      [
        'Plan.TypeMismatch',
        broken({
          nodes: [
            { ...a, output: { type: 'object', properties: { n: { type: 'string' } }, additionalProperties: false } },
            { id: 'b', goal: 'B', inputs: { n: { from: 'a', path: '/n', schema: { type: 'number' } } } },
          ],
        }),
      ],
    ];
    for (const [at, [code, plan]] of cases.entries())
      expect([at, await refusedWith(plan, `p-broken-${at}`)]).toEqual([at, code]);
    expect(seen).toEqual([]);
  });
});

test('a goal is decomposed by a planner, told what was wrong until its plan can run', async () => {
  const { options, seen } = team(({ task, inputs }) => say({ task, inputs }), []);
  const asked: unknown[] = [];
  const planner = scriptedModel(
    [
      ({ messages }) => {
        asked.push(messages.at(-1));
        return { text: JSON.stringify({ nodes: [{ id: 'x', goal: 'X', agent: 'worker', after: ['x'] }] }) };
      },
      ({ messages }) => {
        asked.push(messages.at(-1));
        const nodes = [
          { id: 'x', goal: 'X', agent: 'worker', after: [] },
          { id: 'y', goal: 'Y', agent: 'worker', after: ['x'] },
        ];
        return { text: JSON.stringify({ nodes }) };
      },
    ],
    { name: 'planning' },
  );
  const own: AgentDefinition = { name: 'planner', instructions: 'Plan.', model: 'planning/steps' };
  const all = {
    ...options,
    agents: [...(options.agents ?? []), own],
    providers: [...(options.providers ?? []), planner],
  };
  await temporal.during(all, async () => {
    const plan = await plans().submit('write it', { id: 'p-goal' });
    expect(await plan.result()).toMatchObject({ status: 'completed', output: 'Y(X())' });
    expect(JSON.stringify(asked[0])).toContain('write it');
    expect(JSON.stringify(asked[1])).toContain('wait for each other: x → x');
    expect(seen.map(({ task }) => task)).toEqual(['X', 'Y']);
    expect((await plans().list()).find(({ id }) => id === 'p-goal')).toMatchObject({ title: 'write it' });
  });
});

test('what becomes of nodes after a failure is as their edges say', async () => {
  const fails: ScriptedStep = { text: '', finish: 'refusal' } as ScriptedStep;
  const { options, seen } = team((told) => (told.task === 'BAD' ? fails : say(told)));
  const withPolicy = (onFailure: 'fail' | 'skip' | 'continue' | 'compensate'): PlanDefinition => ({
    name: 'edges',
    agent: 'worker',
    nodes: [
      { id: 'first', goal: 'FIRST', undo: 'UNDO FIRST' },
      { id: 'bad', goal: 'BAD', after: ['first'] },
      { id: 'next', goal: 'NEXT', after: [{ node: 'bad', onFailure }] },
      { id: 'other', goal: 'OTHER', after: ['first'] },
    ],
  });
  await temporal.during(options, async () => {
    const run = async (policy: 'fail' | 'skip' | 'continue' | 'compensate') =>
      (await plans().submit(withPolicy(policy), { id: `p-edge-${policy}` })).result();
    expect(await run('fail')).toMatchObject({ status: 'failed', reason: expect.stringContaining('"bad" is failed') });
    const skipped = await run('skip');
    expect(skipped).toMatchObject({ status: 'completed', output: { next: null, other: 'OTHER(FIRST())' } });
    expect(skipped.missing.map(({ node, status }) => [node, status])).toEqual([
      ['bad', 'failed'],
      ['next', 'skipped'],
    ]);
    expect(await run('continue')).toMatchObject({ output: { next: 'NEXT()', other: 'OTHER(FIRST())' } });
    const compensated = await run('compensate');
    expect(compensated.undone).toMatchObject([{ node: 'first', status: 'done' }]);
    expect(seen.filter(({ task }) => task === 'UNDO FIRST')).toEqual([
      { task: 'UNDO FIRST', inputs: { done: 'FIRST()' } },
    ]);
  });
});

test('a failed node is tried again as often as it may; an operator may retry, skip, cancel and change', async () => {
  let failures = 2;
  let open = false;
  const fails: ScriptedStep = { text: '', finish: 'refusal' } as ScriptedStep;
  const { options, seen } = team(async (told) => {
    if (told.task === 'FLAKY' && failures-- > 0) return fails;
    while (told.task === 'SLOW' && !open) await new Promise((resolve) => setTimeout(resolve, 20));
    return say(told);
  });
  await temporal.during(options, async () => {
    const flaky = { id: 'flaky', goal: 'FLAKY', retry: { attempts: 3, backoff: 10 } };
    const plan = await plans().submit({ name: 'retry', agent: 'worker', nodes: [flaky] }, { id: 'p-retry' });
    expect(await plan.result()).toMatchObject({ status: 'completed', output: 'FLAKY()' });
    expect((await plan.nodes())[0]).toMatchObject({ attempts: 3, run: 'p-retry/flaky~3' });

    const nodes = [
      { id: 'slow', goal: 'SLOW' },
      { id: 'after', goal: 'AFTER', after: ['slow'] },
      { id: 'never', goal: 'NEVER', after: ['slow'] },
    ];
    const slow = await plans().submit(
      { name: 'orders', agent: 'worker', nodes, onFailure: 'continue' },
      { id: 'p-orders' },
    );
    await eventually(async () => expect(await slow.view()).toMatchObject({ counts: { running: 1, pending: 2 } }));
    await expect(slow.adjust({ node: 'slow', action: 'skip' })).rejects.toMatchObject({ code: 'Plan.Illegal' });
    await expect(slow.adjust({ node: 'nothing', action: 'skip' })).rejects.toMatchObject({ code: 'Plan.UnknownNode' });
    await slow.adjust({ node: 'never', action: 'skip', by: 'ana', reason: 'not needed' });
    await slow.adjust({ node: 'after', action: 'change', priority: 1 });
    expect((await slow.nodes()).find(({ id }) => id === 'slow')).toMatchObject({ effectivePriority: 1 });
    await slow.pause('wait');
    await expect(slow.pause()).rejects.toMatchObject({ code: 'Plan.Illegal' });
    expect(await slow.amend({ add: [{ id: 'more', goal: 'MORE', after: ['after'] }], by: 'ana' })).toEqual({
      added: ['more'],
      replaced: [],
      removed: [],
    });
    await expect(slow.amend({ remove: ['slow'] })).rejects.toMatchObject({ code: 'Plan.Illegal' });
    await expect(slow.amend({ remove: ['after'] })).rejects.toMatchObject({ code: 'Plan.UnknownNode' });
    open = true;
    await eventually(async () => expect(await slow.view()).toMatchObject({ status: 'paused', counts: { done: 1 } }));
    await slow.resume();
    const result = await slow.result();
    expect(result).toMatchObject({ status: 'completed', output: { more: 'MORE(AFTER(SLOW()))' } });
    expect(result.missing).toEqual([{ node: 'never', status: 'skipped', reason: 'by ana: not needed' }]);
    const { actions = [] } = (await slow.view()) ?? {};
    expect(actions.map(({ action, by }) => [action, by])).toEqual(
      expect.arrayContaining([
        ['skip', 'ana'],
        ['change', expect.any(String)],
        ['amend', 'ana'],
        ['pause', expect.any(String)],
      ]),
    );
    expect(seen.some(({ task }) => task === 'NEVER')).toBe(false);
  });
});

test('a plan continues as new once nothing runs; what is done is not run again', async () => {
  const { options, seen } = team(say);
  await temporal.during(options, async () => {
    const nodes = Array.from({ length: 12 }, (_, at) => ({
      id: `n${at}`,
      goal: `N${at}`,
      after: at < 3 ? [] : [`n${at - 3}`],
    }));
    const plan = await plans().submit({ name: 'long', agent: 'worker', nodes }, { id: 'p-long', rolloverNodes: 4 });
    const result = await plan.result();
    expect(result).toMatchObject({ status: 'completed', counts: { done: 12 }, output: { n11: 'N11(N8(N5(N2())))' } });
    expect(seen).toHaveLength(12);
    const started = (await temporal.events('p-long'))[0]?.workflowExecutionStartedEventAttributes;
    expect(started?.continuedExecutionRunId).toBeTruthy();
    expect((await plans().list()).filter(({ id }) => id === 'p-long')).toHaveLength(1);
    expect(await plan.view()).toMatchObject({ status: 'completed' });
  });
});

test('cancelling a plan cancels what it runs', async () => {
  const { options } = team(() => ({ text: 'late', delayMs: 20_000 }));
  await temporal.during(options, async () => {
    const plan = await plans().submit(diamond, { id: 'p-cancel' });
    await eventually(async () => expect(await plan.view()).toMatchObject({ counts: { running: 1 } }));
    await plan.cancel();
    await eventually(async () =>
      expect(await temporal.holdfast.describe('p-cancel/a')).toMatchObject({ status: 'cancelled' }),
    );
    const result = await plan.result();
    expect(result).toMatchObject({ status: 'cancelled', output: null, counts: { pending: 0, running: 0 } });
    expect(result.missing.map(({ node }) => node)).toEqual(['a', 'b', 'c', 'd']);
  });
});

test('people approve a whole plan, with edits, or one node of it', async () => {
  const { options, seen } = team(say);
  await temporal.during(options, async () => {
    const plan = await plans().submit({ ...diamond, approval: true }, { id: 'p-approve' });
    let id = '';
    await eventually(async () => {
      const [open] = await temporal.holdfast.approvals.list({ run: 'p-approve' });
      expect(open).toMatchObject({ kind: 'plan', title: expect.stringContaining('4 nodes') });
      id = open?.id ?? '';
    });
    expect(seen).toEqual([]);
    const edit = { ...diamond, nodes: [{ id: 'only', goal: 'ONLY', approval: true }] };
    await temporal.holdfast.approvals.approve(id, { by: 'ana', edit });
    await eventually(async () => {
      const open = await temporal.holdfast.approvals.list({ run: 'p-approve' });
      expect(open.map(({ title }) => title)).toEqual(['start "only": ONLY']);
      id = open[0]?.id ?? '';
    });
    expect(await plan.view()).toMatchObject({ status: 'waiting', waitsFor: [{ id }] });
    await temporal.holdfast.approvals.approve(id, { by: 'bo' });
    expect(await plan.result()).toMatchObject({ status: 'completed', output: 'ONLY()' });

    const denied = await plans().submit({ ...diamond, approval: true }, { id: 'p-denied' });
    await eventually(async () => {
      const [open] = await temporal.holdfast.approvals.list({ run: 'p-denied' });
      id = open?.id ?? '';
      expect(id).not.toBe('');
    });
    await temporal.holdfast.approvals.deny(id, { by: 'ana', reason: 'no' });
    await expect(denied.result()).rejects.toMatchObject({ code: 'Plan.Denied' });
  });
});

test('agents are chosen by what a node needs, never more at once than they may', async () => {
  let most = 0;
  let now = 0;
  const { options } = team(
    async (told) => {
      most = Math.max(most, ++now);
      for (let waited = 0; most < 2 && waited < 200; waited++) await new Promise((resolve) => setTimeout(resolve, 20));
      await new Promise((resolve) => setTimeout(resolve, 20));
      now--;
      return say(told);
    },
    [
      { name: 'coder', capabilities: ['javascript'] },
      { name: 'painter', capabilities: ['paint'] },
    ],
  );
  await temporal.during(options, async () => {
    const nodes = Array.from({ length: 6 }, (_, at) => ({ id: `n${at}`, goal: 'G', needs: ['typescript'] }));
    const plan = await plans().submit(
      { name: 'needs', nodes, related: { typescript: { javascript: 0.8 } }, limits: { perAgent: { coder: 2 } } },
      { id: 'p-needs' },
    );
    expect(await plan.result()).toMatchObject({ status: 'completed', counts: { done: 6 } });
    const [first] = await plan.nodes();
    expect(first).toMatchObject({ agent: 'coder', because: expect.stringContaining('fits 80 %') });
    expect(most).toBe(2);
  });
});

test('a node may give a plan, which is run in its place; deadlines end what is late', async () => {
  const { options } = team(async (told) => {
    if (told.task === 'SPLIT')
      return { text: JSON.stringify({ nodes: [{ id: 'in', goal: 'INNER', agent: 'worker' }] }) };
    if (told.task === 'LATE') return { text: 'late', delayMs: 10_000 };
    return say(told);
  });
  await temporal.during(options, async () => {
    const output = { type: 'object', required: ['nodes'] };
    const nodes = [{ id: 'split', goal: 'SPLIT', expand: true as const, output }];
    const plan = await plans().submit({ name: 'nest', agent: 'worker', nodes }, { id: 'p-nest' });
    expect(await plan.result()).toMatchObject({ status: 'completed', output: 'INNER()' });
    expect(await temporal.holdfast.describe('p-nest/split~plan-1/in')).toMatchObject({ agent: 'worker' });

    const late = [{ id: 'late', goal: 'LATE', estimate: 100, deadline: 1_500 }];
    const expired = await plans().submit({ name: 'late', agent: 'worker', nodes: late }, { id: 'p-late' });
    expect((await expired.result()).missing).toEqual([
      { node: 'late', status: 'expired', reason: 'not done within 1500 ms' },
    ]);
    await eventually(async () =>
      expect(await temporal.holdfast.describe('p-late/late')).toMatchObject({ status: 'cancelled' }),
    );
  });
});
