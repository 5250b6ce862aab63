import type { RunHandle } from '../../client';
import type { AgentDefinition } from '../../protocol/agent';
import type { ToolMessage } from '../../protocol/messages';
import { scriptedModel } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { aborted, type NotingTool, notingTool } from '../fixtures/test-tools';
import { useTemporal } from '../setup/test-worker';

const temporal = useTemporal('lost');

const EFFECTS = ['read', 'idempotent', 'once'] as const;
type Effect = (typeof EFFECTS)[number];

/** A tool that hangs until its worker stops. */
function hangingTool(effect: Effect): NotingTool & { reached: Promise<void> } {
  let tell: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const noting = notingTool('act', {
    effect,
    answer: async (_text, { signal }) => {
      tell();
      await aborted(signal);
      throw signal.reason;
    },
  });
  return { ...noting, reached };
}

const agent: AgentDefinition = { name: 'tester', instructions: 'Test.', model: 'scripted/steps', tools: ['act'] };

/** A worker that stops in the middle of a tool, and a second one that finds the run. */
async function acrossWorkers(effect: Effect) {
  const first = hangingTool(effect);
  const second = notingTool('act', { effect });
  const call = { toolCalls: [{ name: 'act', arguments: { text: 'a' } }] };
  const worker = await temporal.worker({ agents: [agent], tools: [first.tool], providers: [scriptedModel([call])] });
  const run: RunHandle = await worker.runUntil(async () => {
    const handle = await temporal.holdfast.start('tester', { id: `lost-${effect}`, input: 'go' });
    await first.reached;
    return handle;
  });
  const contents = { agents: [agent], tools: [second.tool], providers: [scriptedModel([{ text: 'done' }])] };
  return temporal.during(contents, async () => {
    if (effect === 'once') await giveUp(run.id);
    const result = await run.result();
    const message = (await run.transcript())?.messages[2] as ToolMessage;
    return { result, message, first: first.calls, second: second.calls };
  });
}

/** Somebody finds the question what became of it, and cannot tell either. */
async function giveUp(run: string): Promise<void> {
  const { approvals } = temporal.holdfast;
  await eventually(async () => expect(await approvals.list({ run })).toMatchObject([{ kind: 'effect', tool: 'act' }]));
  const [question] = await approvals.list({ run });
  await approvals.answer(question?.id ?? '', 'abandon', { by: 'ana' });
}

test('a tool whose every attempt froze its worker: the model is told that workers were lost, not that the tool was slow', async () => {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  const freezing = notingTool('act', { maxAttempts: 2, answer: () => Atomics.wait(clock, 0, 0, 4_500) });
  const model = scriptedModel([{ toolCalls: [{ name: 'act', arguments: { text: 'a' } }] }, { text: 'done' }]);
  await temporal.during({ agents: [agent], tools: [freezing.tool], providers: [model] }, async () => {
    const run = await temporal.holdfast.start('tester', { id: 'lost-frozen', input: 'go' });
    expect(await run.result()).toMatchObject({ output: 'done' });
    const message = (await run.transcript())?.messages[2];
    expect(message).toMatchObject({
      outcome: 'timed-out',
      content: expect.stringMatching(/lost.*2 attempts are used up/),
    });
    expect(freezing.calls).toHaveLength(2);
  });
});

describe('a worker that stops in the middle of a tool', () => {
  test.each(['read', 'idempotent'] as const)(
    'which is declared %s: another worker runs it again under the same key',
    async (effect) => {
      const { result, message, first, second } = await acrossWorkers(effect);
      expect(result).toMatchObject({ output: 'done', toolCalls: 1 });
      expect(message).toMatchObject({ outcome: 'ok', content: 'act: a' });
      expect(second).toEqual([{ text: 'a', key: first[0]?.key, attempt: 2 }]);
    },
  );

  test('which is declared once: it is not run again, and people are asked how it ended', async () => {
    const { result, message, first, second } = await acrossWorkers('once');
    expect(result).toMatchObject({ output: 'done' });
    expect(message).toMatchObject({ outcome: 'outcome-unknown', content: expect.stringContaining('may or may not') });
    expect([first.length, second.length]).toEqual([1, 0]);
  });
});
