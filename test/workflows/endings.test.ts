import { ProviderError } from '../../activities/providers/provider';
import type { AgentDefinition } from '../../protocol/agent';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { unpaired } from '../fixtures/messages';
import { aborted, notingTool } from '../fixtures/test-tools';
import { type TestWorkerOptions, useTemporal } from '../setup/test-worker';

const temporal = useTemporal('endings');
const agent: AgentDefinition = {
  name: 'tester',
  instructions: 'Test.',
  model: 'scripted/steps',
  tools: ['note', 'wait'],
};

/** A second on a quiet machine: activities hear of it with a heartbeat, which leaves at most every half second. */
const ABORT_MS = 1_500;

/** A step that never answers, and when it was aborted. */
function hanging() {
  let tell: (at: number) => void = () => undefined;
  const abortedAt = new Promise<number>((resolve) => {
    tell = resolve;
  });
  const step: ScriptedStep = async (_request, { signal }) => {
    tell(await aborted(signal));
    throw signal.reason;
  };
  return { step, abortedAt };
}

/** A tool that ends only when its signal aborts. */
function waitingTool() {
  let tell: (at: number) => void = () => undefined;
  const abortedAt = new Promise<number>((resolve) => {
    tell = resolve;
  });
  const { tool } = notingTool('wait', {
    answer: async (_text, { signal }) => {
      tell(await aborted(signal));
      throw signal.reason;
    },
  });
  return { tool, abortedAt };
}

function contentsOf(steps: ScriptedStep[], changes: Partial<TestWorkerOptions> = {}): TestWorkerOptions {
  const tools = [notingTool('note').tool, waitingTool().tool];
  return { agents: [agent], tools, providers: [scriptedModel(steps)], ...changes };
}

const inPhase = (id: string, phase: string) =>
  eventually(async () => expect((await temporal.holdfast.get(id).state()).phase).toBe(phase));

describe('a deadline', () => {
  test('aborts the model call it falls into at once, and is the stop reason', async () => {
    const { step, abortedAt } = hanging();
    await temporal.during(contentsOf([step]), async () => {
      const run = await temporal.holdfast.start('tester', {
        id: 'deadline-model',
        input: 'go',
        limits: { deadline: 1_500 },
      });
      const result = await run.result();
      expect(result).toMatchObject({ stopReason: 'deadline', output: null, turns: 0 });
      const { status, startedAt } = await temporal.holdfast.describe('deadline-model');
      expect(status).toBe('stopped');
      expect((await abortedAt) - startedAt.getTime() - 1_500).toBeLessThan(ABORT_MS);
      expect((await run.state()).status).toBe('stopped');
    });
  });

  test('aborts the tool it falls into', async () => {
    const { tool, abortedAt } = waitingTool();
    const steps: ScriptedStep[] = [{ toolCalls: [{ name: 'wait', arguments: { text: 'x' } }] }];
    await temporal.during(contentsOf(steps, { tools: [tool, notingTool('note').tool] }), async () => {
      const run = await temporal.holdfast.start('tester', {
        id: 'deadline-tool',
        input: 'go',
        limits: { deadline: '1500ms' },
      });
      expect(await run.result()).toMatchObject({ stopReason: 'deadline', turns: 1 });
      const { startedAt } = await temporal.holdfast.describe('deadline-tool');
      expect((await abortedAt) - startedAt.getTime() - 1_500).toBeLessThan(ABORT_MS);
      expect(unpaired((await run.transcript())?.messages ?? [])).toEqual([]);
    });
  });

  test('that is not reached changes nothing', async () => {
    await temporal.during(contentsOf([{ text: 'in time' }]), async () => {
      const run = await temporal.holdfast.start('tester', {
        id: 'deadline-far',
        input: 'go',
        limits: { deadline: '1h' },
      });
      expect(await run.result()).toMatchObject({ output: 'in time', stopReason: 'completed' });
    });
  });
});

describe('a cancellation', () => {
  test('aborts the model call, and every view of the run says so', async () => {
    const { step, abortedAt } = hanging();
    await temporal.during(contentsOf([step]), async () => {
      const run = await temporal.holdfast.start('tester', { id: 'cancel-model', input: 'go' });
      await inPhase(run.id, 'model');
      const asked = Date.now();
      await run.cancel();
      expect(await run.result()).toMatchObject({ stopReason: 'cancelled', output: null, agent: 'tester' });
      expect((await abortedAt) - asked).toBeLessThan(ABORT_MS);
      expect(await run.state()).toMatchObject({ status: 'cancelled', phase: 'ended', stopReason: 'cancelled' });
      expect(await temporal.holdfast.describe(run.id)).toMatchObject({
        status: 'cancelled',
        executionStatus: 'CANCELLED',
      });
    });
  });

  test('aborts the tool that runs, and asks the model nothing more', async () => {
    const { tool, abortedAt } = waitingTool();
    const model = scriptedModel([{ toolCalls: [{ name: 'wait', arguments: { text: 'x' } }] }]);
    await temporal.during({ agents: [agent], tools: [tool, notingTool('note').tool], providers: [model] }, async () => {
      const run = await temporal.holdfast.start('tester', { id: 'cancel-tool', input: 'go' });
      await inPhase(run.id, 'tools');
      expect((await run.state()).running).toEqual(['wait']);
      await run.cancel();
      expect(await run.result()).toMatchObject({ stopReason: 'cancelled', turns: 1, toolCalls: 1 });
      await abortedAt;
      model.assertDone();
    });
  });

  test('before anything began is a result too', async () => {
    const run = await temporal.holdfast.start('tester', { id: 'cancel-first', input: 'go' });
    await run.cancel();
    await temporal.during(contentsOf([]), async () => {
      expect(await run.result()).toMatchObject({ stopReason: 'cancelled', turns: 0 });
    });
  });

  test('of an unknown run is an error', async () => {
    await expect(temporal.holdfast.cancel('no-such-run')).rejects.toMatchObject({ code: 'Run.Unknown' });
    await expect(temporal.holdfast.describe('no-such-run')).rejects.toMatchObject({ code: 'Run.Unknown' });
    await expect(temporal.holdfast.get('no-such-run').result()).rejects.toMatchObject({ code: 'Run.Unknown' });
  });
});

describe('a failure', () => {
  test('carries its code, hint and what the run had spent', async () => {
    const error = new ProviderError('Model.Auth', 'the key was refused', { hint: 'Check the key.', status: 401 });
    const steps: ScriptedStep[] = [{ toolCalls: [{ name: 'note', arguments: { text: 'a' } }] }, { error }];
    await temporal.during(contentsOf(steps), async () => {
      const run = await temporal.holdfast.start('tester', { id: 'failed', input: 'go' });
      await expect(run.result()).rejects.toMatchObject({
        code: 'Model.Auth',
        message: 'the key was refused',
        hint: 'Check the key.',
        details: { id: 'failed', session: { turns: 1, toolCalls: 1 } },
      });
      expect(await run.state()).toMatchObject({
        status: 'failed',
        phase: 'ended',
        failure: { code: 'Model.Auth', message: 'the key was refused' },
      });
      expect(await temporal.holdfast.describe('failed')).toMatchObject({ status: 'failed' });
      expect((await run.transcript())?.length).toBe(3);
    });
  });

  test.each<[string, string, object, string, RegExp]>([
    ['unknown-agent', 'nobody', {}, 'Agent.Unknown', /Known agents: planner, tester/],
    ['unknown-provider', 'tester', { model: 'nope/x' }, 'Model.UnknownProvider', /Known providers/],
    ['no-key', 'tester', { model: 'anthropic/claude' }, 'Model.MissingKey', /ANTHROPIC_API_KEY/],
  ])('%s ends the run at its start, with a hint', async (id, name, options, code, hint) => {
    await temporal.during(contentsOf([]), async () => {
      const run = await temporal.holdfast.start(name, { id, input: 'go', ...options });
      await expect(run.result()).rejects.toMatchObject({ code, hint: expect.stringMatching(hint) });
      expect(await run.state()).toMatchObject({ status: 'failed', phase: 'ended', failure: { code } });
      expect(await temporal.holdfast.describe(id)).toMatchObject({ status: 'failed' });
    });
  });

  test.each<[string, object, string]>([
    ['raw-limits', { limits: { deadline: 'soon' } }, 'limits.deadline'],
    ['raw-unknown', { surprise: true }, '(options)'],
  ])('options no client of ours has checked are refused by the run: %s', async (workflowId, options, where) => {
    await temporal.during(contentsOf([]), async () => {
      const args = [{ agent: 'tester', input: 'go', ...options }];
      await temporal.client.workflow.start('agentSession', { workflowId, taskQueue: temporal.taskQueue, args });
      await expect(temporal.holdfast.get(workflowId).result()).rejects.toMatchObject({
        code: 'Input.Invalid',
        message: expect.stringContaining(where),
      });
    });
  });

  test('a run of another client has its search attributes, and its deadline in words is understood', async () => {
    await temporal.during(contentsOf([{ text: 'ok' }]), async () => {
      const args = [{ agent: 'tester', input: 'go', tenant: 'acme', limits: { deadline: '10m' } }];
      await temporal.client.workflow.start('agentSession', { workflowId: 'raw', taskQueue: temporal.taskQueue, args });
      expect(await temporal.holdfast.get('raw').result()).toMatchObject({ output: 'ok' });
      const { searchAttributes } = await temporal.client.workflow.getHandle('raw').describe();
      expect(searchAttributes).toMatchObject({
        HoldfastAgent: ['tester'],
        HoldfastStatus: ['completed'],
        HoldfastTenant: ['acme'],
      });
    });
  });
});

describe('closed runs', () => {
  test('answer queries on a worker that never ran them', async () => {
    const contents = contentsOf([{ text: 'done' }]);
    await temporal.during(contents, async () => {
      await (await temporal.holdfast.start('tester', { id: 'closed', input: 'go' })).result();
    });
    await temporal.during(contentsOf([]), async () => {
      const run = temporal.holdfast.get('closed');
      expect(await run.state()).toMatchObject({ status: 'completed', turns: 1 });
      expect((await run.transcript())?.length).toBe(2);
      expect(await run.result()).toMatchObject({ output: 'done' });
      const positions: number[] = [];
      for await (const event of run.events()) positions.push(event.position);
      expect(positions).toEqual([0, 1]);
    });
  });
});
