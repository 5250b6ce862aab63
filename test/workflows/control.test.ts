import type { AgentDefinition } from '../../protocol/agent';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { aborted, notingTool } from '../fixtures/test-tools';
import { type TestWorkerOptions, useTemporal } from '../setup/test-worker';

const temporal = useTemporal('control');
const agent: AgentDefinition = {
  name: 'worker',
  instructions: 'Work.',
  model: 'scripted/steps',
  tools: ['note', 'look'],
};

function contents(steps: ScriptedStep[], changes: Partial<TestWorkerOptions> = {}): TestWorkerOptions {
  const tools = [notingTool('note').tool, notingTool('look', { effect: 'read', quick: true }).tool];
  const second = scriptedModel([{ text: 'from the second' }], { name: 'second' });
  return { agents: [agent], tools, providers: [scriptedModel(steps), second], ...changes };
}

const note = (text: string): ScriptedStep => ({ toolCalls: [{ name: 'note', arguments: { text } }] });
const hanging: ScriptedStep = async (_request, { signal }) => {
  await aborted(signal);
  throw signal.reason;
};
const paused = (id: string) =>
  eventually(async () => expect((await temporal.holdfast.describe(id)).status).toBe('paused'));

describe('a run under control', () => {
  test('pauses at breakpoints, steps, goes on, and records who and why', async () => {
    await temporal.during(contents([note('a'), note('b'), { text: 'done' }]), async () => {
      const run = await temporal.holdfast.start('worker', {
        id: 'steps',
        input: 'go',
        breakpoints: { turns: [1] },
      });
      const ana = run.as('ana');
      await paused('steps');
      expect((await run.state()).turns).toBe(0);
      await ana.step('turn', 'look at the first');
      await eventually(async () =>
        expect(await run.state()).toMatchObject({ turns: 1, toolCalls: 1, status: 'paused' }),
      );
      await ana.step('call');
      await eventually(async () => expect(await run.state()).toMatchObject({ turns: 2, status: 'paused' }));
      expect((await run.messages()).at(-1)?.role).toBe('assistant');
      await ana.resume('fine');
      expect(await run.result()).toMatchObject({ output: 'done', turns: 3 });
      const { actions } = await run.state();
      expect(actions.map(({ action, by }) => `${by} ${action}`)).toEqual(['ana step', 'ana step', 'ana resume']);
      expect(actions[0]?.reason).toBe('look at the first');
    });
  });

  test('reads guidance before its next call', async () => {
    const checks: ScriptedStep = ({ messages }) => ({ text: JSON.stringify(messages.at(-1)) });
    await temporal.during(contents([note('a'), checks]), async () => {
      const run = await temporal.holdfast.start('worker', {
        id: 'steered',
        input: 'go',
        breakpoints: { tools: ['note'] },
      });
      await paused('steered');
      await run.as('bo').steer('in French, please');
      await run.resume();
      expect((await run.result()).output).toContain('in French, please');
    });
  });

  test('follows an order once that is given again under its id, also after a roll-over', async () => {
    await temporal.during(contents([note('a'), note('b'), note('c'), { text: 'done' }]), async () => {
      const breakpoints = { turns: [1, 2, 3] };
      const run = await temporal.holdfast.start('worker', { id: 'again', input: 'go', rolloverTurns: 1, breakpoints });
      const orders = async (): Promise<void> => {
        await run.steer('only once', undefined, { id: 'steer-1' });
        await run.resume('go on', { id: 'resume-1' });
      };
      await paused('again');
      await orders();
      await eventually(async () => expect(await run.state()).toMatchObject({ turns: 1, status: 'paused' }));
      const { runId, raw } = await temporal.client.workflow.getHandle('again').describe();
      expect(raw.workflowExecutionInfo?.firstRunId).not.toBe(runId);
      await orders();
      expect(await run.state()).toMatchObject({ turns: 1, status: 'paused' });
      await run.resume('go on', { id: 'resume-2' });
      await eventually(async () => expect(await run.state()).toMatchObject({ turns: 2, status: 'paused' }));
      await run.resume();
      expect(await run.result()).toMatchObject({ output: 'done' });
      expect(JSON.stringify(await run.messages()).split('only once')).toHaveLength(2);
      const { actions } = await run.state();
      expect(actions.map(({ action }) => action)).toEqual(['steer', 'resume', 'resume', 'resume']);
    });
  });

  test('stops at once with a result that says who and why', async () => {
    await temporal.during(contents([hanging]), async () => {
      const run = await temporal.holdfast.start('worker', { id: 'stopped', input: 'go' });
      await eventually(async () => expect((await run.state()).phase).toBe('model'));
      await run.as('ana').stop('no longer needed');
      expect(await run.result()).toMatchObject({
        stopReason: 'stopped',
        detail: 'by ana: no longer needed',
        output: null,
      });
      expect((await temporal.holdfast.describe('stopped')).status).toBe('stopped');
    });
  });

  test('stops also while it is paused', async () => {
    await temporal.during(contents([]), async () => {
      const run = await temporal.holdfast.start('worker', {
        id: 'stop-paused',
        input: 'go',
        breakpoints: { turns: [1] },
      });
      await paused('stop-paused');
      await run.stop();
      expect(await run.result()).toMatchObject({ stopReason: 'stopped' });
    });
  });

  test('changes its model between turns with the context kept, and its limits', async () => {
    await temporal.during(contents([note('a')]), async () => {
      const run = await temporal.holdfast.start('worker', { id: 'changed', input: 'go', breakpoints: { turns: [2] } });
      await paused('changed');
      await expect(run.change({ model: 'nobody/none' })).rejects.toMatchObject({ code: 'Model.UnknownProvider' });
      await run.change({ model: 'second/any', limits: { turns: 7 }, priority: 1, breakpoints: {} }, 'try another');
      expect(await run.state()).toMatchObject({ model: 'second/any', limits: { turns: 7 }, priority: 1 });
      await run.resume();
      expect(await run.result()).toMatchObject({ output: 'from the second', model: 'second/any', turns: 2, length: 4 });
    });
  });

  test('takes a new deadline while a call runs', async () => {
    await temporal.during(contents([hanging]), async () => {
      const run = await temporal.holdfast.start('worker', { id: 'new-deadline', input: 'go' });
      await eventually(async () => expect((await run.state()).phase).toBe('model'));
      await run.change({ limits: { deadline: 200 } });
      expect(await run.result()).toMatchObject({ stopReason: 'deadline' });
    });
  });

  test('refuses illegal moves and bad values, and is not touched by them', async () => {
    await temporal.during(contents([{ text: 'done' }]), async () => {
      const run = await temporal.holdfast.start('worker', { id: 'illegal', input: 'go', breakpoints: { turns: [1] } });
      await paused('illegal');
      await expect(run.pause()).rejects.toMatchObject({ code: 'Control.Illegal' });
      await expect(run.as(' ').resume()).rejects.toMatchObject({ code: 'Input.Invalid' });
      await expect(run.steer('')).rejects.toMatchObject({ code: 'Input.Invalid' });
      await expect(run.change({ limits: { turns: -1 } })).rejects.toMatchObject({ code: 'Input.Invalid' });
      await expect(run.change({ model: 'no-slash' })).rejects.toMatchObject({ code: 'Input.Invalid' });
      await expect(run.change({})).rejects.toMatchObject({ code: 'Input.Invalid' });
      await expect(temporal.holdfast.getChat('illegal').send('hi')).rejects.toMatchObject({ code: 'Control.Illegal' });
      await run.resume();
      await run.result();
      await expect(run.pause()).rejects.toMatchObject({ code: 'Run.Ended' });
      await expect(temporal.holdfast.get('nowhere').pause()).rejects.toMatchObject({ code: 'Run.Unknown' });
      expect(
        (await temporal.events('illegal')).filter(({ workflowExecutionUpdateAcceptedEventAttributes: it }) => it),
      ).toHaveLength(1);
    });
  });
});

describe('a fork', () => {
  const told: ScriptedStep = ({ messages }) => ({ text: `${messages.length} messages` });

  test('begins with the messages of another run and goes on from another input; what tools did is not done again', async () => {
    const noting = notingTool('note');
    await temporal.during(
      contents([note('a'), { text: 'done' }, told], { tools: [noting.tool, notingTool('look').tool] }),
      async () => {
        const run = await temporal.holdfast.start('worker', { id: 'source', input: 'go' });
        await run.result();
        const fork = await temporal.holdfast.fork('source', { id: 'branch', at: 3, input: 'go on differently' });
        expect(await fork.result()).toMatchObject({ output: '4 messages', length: 5, turns: 1 });
        expect(noting.calls).toHaveLength(1);
        const [own, other] = await Promise.all([fork.messages(), run.messages()]);
        expect(own.slice(0, 3)).toEqual(other.slice(0, 3));
        expect(own[3]).toMatchObject({ role: 'user', content: [{ text: 'go on differently' }] });
      },
    );
  });

  test('of a fork reads through both, with another model', async () => {
    await temporal.during(contents([{ text: 'one' }, { text: 'two' }]), async () => {
      await (await temporal.holdfast.start('worker', { id: 'first', input: 'go' })).result();
      await (await temporal.holdfast.fork('first', { id: 'second', input: 'more' })).result();
      const third = await temporal.holdfast.fork('second', { id: 'third', input: 'still more', model: 'second/any' });
      expect(await third.result()).toMatchObject({ output: 'from the second', length: 6 });
      expect((await third.messages()).map(({ role }) => role)).toEqual(Array(3).fill(['user', 'assistant']).flat());
    });
  });

  test('is refused at a position no conversation can go on from', async () => {
    await temporal.during(contents([note('a'), { text: 'done' }]), async () => {
      await (await temporal.holdfast.start('worker', { id: 'whole', input: 'go' })).result();
      const fork = (options: object) => temporal.holdfast.fork('whole', options as { at: number });
      await expect(fork({ at: 2, input: 'x' })).rejects.toMatchObject({
        code: 'Input.Invalid',
        message: expect.stringContaining('take 1 or 3'),
      });
      await expect(fork({ at: 4 })).rejects.toMatchObject({
        code: 'Input.Invalid',
        message: expect.stringContaining('is an answer'),
      });
      await expect(fork({ at: 9, input: 'x' })).rejects.toMatchObject({ code: 'Input.Invalid' });
      await expect(temporal.holdfast.fork('nowhere', { input: 'x' })).rejects.toMatchObject({ code: 'Run.Unknown' });
    });
  });
});
