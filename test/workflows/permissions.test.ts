import type { AgentDefinition } from '../../protocol/agent';
import type { Layer } from '../../protocol/permissions/verdict';
import type { PermissionView } from '../../protocol/permissions/view';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { notingTool } from '../fixtures/test-tools';
import { type TestWorkerOptions, useTemporal } from '../setup/test-worker';

const temporal = useTemporal('permissions');
const note = (text: string): ScriptedStep => ({ toolCalls: [{ name: 'note', arguments: { text } }] });
const outcomes: ScriptedStep = ({ messages }) => ({
  text: messages.flatMap((message) => (message.role === 'tool' ? [message.outcome] : [])).join(' '),
});

function setUp(steps: ScriptedStep[], permissions: AgentDefinition['permissions'] = {}, more: TestWorkerOptions = {}) {
  const { tool, calls } = notingTool('note', { effect: 'idempotent' });
  const agents: AgentDefinition[] = [
    {
      name: 'clerk',
      instructions: 'x',
      model: 'scripted/steps',
      tools: ['note'],
      permissions: { profile: 'owner', ...permissions },
    },
    { name: 'other', instructions: 'x', model: 'scripted/steps', tools: ['note'], permissions: { profile: 'owner' } },
  ];
  const options: TestWorkerOptions = { agents, tools: [tool], providers: [scriptedModel(steps)], ...more };
  return { options, noted: () => calls.map(({ text }) => text) };
}

const view = (id: string) => temporal.client.workflow.getHandle(id).query<PermissionView | null>('permissions');
const layer = (policy: Layer['policy']): Layer => ({ of: 'above', policy, grants: [] });
const start = (id: string, input: object) =>
  temporal.client.workflow.start('agentSession', {
    workflowId: id,
    taskQueue: temporal.taskQueue,
    args: [{ agent: 'clerk', input: 'go', ...input }],
  });

test('a fork of a narrowed run can do no more, whichever agent goes on', async () => {
  const { options, noted } = setUp([note('a'), outcomes, note('b'), outcomes]);
  await temporal.during(options, async () => {
    const narrow = { deny: ['note(text=b)', 'note(text=a)'] };
    const run = await temporal.holdfast.start('clerk', { id: 'perm-narrowed', input: 'go', permissions: narrow });
    expect(await run.result()).toMatchObject({ output: 'denied' });
    const fork = await temporal.holdfast.fork('perm-narrowed', {
      id: 'perm-narrowed-2',
      agent: 'other',
      input: 'again',
    } as never);
    expect((await fork.result()).output).toMatch(/^denied denied$/);
    expect(noted()).toEqual([]);
  });
});

test('what a run was given from above holds in it, and its children and models are bound too', async () => {
  const { options, noted } = setUp([note('a'), outcomes]);
  await temporal.during(options, async () => {
    const run = await start('perm-above', { authority: [layer({ deny: ['note'] })] });
    expect(await run.result()).toMatchObject({ output: 'denied' });
    expect(noted()).toEqual([]);
    for (const given of [{ authority: [layer({ models: ['openai/*'] })] }, { permissions: { models: ['openai/*'] } }]) {
      const bound = await start(`model-${JSON.stringify(given).length}`, given);
      await expect(bound.result()).rejects.toMatchObject({ cause: { type: 'Permission.Denied' } });
    }
  });
});

test('the model a run asks for must be one its agent may use', async () => {
  const { options } = setUp([{ text: 'x' }], { models: ['scripted/steps'] });
  await temporal.during(options, async () => {
    const run = await temporal.holdfast.start('clerk', {
      id: 'perm-other-model',
      input: 'go',
      model: 'scripted/other',
    });
    await expect(run.result()).rejects.toMatchObject({ code: 'Permission.Denied' });
  });
});

test.each([
  ['a rule that cannot be read', { authority: [layer({ deny: ['note('] })] }, /authority\.0\.policy\.deny\.0: .*at 6/],
  [
    'a grant that cannot be read',
    { authority: [{ ...layer({}), grants: [{ rule: '(', by: 'x', at: 0, from: 'x' }] }] },
    /grants/,
  ],
  ['no layers', { authority: 'all' }, /authority/],
  ['a policy of another shape', { authority: [layer({ deny: 'note' } as never)] }, /not a policy|deny/],
  ['sources that are no texts', { tainted: [7] }, /tainted/],
  ['permissions that cannot be read', { permissions: { ask: ['note(text=)'] } }, /permissions\.ask\.0/],
])('%s is refused at the start', async (name, given, message) => {
  await temporal.during(setUp([]).options, async () => {
    const run = await start(`refused-${name.replaceAll(' ', '-')}`, given);
    await expect(run.result()).rejects.toMatchObject({
      cause: { type: 'Input.Invalid', message: expect.stringMatching(message) },
    });
  });
});

test('grants and taint go on after a continue-as-new, and taint into a fork', async () => {
  const { options, noted } = setUp([note('a'), note('b'), { text: 'done' }, note('c'), outcomes], {
    profile: 'strict',
    tainted: { deny: ['note(text=c)'] },
  });
  await temporal.during(options, async () => {
    const authority = [{ ...layer({ ask: ['note'] }), grants: [{ rule: 'note', by: 'bo', at: 0, from: 'x' }] }];
    const run = await start('perm-rolls', { authority, tainted: ['mail'], permissions: {}, rolloverTurns: 1 });
    const approve = async () => {
      for (let n = 0; n < 100; n++) {
        const [open] = await temporal.holdfast.approvals.list({ run: 'perm-rolls' });
        if (open) return temporal.holdfast.approvals.approve(open.id, { by: 'bo', remember: 'run' });
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error('nothing was asked');
    };
    await approve();
    await run.result();
    expect(noted()).toEqual(['a', 'b']);
    expect(await view('perm-rolls')).toMatchObject({
      tainted: ['mail'],
      layers: [{ of: 'above' }, { grants: [{ rule: 'note', by: 'bo' }] }, {}],
    });
    const fork = await temporal.holdfast.fork('perm-rolls', { id: 'perm-rolls-2', input: 'more' });
    expect((await fork.result()).output).toContain('denied');
    expect((await view('perm-rolls-2'))?.tainted).toEqual(['mail']);
    expect(noted()).toEqual(['a', 'b']);
  });
});

test('a message that others wrote taints the chat from then on', async () => {
  const { options, noted } = setUp([note('a'), { text: 'one' }, note('b'), outcomes], { tainted: { deny: ['note'] } });
  await temporal.during(options, async () => {
    const chat = await temporal.holdfast.chat('clerk', { id: 'perm-post' });
    await (await chat.send('hello')).reply();
    expect((await view('perm-post'))?.tainted).toEqual([]);
    const sent = await chat.send('<mail>', { source: 'mail from eve' });
    expect((await sent.reply()).output).toBe('ok denied');
    expect(noted()).toEqual(['a']);
    expect((await view('perm-post'))?.tainted).toEqual(['mail from eve']);
    await chat.stop({ by: 'x' } as never).catch(() => undefined);
  });
});
