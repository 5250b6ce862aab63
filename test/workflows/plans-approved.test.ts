import type { AgentDefinition } from '../../protocol/agent';
import type { PlanDefinition } from '../../protocol/plan/definition';
import { type ScriptedReply, scriptedModel } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { say, team } from '../fixtures/plan-team';
import { useTemporal } from '../setup/test-worker';

/** What people had to approve does not become something else without them. */

const temporal = useTemporal('plans-approved');
const plans = () => temporal.holdfast.plans;
const inbox = () => temporal.holdfast.approvals;
const refusal = { text: '', finish: 'refusal' } as const;
const approval = { approvers: ['user:cfo'], expiresAfter: '1h' };

async function open(run: string) {
  return (await inbox().list({ run })).map(({ id, title }) => ({ id, title }));
}

/** The one question there is, once it is there. */
async function asked(run: string, title: string): Promise<string> {
  const found = await eventually(async () => {
    const all = await open(run);
    expect(all).toEqual([{ id: expect.any(String), title: expect.stringContaining(title) }]);
    return all;
  });
  return known(found[0]?.id);
}

/** Once it can be decided on: a worker has it. */
async function known(id = ''): Promise<string> {
  await inbox().get(id);
  return id;
}

/** A node that begins once `gate` is decided, and what was decided on at the start. */
const gated = (name: string): PlanDefinition => ({
  name,
  agent: 'worker',
  approval,
  nodes: [
    { id: 'gate', goal: 'GATE', approval: true },
    { id: 'pay', goal: 'PAY 10', after: ['gate'] },
    { id: 'tell', goal: 'TELL', after: ['pay'] },
  ],
});

async function begun(id: string) {
  const plan = await plans().submit(gated(id), { id });
  await inbox().approve(await asked(id, '3 nodes'), { by: 'cfo' });
  await asked(id, 'start "gate"');
  return plan;
}

test('an amendment of a plan that was approved waits for the same people, and changes nothing until then', async () => {
  const { options, seen } = team(say);
  await temporal.during(options, async () => {
    const plan = await begun('pap-amend');
    const gate = (await open('pap-amend'))[0]?.id ?? '';
    const replace = [{ id: 'pay', goal: 'PAY 1000', after: ['gate'] }];
    const difference = await plan.amend({ replace, by: 'eve', reason: 'more' });
    expect(difference).toEqual({ added: [], replaced: ['pay'], removed: [], approval: 'pap-amend/ask-3' });
    const question = await inbox().get('pap-amend/ask-3');
    expect(question).toMatchObject({
      approvers: ['user:cfo'],
      expiresAt: expect.any(Number),
      request: { kind: 'plan', requester: 'eve', arguments: { replace }, body: expect.stringContaining('PAY 1000') },
    });
    expect((await plan.nodes())[1]).toMatchObject({ goal: 'PAY 10' });
    await expect(inbox().approve('pap-amend/ask-3', { by: 'eve' })).rejects.toMatchObject({
      code: 'Approval.NotApprover',
    });
    await inbox().deny('pap-amend/ask-3', { by: 'cfo', reason: 'too much' });
    // Nor by way of who does it.
    const change = plan.adjust({ node: 'pay', action: 'change', agent: 'worker' });
    await expect(change).rejects.toMatchObject({ code: 'Plan.Illegal', hint: expect.stringContaining('Amend') });
    // What an approver makes of it is admitted anew, and what only takes away needs nobody.
    const add = [{ id: 'more', goal: 'MORE', after: ['pay'] }];
    const { approval: more } = await plan.amend({ add, by: 'eve' });
    const edit = { add: [{ id: 'less', goal: 'LESS', after: ['pay'] }], replace: [], remove: [] };
    await inbox().approve(await known(more), { by: 'cfo', edit });
    await eventually(async () => expect((await plan.nodes()).map(({ id }) => id)).toContain('less'));
    expect(await plan.amend({ remove: ['tell'], by: 'eve' })).not.toHaveProperty('approval');
    await eventually(async () => expect((await plan.nodes()).map(({ id }) => id)).toEqual(['gate', 'pay', 'less']));
    await inbox().approve(gate, { by: 'ana' });
    expect(await plan.result()).toMatchObject({ status: 'completed', output: 'LESS(PAY 10(GATE()))' });
    expect(seen.map(({ task }) => task)).toEqual(['GATE', 'PAY 10', 'LESS']);
    const { actions = [] } = (await plan.view()) ?? {};
    expect(actions.map(({ action, by, detail }) => [action, by, detail])).toEqual([
      ['propose', 'eve', '+ ~pay -'],
      ['refuse', 'eve', 'denied: too much'],
      ['propose', 'eve', '+more ~ -'],
      ['amend', 'eve', '+less ~ -, approved by cfo'],
      ['amend', 'eve', '+ ~ -tell'],
    ]);
  });
});

test('one who edits the plan at its approval leaves its terms in force; a node keeps those of the one it replaces', async () => {
  const { options } = team(say);
  await temporal.during(options, async () => {
    const plan = await plans().submit(gated('pap-edit'), { id: 'pap-edit' });
    const { approval: _gone, ...edit } = gated('pap-edit');
    await inbox().approve(await asked('pap-edit', '3 nodes'), { by: 'cfo', edit });
    const gate = await asked('pap-edit', 'start "gate"');
    const { approval: id } = await plan.amend({ replace: [{ id: 'gate', goal: 'DOOR' }] });
    await inbox().approve(await known(id), { by: 'cfo' });
    const again = await asked('pap-edit', 'start "gate": DOOR');
    expect(again).not.toBe(gate);
    await inbox().approve(again, { by: 'ana' });
    expect(await plan.result()).toMatchObject({ output: 'TELL(PAY 10(DOOR()))' });
  });
});

test('a question about an amendment outlives a roll-over, holds up no node, and ends with a plan that fails', async () => {
  const { options, seen } = team((told) => (told.task === 'BAD' ? refusal : say(told)));
  await temporal.during(options, async () => {
    const chain = Array.from({ length: 6 }, (_, at) => ({
      id: `n${at}`,
      goal: `N${at}`,
      after: at === 0 ? ['gate'] : [`n${at - 1}`],
    }));
    const nodes = [{ id: 'gate', goal: 'GATE', approval: true as const }, ...chain];
    const long = { ...gated('pap-long'), nodes };
    const plan = await plans().submit(long, { id: 'pap-long', rolloverNodes: 2 });
    await inbox().approve(await asked('pap-long', '7 nodes'), { by: 'cfo' });
    const gate = await asked('pap-long', 'start "gate"');
    const { approval: id = '' } = await plan.amend({ add: [{ id: 'last', goal: 'LAST', after: ['n5'] }] });
    await inbox().approve(gate, { by: 'ana' });
    await eventually(async () => expect(await plan.view()).toMatchObject({ status: 'waiting', counts: { done: 7 } }));
    const [first] = await temporal.events('pap-long');
    expect(first?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId).toBeTruthy();
    expect(await plan.view()).toMatchObject({ waitsFor: [{ id }] });
    await inbox().approve(id, { by: 'cfo' });
    expect(await plan.result()).toMatchObject({ status: 'completed', output: 'LAST(N5(N4(N3(N2(N1(N0(GATE())))))))' });
    expect(seen).toHaveLength(8);

    const bad = { ...gated('pap-bad'), nodes: [{ id: 'gate', goal: 'BAD', approval: true as const }] };
    const failing = await plans().submit(bad, { id: 'pap-bad' });
    await inbox().approve(await asked('pap-bad', '1 nodes'), { by: 'cfo' });
    const badGate = await asked('pap-bad', 'start "gate"');
    await failing.amend({ add: [{ id: 'x', goal: 'X' }] });
    await inbox().approve(badGate, { by: 'ana' });
    expect(await failing.result()).toMatchObject({ status: 'failed' });
    await eventually(async () => expect(await open('pap-bad')).toEqual([]));
  });
});

test('another way after a failure is asked for like the plan; denied, the plan ends as it would have', async () => {
  const { options, seen } = team((told) => (told.task === 'BAD' ? refusal : say(told)));
  const way: ScriptedReply = {
    text: JSON.stringify({ nodes: [{ id: 'other', goal: 'OTHER', agent: 'worker', after: [] }] }),
  };
  const planner: AgentDefinition = { name: 'planner', instructions: 'Plan.', model: 'planning/steps' };
  const all = {
    ...options,
    agents: [...(options.agents ?? []), planner],
    providers: [...(options.providers ?? []), scriptedModel([way, way, way], { name: 'planning' })],
  };
  const plan: PlanDefinition = {
    name: 'anew',
    agent: 'worker',
    approval,
    replan: 1,
    nodes: [{ id: 'bad', goal: 'BAD' }],
  };
  await temporal.during(all, async () => {
    const submitted = async (id: string) => {
      const handle = await plans().submit(plan, { id });
      await inbox().approve(await asked(id, '1 nodes'), { by: 'cfo' });
      return { handle, question: await asked(id, 'by 1 other nodes') };
    };
    const denied = await submitted('pap-denied');
    await inbox().deny(denied.question, { by: 'cfo', reason: 'no more' });
    expect(await denied.handle.result()).toMatchObject({ status: 'failed', reason: expect.stringContaining('"bad"') });
    expect((await denied.handle.view())?.actions).toMatchObject([{ action: 'refuse', detail: 'denied: no more' }]);
    expect(seen.map(({ task }) => task)).toEqual(['BAD']);

    const edited = await submitted('pap-edited');
    const nodes = (id: string, after: string[]) => ({ nodes: [{ id, goal: 'EDITED', agent: 'worker', after }] });
    await inbox().approve(edited.question, { by: 'cfo', edit: nodes('mine', ['bad']) });
    const again = await eventually(async () => {
      const id = await asked('pap-edited', 'by 1 other nodes');
      expect(id).not.toBe(edited.question);
      return id;
    });
    expect((await inbox().get(again)).request.body).toContain('only what is done can be built on');
    await inbox().approve(again, { by: 'cfo', edit: nodes('mine', []) });
    expect(await edited.handle.result()).toMatchObject({ status: 'completed', output: 'EDITED()' });

    const helped = await submitted('pap-helped');
    await helped.handle.adjust({ node: 'bad', action: 'retry' });
    await eventually(async () => expect(await open('pap-helped')).toEqual([]));
    expect(await helped.handle.result()).toMatchObject({ status: 'failed' });
  });
});

test('a plan within one that was approved is amended under the same terms', async () => {
  const inner = { nodes: [{ id: 'in', goal: 'INNER', agent: 'worker', approval: true }] };
  const { options } = team((told) => (told.task === 'SPLIT' ? { text: JSON.stringify(inner) } : say(told)));
  await temporal.during(options, async () => {
    const nodes = [{ id: 'split', goal: 'SPLIT', expand: true as const, output: { type: 'object' } }];
    const outer = await plans().submit({ ...gated('pap-outer'), nodes }, { id: 'pap-outer' });
    await inbox().approve(await asked('pap-outer', '1 nodes'), { by: 'cfo' });
    const id = 'pap-outer/split~plan-1';
    const node = await asked(id, 'start "in"');
    const { approval: question = '' } = await plans()
      .get(id)
      .amend({ replace: [{ id: 'in', goal: 'ELSE', agent: 'worker' }] });
    await known(question);
    await expect(inbox().approve(question, { by: 'eve' })).rejects.toMatchObject({ code: 'Approval.NotApprover' });
    await inbox().deny(question, { by: 'cfo' });
    await inbox().approve(node, { by: 'ana' });
    expect(await outer.result()).toMatchObject({ status: 'completed', output: 'INNER()' });
  });
});
