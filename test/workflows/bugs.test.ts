import { temporal as proto } from '@temporalio/proto';
import type { AgentDefinition } from '../../protocol/agent';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { mutated } from '../fixtures/mutated';
import { notingTool } from '../fixtures/test-tools';
import { useTemporal } from '../setup/test-worker';

const temporal = useTemporal('bugs');
const agent: AgentDefinition = {
  name: 'tester',
  instructions: 'Test.',
  model: 'scripted/steps',
  tools: ['note', 'look'],
};

function toolsOf(answer?: (text: string) => unknown) {
  const options = answer ? { answer } : {};
  return [notingTool('note', options).tool, notingTool('look', { effect: 'read', quick: true, ...options }).tool];
}

test('workflow code is given half a minute: ending it sooner may end the process of a busy worker', async () => {
  const worker = await temporal.worker();
  await worker.runUntil(async () => expect(worker.options).toMatchObject({ isolateExecutionTimeoutMs: 30_000 }));
});

describe('a plain bug stops nothing for good', () => {
  test('in workflow code: the run waits, and a mended worker finishes it without asking the model again', async () => {
    const worker = {
      workflowsPath: require.resolve('../../workflows/index'),
      bundlerOptions: mutated('agent-session.ts', 'session.end(end.stop)', 'session.end(null.boom)'),
    };
    const id = 'bug-workflow';
    const answering = scriptedModel([{ text: 'kept' }]);
    await temporal.during({ agents: [agent], tools: toolsOf(), providers: [answering], worker }, async () => {
      await temporal.holdfast.start('tester', { id, input: 'go' });
      await eventually(async () => {
        const failed = (await temporal.events(id)).find((event) => event.workflowTaskFailedEventAttributes);
        expect(failed?.workflowTaskFailedEventAttributes?.failure?.message).toContain('boom');
      });
      expect(await temporal.holdfast.describe(id)).toMatchObject({ status: 'running' });
    });
    const mended = scriptedModel([]);
    await temporal.during({ agents: [agent], tools: toolsOf(), providers: [mended] }, async () => {
      expect(await temporal.holdfast.get(id).result()).toMatchObject({ output: 'kept', turns: 1 });
      mended.assertDone();
    });
  });

  test('in a provider: the call is tried again as Internal.Bug', async () => {
    const model = scriptedModel([{ error: new TypeError('x is undefined') }, { text: 'second time' }]);
    await temporal.during({ agents: [agent], tools: toolsOf(), providers: [model] }, async () => {
      const run = await temporal.holdfast.start('tester', { id: 'bug-provider', input: 'go' });
      expect(await run.result()).toMatchObject({ output: 'second time', turns: 1 });
      const events = await temporal.events('bug-provider');
      const started = events.find(
        (event) => event.activityTaskStartedEventAttributes,
      )?.activityTaskStartedEventAttributes;
      expect(started).toMatchObject({ attempt: 2, lastFailure: { applicationFailureInfo: { type: 'Internal.Bug' } } });
    });
  });

  test('in a tool: the model is told, the run goes on', async () => {
    const model = scriptedModel([
      { toolCalls: [{ name: 'note', arguments: { text: 'a' } }] },
      { toolCalls: [{ name: 'look', arguments: { text: 'a' } }] },
      { text: 'done' },
    ]);
    const broken = () => {
      throw new TypeError('x is undefined');
    };
    await temporal.during({ agents: [agent], tools: toolsOf(broken), providers: [model] }, async () => {
      const run = await temporal.holdfast.start('tester', { id: 'bug-tool', input: 'go' });
      expect(await run.result()).toMatchObject({ output: 'done' });
      const outcomes = (await run.transcript())?.messages.flatMap((message) =>
        message.role === 'tool' ? message.outcome : [],
      );
      expect(outcomes).toEqual(['failed', 'failed']);
    });
  });

  test('what a tool tells of its progress may be anything', async () => {
    const bad = notingTool('note', {
      answer: async (_text, context) => {
        context.progress({ n: 1n });
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        return 'done';
      },
    });
    const model = scriptedModel([{ toolCalls: [{ name: 'note', arguments: { text: 'a' } }] }, { text: 'end' }]);
    await temporal.during(
      { agents: [agent], tools: [bad.tool, toolsOf()[1] as never], providers: [model] },
      async () => {
        const run = await temporal.holdfast.start('tester', { id: 'bug-progress', input: 'go' });
        expect(await run.result()).toMatchObject({ output: 'end' });
        expect((await run.transcript())?.messages[2]).toMatchObject({ outcome: 'ok' });
        expect(bad.calls).toHaveLength(1);
      },
    );
  });
});

describe('the history stays small', () => {
  const { HistoryEvent } = proto.api.history.v1;
  const sizes = async (id: string): Promise<number[]> =>
    (await temporal.events(id)).map((event) => HistoryEvent.encode(event).finish().length);

  test.each<[string, ScriptedStep, string]>([
    ['one result of 1.9 MB', { toolCalls: [{ name: 'note', arguments: { text: 'a' } }] }, 'x'.repeat(1_900_000)],
    ['one result of 5 MB', { toolCalls: [{ name: 'note', arguments: { text: 'a' } }] }, 'x'.repeat(5_000_000)],
    [
      'sixteen quick results of 60 kB',
      { toolCalls: Array.from({ length: 16 }, (_, at) => ({ name: 'look', arguments: { text: `${at}` } })) },
      'x'.repeat(60_000),
    ],
    [
      'ten calls with 60 kB of arguments',
      {
        toolCalls: Array.from({ length: 10 }, (_, at) => ({
          name: 'note',
          arguments: { text: `${at}${'y'.repeat(60_000)}` },
        })),
      },
      'ok',
    ],
    [
      'a malformed call of 500 kB',
      { toolCalls: [{ name: 'note', malformed: `{"text": "${'z'.repeat(500_000)}` }] },
      '',
    ],
    [
      '500 kB of reasoning',
      {
        reasoning: [{ text: 'r'.repeat(500_000), signature: 's' }],
        toolCalls: [{ name: 'note', arguments: { text: 'a' } }],
      },
      '',
    ],
    ['a call of a tool with a name of 500 kB', { toolCalls: [{ name: 'n'.repeat(500_000), arguments: {} }] }, ''],
  ])('%s: no event above 256 kB', async (what, step, result) => {
    const id = `size-${what.replace(/\W+/g, '-')}`;
    const model = scriptedModel([step, { text: 'a'.repeat(400_000) }], { contextTokens: 4_000_000 });
    await temporal.during({ agents: [agent], tools: toolsOf(() => result), providers: [model] }, async () => {
      const run = await temporal.holdfast.start('tester', { id, input: 'go' });
      expect(await run.result()).toMatchObject({ stopReason: 'completed' });
      expect(Math.max(...(await sizes(id)))).toBeLessThan(256_000);
    });
  });

  test('the failure of a call with a message of 1 MB', async () => {
    const error = Object.assign(new Error('x'.repeat(1_000_000)), { name: 'HoldfastError', code: 'Model.Auth' });
    await temporal.during({ agents: [agent], tools: toolsOf(), providers: [scriptedModel([{ error }])] }, async () => {
      const run = await temporal.holdfast.start('tester', { id: 'size-failure', input: 'go' });
      await expect(run.result()).rejects.toMatchObject({ code: 'Model.Auth' });
      expect(Math.max(...(await sizes('size-failure')))).toBeLessThan(16_000);
    });
  });

  test('a turn costs the same whether the conversation is short or long', async () => {
    const turns = 30;
    const steps = Array.from(
      { length: turns },
      (_, at): ScriptedStep => ({ toolCalls: [{ name: 'note', arguments: { text: `${at}` } }] }),
    );
    await temporal.during(
      {
        agents: [agent],
        tools: toolsOf((text) => text.padEnd(2_000)),
        providers: [scriptedModel([...steps, { text: 'done' }])],
      },
      async () => {
        const run = await temporal.holdfast.start('tester', { id: 'size-turns', input: 'go' });
        await run.result();
        const inputs = (await temporal.events('size-turns')).flatMap(
          ({ activityTaskScheduledEventAttributes: scheduled }) =>
            scheduled?.activityType?.name === 'invokeModel' ? [scheduled.input?.payloads?.[0]?.data?.length ?? 0] : [],
        );
        expect(inputs).toHaveLength(turns + 1);
        expect(Math.max(...inputs) - Math.min(...inputs)).toBeLessThan(100);
      },
    );
  });
});
