import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { AgentDefinition } from '../../protocol/agent';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { HoldfastPlugin } from '../../workers/plugin';
import { eventually } from '../fixtures/eventually';
import { aborted, notingTool } from '../fixtures/test-tools';
import { type TestWorkerOptions, useTemporal } from '../setup/test-worker';

const temporal = useTemporal('own');
const workflowsPath = require.resolve('../fixtures/user-workflows');
const agent: AgentDefinition = { name: 'reader', instructions: 'Read.', model: 'scripted/steps', tools: ['note'] };

function contentsOf(steps: ScriptedStep[]): TestWorkerOptions {
  const measure = notingTool('measure', { effect: 'read', answer: (text) => ({ length: text.length }) });
  const failing = notingTool('failing', {
    answer: () => {
      throw new Error('the disk is full');
    },
  });
  const tools = [notingTool('note').tool, measure.tool, failing.tool];
  return { workflowsPath, agents: [agent], tools, providers: [scriptedModel(steps)] };
}

const run = (type: string, workflowId: string, args: unknown[] = []): Promise<unknown> =>
  temporal.client.workflow.execute(type, { workflowId, taskQueue: temporal.taskQueue, args });

const echo: ScriptedStep = ({ messages }) => ({
  text: `read ${JSON.stringify(messages).match(/\w+ (changes|issues)/)?.[1]}`,
});

describe('a user’s own workflow', () => {
  test('runs agents and tools as steps', async () => {
    await temporal.during(contentsOf([echo, echo]), async () => {
      const text = 'note: read changes read issues';
      expect(await run('releaseNotes', 'notes', ['v2'])).toEqual({ note: text, length: text.length });
      expect(await temporal.holdfast.describe('notes/issues')).toMatchObject({
        agent: 'reader',
        status: 'completed',
        parent: 'notes',
      });
      expect(await temporal.holdfast.describe('notes/reader-1')).toMatchObject({ parent: 'notes' });
      const { searchAttributes } = await temporal.client.workflow.getHandle('notes/issues').describe();
      expect(searchAttributes).toMatchObject({ HoldfastParent: ['notes'] });
    });
  });

  test('is told why an agent stopped, and can look at the whole result instead', async () => {
    const loop: ScriptedStep = { toolCalls: [{ name: 'note', arguments: { text: 'a' } }] };
    await temporal.during(contentsOf([loop, loop]), async () => {
      expect(await run('stopped', 'stopped')).toEqual({ stopReason: 'max-turns', id: 'stopped/reader-1' });
      await expect(run('stoppedUnlooked', 'unlooked')).rejects.toMatchObject({
        cause: { type: 'Agent.Stopped', message: expect.stringContaining('max-turns (1 of 1 turns used)') },
      });
    });
  });

  test('has wrong options refused before an agent runs', async () => {
    await temporal.during(contentsOf([]), async () => {
      await expect(run('wrongOptions', 'wrong-options')).rejects.toMatchObject({
        cause: { cause: { type: 'Input.Invalid', message: expect.stringContaining('limits.turns') } },
      });
    });
  });

  test.each<[string, string, unknown, string, RegExp]>([
    ['fails', 'failing', { text: 'x' }, 'Tool.Failed', /failing: the disk is full/],
    ['gets wrong arguments', 'note', { txt: 'x' }, 'Tool.Failed', /^note: [\s\S]*text/],
    ['does not exist', 'nothing', {}, 'Tool.Unknown', /no tool "nothing"/],
    ['belongs to a session', 'todo', {}, 'Tool.Unknown', /state of a session/],
  ])('fails with a code when a tool %s', async (what, tool, args, type, message) => {
    await temporal.during(contentsOf([]), async () => {
      await expect(run('useTool', `tool-${what.replace(/ /g, '-')}`, [tool, args])).rejects.toMatchObject({
        cause: { type, message: expect.stringMatching(message) },
      });
    });
  });

  test('is refused a child that could not be found by its id', async () => {
    await temporal.during(contentsOf([]), async () => {
      await expect(run('longChildId', 'long-child-id')).rejects.toMatchObject({
        cause: { type: 'Input.Invalid', message: expect.stringContaining('255 is the most') },
      });
    });
  });

  test('takes its agents along when it is cancelled', async () => {
    let called: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      called = resolve;
    });
    const step: ScriptedStep = async (_request, { signal }) => {
      called();
      await aborted(signal);
      throw signal.reason;
    };
    await temporal.during(contentsOf([step]), async () => {
      const handle = await temporal.client.workflow.start('waiting', {
        workflowId: 'parent-cancelled',
        taskQueue: temporal.taskQueue,
        args: [],
      });
      await asked;
      await handle.cancel();
      await expect(handle.result()).rejects.toThrow();
      await eventually(async () =>
        expect(await temporal.holdfast.describe('parent-cancelled/reader-1')).toMatchObject({ status: 'cancelled' }),
      );
    });
  });
});

describe('the plugin', () => {
  test('on the connection and on the worker has effect once', async () => {
    const plugin = new HoldfastPlugin({
      agents: [agent],
      tools: [notingTool('note').tool],
      providers: [scriptedModel([echo, echo])],
      home: temporal.folder(),
      env: {},
    });
    const address = process.env.HOLDFAST_TEST_ADDRESS ?? '';
    const connection = await NativeConnection.connect({ address, plugins: [plugin] });
    try {
      const taskQueue = `${temporal.taskQueue}-twice`;
      const worker = await Worker.create({
        connection,
        namespace: temporal.namespace,
        taskQueue,
        workflowsPath,
        plugins: [plugin],
        shutdownGraceTime: '1s',
      });
      await worker.runUntil(async () => {
        const client = new Client({ connection, namespace: temporal.namespace });
        const options = { taskQueue, args: ['note', { text: 'x' }] };
        expect(await client.workflow.execute('useTool', { workflowId: 'twice', ...options })).toBe('note: x');
        const session = await client.workflow.execute('agentSession', {
          workflowId: 'twice-session',
          taskQueue,
          args: [{ agent: 'reader', input: 'v1 changes' }],
        });
        expect(session).toMatchObject({ output: 'read changes' });
      });
    } finally {
      await connection.close();
    }
  });

  test('refuses a worker whose own workflow has one of our names', async () => {
    const worker = { workflowsPath: require.resolve('../fixtures/clashing-workflows') };
    await expect(temporal.worker({ worker })).rejects.toMatchObject({
      code: 'Workflow.Reserved',
      message: 'workflow types that belong to Holdfast: agentSession',
      hint: expect.stringContaining('another name'),
    });
  });

  test('never runs a user’s workflow under one of our names, however it is exported', async () => {
    const worker = { workflowsPath: require.resolve('../fixtures/computed-clash.cjs') };
    await temporal.during({ worker }, async () => {
      await temporal.holdfast.start('reader', { id: 'clash', input: 'x' });
      const failed = await eventually(async () => {
        const event = (await temporal.events('clash')).find((one) => one.workflowTaskFailedEventAttributes);
        expect(event).toBeDefined();
        return event?.workflowTaskFailedEventAttributes?.failure;
      });
      expect(failed?.message).toBe('The workflow type "agentSession" belongs to Holdfast; rename yours.');
      await temporal.client.workflow.getHandle('clash').terminate();
    });
  });
});
