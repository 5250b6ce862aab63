import type { AgentDefinition } from '../../protocol/agent';
import type { PlanDefinition } from '../../protocol/plan/definition';
import { scriptedModel } from '../../testing/scripted-model';
import { say, team } from '../fixtures/plan-team';
import { notingTool } from '../fixtures/test-tools';
import { useTemporal } from '../setup/test-worker';

const temporal = useTemporal('plan-answers');
const plans = () => temporal.holdfast.plans;
const plain: Partial<AgentDefinition>[] = [{ name: 'plain', tools: [] }];

async function typesOf(id: string): Promise<(string | undefined)[]> {
  const events = await temporal.events(id);
  return events.flatMap((event) => [
    event.activityTaskScheduledEventAttributes?.activityType?.name ?? undefined,
    event.startChildWorkflowExecutionInitiatedEventAttributes?.workflowType?.name ?? undefined,
  ]);
}

test('a node whose agent has no tools is one activity; what is no plain answer becomes a run', async () => {
  let calls = 0;
  const { options } = team((told) => {
    if (told.task !== 'JSON') return say(told);
    // The first answer does not fit what is asked for: a run sees to it that the next one does.
    return { text: ++calls === 1 ? '"no"' : '{"n":1}' };
  }, plain);
  await temporal.during(options, async () => {
    const nodes = [
      { id: 'a', goal: 'A' },
      { id: 'b', goal: 'B', after: ['a'] },
    ];
    const plan = await plans().submit({ name: 'plain', agent: 'plain', nodes }, { id: 'pa-plain' });
    expect(await plan.result()).toMatchObject({ status: 'completed', output: 'B(A())' });
    const types = await typesOf('pa-plain');
    expect(types.filter((type) => type === 'invokeModel')).toHaveLength(2);
    expect(types).not.toContain('agentSession');
    const shown = await plan.nodes({ outputs: true });
    expect(shown.map(({ id, output, run }) => [id, output, run])).toEqual([
      ['a', undefined, undefined],
      ['b', 'B(A())', undefined],
    ]);

    const output = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };
    const asked = { name: 'plain', agent: 'plain', nodes: [{ id: 'json', goal: 'JSON', output }] };
    const second = await plans().submit(asked, { id: 'pa-json' });
    expect(await second.result()).toMatchObject({ status: 'completed', output: { n: 1 } });
    expect(await typesOf('pa-json')).toEqual(expect.arrayContaining(['invokeModel', 'agentSession']));
    expect((await second.nodes())[0]).toMatchObject({ status: 'done', attempts: 1, run: 'pa-json/json' });
  });
});

test('what was kept is given again for the same task, and for no other', async () => {
  const { options, seen } = team(say, plain);
  const home = temporal.folder();
  const asked = (goal: string, memory: object | true, inputs = 'A'): PlanDefinition => ({
    name: 'memory',
    agent: 'worker',
    nodes: [
      { id: 'in', goal: inputs, agent: 'plain' },
      { id: 'kept', goal, after: ['in'], memory: memory as true },
    ],
  });
  const run = async (id: string, plan: PlanDefinition, more = {}) => {
    const before = seen.filter(({ task }) => task.startsWith('T')).length;
    const handle = await plans().submit(plan, { id, ...more });
    const { output, costUsd } = await handle.result();
    const [, node] = await handle.nodes();
    const calls = seen.filter(({ task }) => task.startsWith('T')).length - before;
    return { output, calls, costUsd, recalled: node?.recalled };
  };
  await temporal.during({ ...options, home }, async () => {
    expect(await run('pa-m1', asked('T', true))).toMatchObject({ output: 'T(A())', calls: 1, recalled: undefined });
    expect(await run('pa-m2', asked('T', true))).toMatchObject({
      output: 'T(A())',
      calls: 0,
      recalled: { from: 'pa-m1', at: expect.any(Number) },
    });
    expect((await run('pa-m3', asked('T', true, 'B'))).calls).toBe(1);
    expect((await run('pa-m4', asked('T', { version: '2' }))).calls).toBe(1);
    expect((await run('pa-m5', asked('T', true), { tenant: 'other' })).calls).toBe(1);
    expect(await run('pa-m6', asked('T', true), { fresh: true })).toMatchObject({ calls: 1, recalled: undefined });
    expect((await run('pa-m7', asked('T', true))).recalled).toMatchObject({ from: 'pa-m6' });
    expect((await run('pa-m8', asked('Tick', { ttl: 1 }))).calls).toBe(1);
    expect((await run('pa-m9', asked('Tick', { ttl: 1 }))).calls).toBe(1);
  });
});

test('where a failure would end a plan, what is left is planned anew, a bounded number of times', async () => {
  const refused = { text: '', finish: 'refusal' } as const;
  const { options, seen } = team((told) => (told.task.startsWith('BAD') ? refused : say(told)));
  const told: string[] = [];
  const nodes = (...list: [id: string, goal: string, after: string[]][]) => ({
    text: JSON.stringify({ nodes: list.map(([id, goal, after]) => ({ id, goal, agent: 'worker', after })) }),
  });
  const replies = [
    nodes(['other', 'OTHER', ['bad']]),
    nodes(['other', 'BAD TOO', ['first']]),
    nodes(['third', 'THIRD', ['first']], ['end', 'END', ['third']]),
    { text: 'never' },
  ];
  const planner = scriptedModel(
    replies.map((reply) => ({ messages }) => {
      told.push(JSON.stringify(messages.at(-1)));
      return reply;
    }),
    { name: 'planning' },
  );
  const own: AgentDefinition = { name: 'planner', instructions: 'Plan.', model: 'planning/steps' };
  const all = {
    ...options,
    agents: [...(options.agents ?? []), own],
    providers: [...(options.providers ?? []), planner],
  };
  const plan = (replan: number): PlanDefinition => ({
    name: 'anew',
    goal: 'the end',
    agent: 'worker',
    replan,
    nodes: [
      { id: 'first', goal: 'FIRST' },
      { id: 'bad', goal: 'BAD', after: ['first'] },
      { id: 'last', goal: 'LAST', after: ['bad'] },
    ],
  });
  await temporal.during(all, async () => {
    const handle = await plans().submit(plan(2), { id: 'pa-anew' });
    const result = await handle.result();
    expect(result).toMatchObject({ status: 'completed', output: 'END(THIRD(FIRST()))', missing: [] });
    // What is done was not done again.
    expect(seen.map(({ task }) => task)).toEqual(['FIRST', 'BAD', 'BAD TOO', 'THIRD', 'END']);
    expect(told[0]).toContain('FIRST()');
    expect(told[0]).toContain('the end');
    expect(told[1]).toContain('only what is done can be built on');
    const { actions = [] } = (await handle.view()) ?? {};
    expect(actions.map(({ action, by, detail }) => [action, by, detail])).toEqual([
      ['replan', 'planner', 'other'],
      ['replan', 'planner', 'third end'],
    ]);
    expect((await handle.nodes()).filter(({ replaced }) => replaced).map(({ id }) => id)).toEqual([
      'bad',
      'last',
      'other',
    ]);

    const once = await (await plans().submit(plan(0), { id: 'pa-never' })).result();
    expect(once).toMatchObject({ status: 'failed' });
    expect(told).toHaveLength(3);
  });
});

test('a dry run does nothing, asks nobody, and tells what it would do', async () => {
  const noting = [notingTool('note'), notingTool('pay', { effect: 'once' }), notingTool('erase')];
  const tools = noting.map(({ tool }) => tool);
  const done = () => noting.flatMap(({ calls }) => calls);
  const permissions = { profile: 'owner' as const, ask: ['pay'], deny: ['erase'] };
  const agents: AgentDefinition[] = [
    {
      name: 'clerk',
      instructions: 'Work.',
      model: 'openai/gpt-5-mini',
      tools: tools.map(({ name }) => name),
      permissions,
    },
    { name: 'writer', instructions: 'Write.', model: 'openai/gpt-5-mini' },
  ];
  const env = { OPENAI_API_KEY: 'sk-never-used', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' };
  await temporal.during({ agents, tools, env }, async () => {
    const use = (name: string) => `Use the tool ${name} with {"text":"hello"}.`;
    const nodes = [
      ...['note', 'pay', 'erase'].map((name) => ({
        id: name,
        agent: 'clerk',
        goal: use(name),
        approval: true as const,
      })),
      { id: 'text', agent: 'writer', goal: 'Say it.', after: ['note', 'pay', 'erase'], memory: true as const },
    ];
    const plan = await plans().submit(
      { name: 'dry', nodes, approval: true },
      { id: 'pa-dry', dryRun: true, account: 'none' },
    );
    const result = await plan.result();
    expect(result).toMatchObject({ status: 'completed', counts: { done: 4 } });
    expect(result.planned).toEqual([
      { node: 'note', tool: 'note', arguments: '{"text":"hello"}', verdict: 'allow' },
      { node: 'pay', tool: 'pay', arguments: '{"text":"hello"}', verdict: 'ask' },
      { node: 'erase', tool: 'erase', arguments: '{"text":"hello"}', verdict: 'deny' },
    ]);
    // At the price of the model that would answer, though nobody was paid.
    expect(result.costUsd).toBeGreaterThan(0);
    expect(result.tokens).toBeGreaterThan(0);
    expect(done()).toEqual([]);
    expect(await temporal.holdfast.approvals.list({ run: 'pa-dry' })).toEqual([]);
    const run = await temporal.holdfast.start('clerk', { id: 'pa-dry-run', input: use('note'), dryRun: true });
    expect(await run.result()).toMatchObject({ planned: [{ tool: 'note', verdict: 'allow' }], simulated: true });
    expect(done()).toEqual([]);
  });
});
