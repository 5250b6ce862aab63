import { z } from 'zod';
import { defineTool } from '../../activities/tools/define-tool';
import { type EffectCheck, OutcomeUnknown, RetryLater, type ToolContext } from '../../activities/tools/tool';
import type { AgentDefinition } from '../../protocol/agent';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { type TestWorkerOptions, useTemporal } from '../setup/test-worker';

const temporal = useTemporal('effects');
const send = (to: string): ScriptedStep => ({ toolCalls: [{ name: 'send', arguments: { to } }] });
const last: ScriptedStep = ({ messages }) => ({ text: JSON.stringify(messages.at(-1)) });

interface Outside {
  /** What happens at the n-th execution, from 1. */
  act?: (nth: number, context: ToolContext) => unknown;
  check?: () => EffectCheck;
  scope?: 'run' | 'task' | 'organisation';
}

/** A tool with an effect outside: every execution is noted with its key. */
function outside({ act = () => 'sent', check, scope }: Outside = {}) {
  const keys: string[] = [];
  const tool = defineTool({
    name: 'send',
    description: 'Sends something.',
    input: z.object({ to: z.string() }),
    effect: 'once',
    ...(check && { check }),
    ...(scope && { scope }),
    execute(_input, context) {
      keys.push(context.idempotencyKey);
      return act(keys.length, context);
    },
  });
  return { tool, keys };
}

function contents(tool: ReturnType<typeof outside>['tool'], steps: ScriptedStep[]): TestWorkerOptions {
  const agent: AgentDefinition = { name: 'clerk', instructions: 'Send.', model: 'scripted/steps', tools: ['send'] };
  return { agents: [agent], tools: [tool], providers: [scriptedModel(steps)] };
}

async function asked(run: string): Promise<string> {
  let id = '';
  await eventually(async () => {
    const [open] = await temporal.holdfast.approvals.list({ run });
    expect(open).toMatchObject({ kind: 'effect', tool: 'send' });
    id = open?.id ?? '';
  });
  return id;
}

test('the same call again gets the first result; other arguments are another effect; a fork repeats nothing', async () => {
  const { tool, keys } = outside();
  await temporal.during(contents(tool, [send('bo'), send('bo'), send('cy'), last, send('bo'), last]), async () => {
    const run = await temporal.holdfast.start('clerk', { id: 'twice', input: 'send' });
    await run.result();
    const results = (await run.messages()).filter((message) => message.role === 'tool');
    expect(results.map(({ content }) => content)).toEqual([
      'sent',
      'The same call was made before and is not run again. Its result was:\nsent',
      'sent',
    ]);
    expect(new Set(keys).size).toBe(2);
    const fork = await temporal.holdfast.fork('twice', { at: 1, id: 'twice-fork' });
    expect((await fork.result()).output).toContain('not run again');
    expect(keys).toHaveLength(2);
  });
});

test('a tool for the whole organisation acts once for all runs of a tenant, also at the same moment', async () => {
  const { tool, keys } = outside({
    scope: 'organisation',
    act: () => new Promise((done) => setTimeout(done, 300, 'ok')),
  });
  const steps: ScriptedStep = ({ messages }) =>
    messages.at(-1)?.role === 'tool' ? { text: 'done' } : { toolCalls: [{ name: 'send', arguments: { to: 'all' } }] };
  const many = Array.from({ length: 12 }, () => steps);
  await temporal.during(contents(tool, many), async () => {
    const start = (id: string, tenant: string) => temporal.holdfast.start('clerk', { id, input: 'send', tenant });
    const runs = await Promise.all(['o1', 'o2', 'o3', 'o4', 'o5'].map((id) => start(id, 'acme')));
    await Promise.all(runs.map((run) => run.result()));
    expect(keys).toHaveLength(1);
    await (await start('o6', 'other')).result();
    expect(keys).toHaveLength(2);
  });
});

test('an outcome nobody knows parks the run and asks; a person settles it', async () => {
  const lost = () => {
    throw new OutcomeUnknown('the connection broke');
  };
  const { tool, keys } = outside({ act: (nth) => (nth === 2 ? 'sent at last' : lost()) });
  await temporal.during(contents(tool, [send('bo'), send('cy'), last]), async () => {
    const run = await temporal.holdfast.start('clerk', { id: 'unknown', input: 'send' });
    const { approvals } = temporal.holdfast;
    const first = await asked('unknown');
    expect(keys).toHaveLength(1);
    await expect(approvals.approve(first, { by: 'ana' })).rejects.toMatchObject({ code: 'Input.Invalid' });
    await expect(approvals.answer(first, 'maybe', { by: 'ana' })).rejects.toMatchObject({ code: 'Input.Invalid' });
    await approvals.answer(first, 'retry', { by: 'ana' });
    await eventually(async () => expect(keys).toHaveLength(3));
    const second = await asked('unknown');
    expect(second).not.toBe(first);
    await approvals.answer(second, 'done', { by: 'ana', reason: 'receipt 7' });
    expect((await run.result()).output).toContain('receipt 7');
    expect(keys).toHaveLength(3);
  });
});

test("the tool's own check settles it without a person", async () => {
  const state = { done: false };
  const { tool, keys } = outside({
    act: (nth) => {
      if (nth === 1) throw new OutcomeUnknown('cut before it was sent');
      state.done = true;
      throw new OutcomeUnknown('cut after it was sent');
    },
    check: () => (state.done ? { outcome: 'done', result: { receipt: 9 } } : { outcome: 'not-done' }),
  });
  await temporal.during(contents(tool, [send('bo'), last]), async () => {
    const run = await temporal.holdfast.start('clerk', { id: 'checked', input: 'send' });
    expect((await run.result()).output).toContain('{\\"receipt\\":9}');
    expect(keys).toHaveLength(2);
    expect(await temporal.holdfast.approvals.list({ run: 'checked', all: true })).toEqual([]);
  });
});

test('an attempt that did nothing, by its own word, is made again', async () => {
  const { tool, keys } = outside({
    act: (nth) => {
      if (nth < 3) throw new RetryLater('the service is away');
      return 'sent';
    },
  });
  await temporal.during(contents(tool, [send('bo'), last]), async () => {
    const run = await temporal.holdfast.start('clerk', { id: 'again', input: 'send' });
    expect((await run.result()).output).toContain('sent');
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
  });
});
