import type { AgentDefinition } from '../../protocol/agent';
import { WORKFLOW } from '../../protocol/names';
import type { PlanDefinition } from '../../protocol/plan/definition';
import { SHARDS, shardIdOf, shardIds, shardOf } from '../../protocol/registry/shards';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { type TestWorkerOptions, useTemporal } from '../setup/test-worker';

const temporal = useTemporal('registry');
/** A registry for each test: they know nothing of each other. */
const registry = (name: string) => temporal.holdfast.registry(`${temporal.taskQueue}-${name}`.slice(-60));
const nameOf = (name: string) => `${temporal.taskQueue}-${name}`.slice(-60);

/** The agent `good` does its work; `bad` fails it. */
function team(more: TestWorkerOptions = {}): TestWorkerOptions {
  const agent = (name: string): AgentDefinition => ({
    name,
    instructions: `I am ${name}.`,
    model: 'scripted/steps',
    capabilities: ['code'],
    role: 'engineer',
    tags: ['team'],
    output: { type: 'object', required: ['done'] },
    outputRepairs: 0,
  });
  const step: ScriptedStep = ({ instructions }) => ({ text: instructions.includes('bad') ? 'no' : '{"done":true}' });
  return {
    agents: [agent('good'), agent('bad')],
    providers: [scriptedModel(Array(500).fill(step))],
    ...more,
  };
}

const planOf = (nodes: number, more: Partial<PlanDefinition> = {}): PlanDefinition => ({
  name: 'work',
  onFailure: 'continue',
  nodes: Array.from({ length: nodes }, (_, at) => ({ id: `n${at}`, goal: 'G', needs: ['code'] })),
  ...more,
});

test('agents are registered, changed, found by what they are, paused, rated and removed; versions are kept', async () => {
  const agents = registry('crud');
  await temporal.during(team(), async () => {
    expect(await agents.find()).toEqual({ agents: [], total: 0 });
    await expect(agents.get('ada')).rejects.toMatchObject({ code: 'Registry.Unknown' });
    await expect(agents.rate('ada', { stars: 5 })).rejects.toMatchObject({ code: 'Registry.Unknown' });
    const ada = { name: 'ada', role: 'editor', capabilities: ['prose', 'code'], tags: ['gold'], revision: 'r1' };
    const bo = { name: 'bo', description: 'Writes letters.', capabilities: ['prose'] };
    expect(await agents.register([ada, bo], { queue: 'q1' })).toEqual({ added: 2, updated: 0, unchanged: 0, left: 0 });
    expect(await agents.register([ada, bo], { queue: 'q2' })).toEqual({ added: 0, updated: 0, unchanged: 2, left: 0 });
    await agents.register([{ name: 'cy' }]);

    const names = async (filter: object) => (await agents.find(filter)).agents.map(({ name }) => name);
    expect(await names({})).toEqual(['ada', 'bo', 'cy']);
    expect(await names({ name: 'bo' })).toEqual(['bo']);
    expect(await names({ role: 'editor' })).toEqual(['ada']);
    expect(await names({ capability: 'prose' })).toEqual(['ada', 'bo']);
    expect(await names({ capability: 'prose', tag: 'gold' })).toEqual(['ada']);
    expect(await names({ status: 'unserved' })).toEqual(['cy']);
    expect(await names({ queue: 'q2' })).toEqual(['ada', 'bo']);
    expect(await names({ text: 'LETTERS' })).toEqual(['bo']);
    expect(await names({ limit: 1, after: 'ada' })).toEqual(['bo']);

    expect(await agents.register([{ ...ada, revision: 'r2' }], { queue: 'q1', ifVersion: 1, by: 'ana' })).toMatchObject(
      {
        updated: 1,
      },
    );
    await expect(agents.register([ada], { ifVersion: 1 })).rejects.toMatchObject({ code: 'Registry.Conflict' });
    expect(await agents.get('ada')).toMatchObject({
      version: 2,
      revision: 'r2',
      versions: [
        { version: 1, revision: 'r1' },
        { version: 2, revision: 'r2', by: 'ana' },
      ],
      queues: ['q1', 'q2'],
      status: 'active',
    });
    // All that q2 serves from now on is bo.
    expect(await agents.register([bo], { queue: 'q2', whole: true })).toMatchObject({ left: 1 });
    expect((await agents.get('ada')).queues).toEqual(['q1']);

    await agents.pause('ada', { reason: 'on leave', by: 'ana' });
    expect(await agents.get('ada')).toMatchObject({ status: 'paused', paused: { by: 'ana', reason: 'on leave' } });
    expect((await agents.route({ needs: ['prose'] })).agent).toBe('bo');
    await agents.resume('ada');
    await agents.rate('ada', { stars: 5, reason: 'lovely', run: 'r-1' });
    await agents.rate('ada', { violation: true });
    const { reputation, remarks } = await agents.get('ada');
    const rating = reputation.parts.find(({ part }) => part === 'rating');
    expect(rating).toMatchObject({ weight: 0.2, value: expect.closeTo(2 / 3, 3), evidence: expect.closeTo(1, 3) });
    expect(reputation.counts).toEqual({ outcomes: 0, ratings: 1, violations: 1 });
    expect(remarks).toMatchObject([{ stars: 5, reason: 'lovely', run: 'r-1' }, { violation: true }]);

    await agents.remove('ada');
    expect(await names({})).toEqual(['bo', 'cy']);
    await expect(agents.remove('ada')).rejects.toMatchObject({ code: 'Registry.Unknown' });
    await expect(agents.register([{ name: 'No Name' } as never])).rejects.toMatchObject({ code: 'Input.Invalid' });
    await expect(agents.rate('bo', {})).rejects.toMatchObject({ code: 'Input.Invalid' });
    await expect(agents.route({ needs: ['flying'] })).rejects.toMatchObject({ code: 'Registry.NoCandidate' });
  });
});

test('what any client sends is checked where it arrives: it leaves no trace', async () => {
  const agents = registry('raw');
  await temporal.during(team(), async () => {
    await agents.register([{ name: 'bo' }]);
    const handle = temporal.client.workflow.getHandle(shardIdOf(nameOf('raw'), shardOf('bo')));
    const raw = (name: string, asked: unknown) =>
      handle.executeUpdate(name, { args: [asked] }).then(
        () => 'taken',
        (error) => error.cause?.type as string,
      );
    for (const [name, asked] of [
      ['register', { by: 'x', entries: [{ name: 'B O' }] }],
      ['register', { by: 'x', entries: [{ name: 'bo', colour: 'red' }] }],
      ['register', { by: 'x', entries: [{ name: 'bo', capabilities: 'code' }] }],
      ['register', { by: 'x', entries: [{ name: 'bo', priority: 9 }] }],
      ['register', { entries: [] }],
      ['rate', { by: 'x', agent: 'bo', stars: 9 }],
      ['appoint', { by: 'x', agent: 'bo', state: 'gone' }],
    ] as const)
      expect([name, asked, await raw(name, asked)]).toEqual([name, asked, 'Input.Invalid']);
    expect(await raw('unregister', { by: 'x', agent: 'nobody' })).toBe('Registry.Unknown');
    const many = Array.from({ length: 2_001 }, (_, at) => ({ name: `agent-${at}` }));
    expect(await raw('register', { by: 'x', entries: many })).toBe('Registry.Full');
    for (const report of [null, { outcomes: [{ agent: 'bo' }, 7] }, { began: { bo: 'x' } }, { outcomes: 'none' }])
      await handle.signal('report', report);
    await agents.report({ agent: 'bo', success: true, ms: 10, usd: 0 });
    expect(await agents.get('bo')).toMatchObject({ version: 1, running: 0, outcomes: 1 });
  });
});

test('it continues as new with all it knows', async () => {
  const name = nameOf('rollover');
  const agents = registry('rollover');
  const workflowId = shardIdOf(name, shardOf('bo'));
  await temporal.during(team(), async () => {
    const input = { registry: name, shard: shardOf('bo'), rolloverMessages: 3 };
    const start = { workflowId, taskQueue: temporal.taskQueue, args: [input] as [typeof input] };
    const { firstExecutionRunId } = await temporal.client.workflow.start(WORKFLOW.agentRegistry, start);
    await agents.register([{ name: 'bo', capabilities: ['code'] }], { queue: 'q' });
    for (let at = 0; at < 8; at++)
      await agents.report({ agent: 'bo', needs: ['code'], success: at % 2 === 0, ms: 1, usd: 0 });
    await agents.rate('bo', { stars: 4 });
    await eventually(async () => {
      const view = await agents.get('bo');
      expect(view).toMatchObject({ outcomes: 8, version: 1, queues: ['q'] });
      expect(view.kinds.code?.success).toBeCloseTo(0.5, 5);
      expect(view.reputation.counts.ratings).toBe(1);
    });
    const { runId } = await temporal.client.workflow.getHandle(workflowId).describe();
    expect(runId).not.toBe(firstExecutionRunId);
  });
});

test('a worker enters its agents in the background, once; what its plans do is told, and one without a registry works alike', async () => {
  const name = nameOf('worker');
  const agents = registry('worker');
  const id = (agent: string) => shardIdOf(name, shardOf(agent));
  await temporal.during(team({ registry: name }), async () => {
    await eventually(async () => expect(await agents.get('good')).toMatchObject({ status: 'active' }));
    expect(await agents.get('good')).toMatchObject({
      role: 'engineer',
      capabilities: ['code'],
      tags: ['team'],
      model: 'scripted/steps',
      queues: [temporal.taskQueue],
      version: 1,
    });
    expect((await agents.find({ capability: 'code' })).total).toBe(2);
    const plan = planOf(6, { assign: 'round-robin' });
    const result = await (await temporal.holdfast.plans.submit(plan, { id: `${name}-told` })).result();
    expect(result.counts).toMatchObject({ done: 3, failed: 3 });
    await eventually(async () => {
      expect(await agents.get('good')).toMatchObject({ outcomes: 3, running: 0 });
      expect(await agents.get('bad')).toMatchObject({ outcomes: 3, running: 0 });
    });
    const [good, bad] = await Promise.all([agents.get('good'), agents.get('bad')]);
    expect(good.kinds.code).toMatchObject({ success: 1 });
    expect(bad.kinds.code).toMatchObject({ success: 0 });
    expect(good.score).toBeGreaterThan(bad.score + 0.2);
    // So is what becomes of a run that was started by itself.
    const run = await temporal.holdfast.start('good', { input: 'alone', id: `${name}-alone` });
    expect(await run.result()).toMatchObject({ stopReason: 'completed' });
    await eventually(async () => expect(await agents.get('good')).toMatchObject({ outcomes: 4, running: 0 }));
  });
  const before = (await temporal.events(id('good'))).length;
  await temporal.during(team({ registry: name }), async () => {
    // Long enough for it to have asked, and nothing is written where nothing has changed.
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    expect(await agents.get('good')).toMatchObject({ version: 1 });
  });
  expect((await temporal.events(id('good'))).length).toBe(before);
  const [good] = team().agents ?? [];
  await temporal.during(team({ registry: name, agents: [good as AgentDefinition] }), () =>
    eventually(async () => expect(await agents.get('bad')).toMatchObject({ status: 'unserved', outcomes: 3 })),
  );
});

test('learned: the rule until enough is known, then whoever did best; the choice is in the history', async () => {
  const name = nameOf('learned');
  const agents = registry('learned');
  const plans = temporal.holdfast.plans;
  const chosenOf = async (id: string) =>
    (await plans.get(id).nodes()).map(({ agent, because }) => ({ agent, because }));
  await temporal.during(team({ registry: name }), async () => {
    const ids = ['a', 'b'].map((one) => `${name}-${one}`) as [string, string];
    const plan = planOf(12, { assign: 'learned', limits: { parallel: 4 } });
    await (await plans.submit(planOf(4, { assign: 'learned' }), { id: ids[0] })).result();
    expect((await chosenOf(ids[0])).map(({ because }) => because)).toEqual(
      Array(4).fill(
        expect.stringMatching(/^learned: too little is known \(0\.0 attempts\); capability: has all it needs/),
      ),
    );
    for (let at = 0; at < 20; at++) {
      await agents.report({ agent: 'good', needs: ['code'], success: true, ms: 1_000, usd: 0.01 });
      await agents.report({ agent: 'bad', needs: ['code'], success: false, ms: 1_000, usd: 0.01 });
    }
    // What was known before is remembered for two seconds.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const result = await (await plans.submit(plan, { id: ids[1] })).result();
    const chosen = await chosenOf(ids[1]);
    expect(chosen.filter(({ agent }) => agent === 'good').length).toBeGreaterThanOrEqual(10);
    expect(chosen[0]?.because).toMatch(/^learned: (does best|a trial), \d+ % expected of [\d.]+ attempts, of 2 free$/);
    expect(result.status).toBe('completed');
    const markers = (await temporal.events(ids[1])).filter(({ markerRecordedEventAttributes: marker }) => marker);
    expect(markers).toHaveLength(12);
    expect((await agents.route({ needs: ['code'], assign: 'learned', exploration: 0 })).agent).toBe('good');
  });
}, 120_000);

test('a plan gives nothing to whoever is paused, by any strategy; named, it is refused', async () => {
  const name = nameOf('paused');
  const agents = registry('paused');
  await temporal.during(team({ registry: name }), async () => {
    await agents.register([{ name: 'good', capabilities: ['code'] }]);
    await agents.register([{ name: 'bad', capabilities: ['code'] }]);
    await agents.pause('bad', { by: 'ana' });
    const { plans } = temporal.holdfast;
    for (const assign of ['capability', 'round-robin', 'least-loaded', 'priority'] as const) {
      const plan = await plans.submit(planOf(2, { assign }), { id: `${name}-${assign}` });
      expect(await plan.result()).toMatchObject({ status: 'completed', counts: { done: 2 } });
      expect((await plan.nodes()).map(({ agent }) => agent)).toEqual(['good', 'good']);
    }
    const named = planOf(1, { nodes: [{ id: 'n', goal: 'G', agent: 'bad' }] });
    const refused = await plans.submit(named, { id: `${name}-named` });
    await expect(refused.result()).rejects.toMatchObject({ code: 'Plan.AgentPaused' });
  });
}, 120_000);

test('without a registry the learned choice is the rule, and nothing is entered anywhere', async () => {
  const name = nameOf('nothing');
  const id = `${name}-plan`;
  await temporal.during(team(), async () => {
    const plan = await temporal.holdfast.plans.submit(planOf(2, { assign: 'learned' }), { id });
    await plan.result();
    expect((await plan.nodes()).map(({ because }) => because)).toEqual(
      Array(2).fill(expect.stringContaining('too little is known')),
    );
    await new Promise((resolve) => setTimeout(resolve, 2_500));
  });
  expect(shardIds(name)).toHaveLength(SHARDS);
  for (const shard of shardIds(name))
    await expect(temporal.client.workflow.getHandle(shard).describe()).rejects.toMatchObject({
      name: 'WorkflowNotFoundError',
    });
});
