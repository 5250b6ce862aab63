import { CancelledFailure } from '@temporalio/common';
import { ProviderError } from '../../activities/providers/provider';
import { RetryLater } from '../../activities/tools/tool';
import type { InvokeModelInput, InvokeModelResult } from '../../protocol/activities';
import type { AgentDefinition } from '../../protocol/agent';
import type { FailureCode } from '../../protocol/failures';
import type { Message } from '../../protocol/messages';
import { JOIN_TOPIC } from '../../protocol/stream';
import { MemoryStreamBus } from '../../streams/memory-stream-bus';
import type { StreamBus } from '../../streams/stream-bus';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { activityBench, type FakeWorkflow, modelCall } from '../fixtures/activity-bench';
import { eventually } from '../fixtures/eventually';
import { assistant, call, result, user } from '../fixtures/messages';
import { aborted, type NotingOptions, notingTool } from '../fixtures/test-tools';

const agent: AgentDefinition = { name: 'tester', instructions: 'Test.', model: 'scripted/steps', tools: ['look'] };
const benches: ReturnType<typeof activityBench>[] = [];

interface BenchOptions {
  agent?: Partial<AgentDefinition>;
  workflow?: FakeWorkflow;
  look?: NotingOptions['answer'];
  contextTokens?: number;
  prices?: Record<string, { inputPerMillion: number; outputPerMillion: number }>;
  streams?: StreamBus;
}

function benchOf(steps: ScriptedStep[], { agent: changes, workflow, look, contextTokens, ...more }: BenchOptions = {}) {
  const model = scriptedModel(steps, contextTokens === undefined ? {} : { contextTokens });
  const quick = notingTool('look', { effect: 'read', quick: true, ...(look && { answer: look }) });
  const bench = activityBench(
    { agents: [{ ...agent, ...changes }], tools: [quick.tool], providers: [model], ...more },
    workflow,
  );
  benches.push(bench);
  return { ...bench, model, quick };
}

afterAll(() => {
  for (const bench of benches) bench.close();
});

async function invoke(
  bench: ReturnType<typeof benchOf>,
  changes: Partial<InvokeModelInput> = {},
  messages?: Message[],
): Promise<InvokeModelResult> {
  return bench.attempt('invokeModel', { ...modelCall(bench, messages), ...changes }).done;
}

describe('one call', () => {
  test('asks the provider once and gives what the workflow records', async () => {
    const bench = benchOf([{ text: 'hello', usage: { outputTokens: 7 } }]);
    expect(await invoke(bench)).toEqual({
      message: {
        role: 'assistant',
        content: [{ type: 'text', text: 'hello' }],
        mark: expect.stringMatching(/^[\w-]{8}$/),
      },
      finish: 'end',
      usage: { inputTokens: 100, outputTokens: 7, cachedInputTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
      costUsd: 0,
      model: 'steps',
      simulated: false,
      contextFrom: 0,
      requestId: 'scripted_0',
      latencyMs: expect.any(Number),
    });
    expect(bench.queries).toEqual([]);
  });

  test('two attempts give two marks: neither is taken for the other', async () => {
    const bench = benchOf([{ text: 'a' }, { text: 'a' }]);
    const [first, second] = [await invoke(bench), await invoke(bench)];
    expect(first.message.mark).not.toBe(second.message.mark);
  });

  test('costs what the price table says, or nobody knows', async () => {
    const prices = { 'scripted/steps': { inputPerMillion: 10_000, outputPerMillion: 0 } };
    expect((await invoke(benchOf([{ text: 'a' }], { prices }))).costUsd).toBe(1);
  });

  test('beyond the budget is not made', async () => {
    const prices = { 'scripted/steps': { inputPerMillion: 0, outputPerMillion: 1_000 } };
    const bench = benchOf([{ text: 'a' }], { prices });
    await expect(invoke(bench, { budgetUsd: 0.01 })).rejects.toMatchObject({ type: 'Limit.Cost', nonRetryable: true });
    expect(bench.model.requests).toEqual([]);
    await invoke(bench, { budgetUsd: 1 });
    expect(bench.model.requests[0]?.parameters.maxOutputTokens).toBe(1_000);
  });

  test('tells of text as it arrives', async () => {
    const streams = new MemoryStreamBus();
    const events: unknown[] = [];
    await streams.subscribe('wf:run-1', (payload) => {
      events.push(JSON.parse(payload));
      if (events.length === 1) streams.publish(JOIN_TOPIC, JSON.stringify({ topic: 'wf:run-1' }));
    });
    // Long enough for the reader to join on a busy machine.
    await invoke(benchOf([{ text: 'hello', delayMs: 500 }], { streams }));
    await eventually(async () => expect(events).toHaveLength(3));
    const call = { turn: 1, position: 1, attempt: 1, call: expect.any(Number) };
    expect(events).toEqual([
      { type: 'began', ...call },
      { type: 'delta', ...call, kind: 'text', offset: 0, text: 'hello' },
      { type: 'ended', ...call, ok: true },
    ]);
  });
});

describe('the final answer', () => {
  const output = { type: 'object', required: ['sum'] };

  test.each<[string, ScriptedStep, unknown]>([
    ['valid', { text: '{"sum":1}' }, { ok: true, value: { sum: 1 } }],
    ['invalid', { text: '{}' }, { ok: false, errors: expect.stringContaining('sum') }],
    ['cut off', { text: '{"sum":', finish: 'length' }, undefined],
    ['refused', { text: 'no', finish: 'refusal' }, undefined],
    ['not yet given', { toolCalls: [{ name: 'look', arguments: { text: 'a' } }] }, undefined],
    ['larger than the history takes', { text: JSON.stringify({ sum: 'x'.repeat(70_000) }) }, { ok: true }],
  ])('that is %s', async (_what, step, expected) => {
    expect((await invoke(benchOf([step], { agent: { output } }))).output).toEqual(expected);
  });

  test('is not checked for an agent without a schema', async () => {
    expect(await invoke(benchOf([{ text: '{}' }]))).not.toHaveProperty('output');
  });
});

describe('a failure', () => {
  test.each<[FailureCode, boolean]>([
    ['Model.RateLimited', true],
    ['Model.Overloaded', true],
    ['Model.Timeout', true],
    ['Model.BadResponse', true],
    ['Model.InvalidRequest', false],
    ['Model.Auth', false],
    ['Model.QuotaExhausted', false],
  ])('%s is tried again: %s', async (code, again) => {
    const error = new ProviderError(code, 'why', { retryAfterMs: 4_321 });
    await expect(invoke(benchOf([{ error }]))).rejects.toMatchObject({
      type: code,
      message: 'why',
      nonRetryable: !again,
      nextRetryDelay: again ? 4_321 : undefined,
    });
  });

  test('a plain bug is tried again as Internal.Bug', async () => {
    await expect(invoke(benchOf([{ error: new TypeError('x') }]))).rejects.toMatchObject({
      type: 'Internal.Bug',
      nonRetryable: false,
    });
  });

  test('a context the vendor calls too long is reported with its size by our count', async () => {
    const bench = benchOf([{ error: new ProviderError('Model.ContextTooLong', 'too long', { hint: 'less' }) }]);
    await expect(invoke(bench)).rejects.toMatchObject({
      type: 'Model.ContextTooLong',
      nonRetryable: true,
      details: [{ hint: 'less', contextTokens: expect.any(Number) }],
    });
  });

  test('a context that does not even fit by our count is reported without: asking for less is of no use', async () => {
    const bench = benchOf([], { agent: { context: { maxTokens: 100 } } });
    const failure = await invoke(bench, {}, [user('x'.repeat(3_000))]).catch((error) => error);
    expect(failure).toMatchObject({ type: 'Model.ContextTooLong' });
    expect(failure.details[0]).not.toHaveProperty('contextTokens');
  });
});

describe('the first call of a run', () => {
  const first = (options: Record<string, unknown> = {}): Partial<InvokeModelInput> => ({
    revision: undefined as never,
    model: undefined as never,
    options,
  });

  test('looks the agent up and gives what the run is pinned to', async () => {
    const bench = benchOf([{ text: 'hello' }], { agent: { limits: { turns: 7 } } });
    const { agent: pinned } = await invoke(bench, first());
    expect(pinned).toMatchObject({ name: 'tester', revision: bench.services.catalogue.resolve('tester').revision });
    expect(pinned?.limits.turns).toBe(7);
    expect(await invoke(benchOf([{ text: 'hello' }]))).not.toHaveProperty('agent');
  });

  test.each<[Record<string, unknown>, string]>([
    [{ limits: { turns: 0 } }, 'Input.Invalid'],
    [{ surprise: 1 }, 'Input.Invalid'],
    [{ model: 'nobody/none' }, 'Model.UnknownProvider'],
  ])('refuses %j', async (options, type) => {
    await expect(invoke(benchOf([]), first(options))).rejects.toMatchObject({ type, nonRetryable: true });
  });

  test('keeps the deadline of an agent whose run does not know it yet', async () => {
    const hang: ScriptedStep = async (_request, { signal }) => {
      await aborted(signal);
      throw signal.reason;
    };
    const bench = benchOf([hang], { agent: { limits: { deadline: 300 } } });
    const env = { scheduledTimestampMs: Date.now() };
    const failure = await bench
      .attempt('invokeModel', { ...modelCall(bench), ...first() }, 1, env)
      .done.catch((e) => e);
    expect(failure).toMatchObject({ type: 'Limit.Deadline', nonRetryable: true });
    expect(Date.now() - env.scheduledTimestampMs).toBeLessThan(2_000);
  });

  test('also when the clock is set back meanwhile', async () => {
    const now = Date.now;
    const hang: ScriptedStep = async (_request, { signal }) => {
      Date.now = () => now() - 7_200_000;
      await aborted(signal);
      throw signal.reason;
    };
    const bench = benchOf([hang], { agent: { limits: { deadline: 300 } } });
    const started = performance.now();
    try {
      const attempt = bench.attempt('invokeModel', { ...modelCall(bench), ...first() }, 1, {
        scheduledTimestampMs: now(),
      });
      await expect(attempt.done).rejects.toMatchObject({ type: 'Limit.Deadline' });
    } finally {
      Date.now = now;
    }
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test('tries again no later than that deadline', async () => {
    const bench = benchOf([{ error: new ProviderError('Model.Unavailable', 'down') }], {
      agent: { limits: { deadline: 400 } },
    });
    const env = { scheduledTimestampMs: Date.now() };
    const failure = await bench
      .attempt('invokeModel', { ...modelCall(bench), ...first() }, 1, env)
      .done.catch((e) => e);
    expect(failure).toMatchObject({ type: 'Model.Unavailable', nonRetryable: false });
    expect(failure.nextRetryDelay).toBeLessThanOrEqual(400);
  });
});

describe('signs of life', () => {
  test('go out while the provider is silent, and say what has arrived', async () => {
    const bench = benchOf([
      async (_request, { onDelta }) => {
        onDelta?.({ type: 'text', text: 'hel' });
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        return { text: 'lo' };
      },
    ]);
    const { done, heartbeats } = bench.attempt('invokeModel', modelCall(bench));
    await done;
    expect(heartbeats.length).toBeGreaterThanOrEqual(2);
    expect(heartbeats[0]).toEqual({ turn: 1, receivedChars: 3 });
    const { length } = heartbeats;
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(heartbeats).toHaveLength(length);
  });

  test('a cancellation reaches the provider’s signal and is no failure', async () => {
    let reached = 0;
    const bench = benchOf([
      async (_request, { signal }) => {
        reached = await aborted(signal);
        throw new Error('the connection was closed');
      },
    ]);
    const { done, env } = bench.attempt('invokeModel', modelCall(bench));
    setTimeout(() => env.cancel('CANCELLED'), 50);
    await expect(done).rejects.toBeInstanceOf(CancelledFailure);
    expect(reached).toBeGreaterThan(0);
  });
});

describe('quick reads', () => {
  const asked = (ids: string[]): Message[] => [
    user('go'),
    assistant(...ids.map((id) => call(id, 'look', { text: id }))),
  ];
  const riding = (ids: string[]) => ({ turn: 2, quickCalls: ids });

  test('run first; their results are seen by the model and returned in order', async () => {
    const bench = benchOf([{ text: 'done' }]);
    const { quickResults } = await invoke(bench, riding(['a', 'b']), asked(['a', 'b']));
    expect(quickResults).toMatchObject([
      { callId: 'a', outcome: 'ok', content: 'look: a', mark: expect.any(String) },
      { callId: 'b', outcome: 'ok', content: 'look: b', mark: expect.any(String) },
    ]);
    expect(bench.model.requests[0]?.messages.slice(2)).toEqual(quickResults);
    expect(bench.quick.calls.map(({ key }) => key)).toEqual(['run-1:1:a', 'run-1:1:b']);
  });

  test('a thrown error is a result', async () => {
    const look = () => {
      throw new Error('no such page');
    };
    const { quickResults } = await invoke(benchOf([{ text: 'done' }], { look }), riding(['a']), asked(['a']));
    expect(quickResults).toMatchObject([{ outcome: 'failed', content: 'no such page' }]);
  });

  test('what no second attempt can mend is a result too, not the end of the run', async () => {
    const mounts = [{ name: 'gone', path: '/no/such/folder/anywhere', access: 'read' as const }];
    const bench = benchOf([{ text: 'done' }], { look: (_text, { workspace }) => workspace.root });
    const { quickResults } = await invoke(bench, { ...riding(['a']), mounts }, asked(['a']));
    expect(quickResults).toMatchObject([{ callId: 'a', outcome: 'failed', content: expect.stringContaining('gone') }]);
  });

  test('a tool that asks for another attempt gets it, and after its last one has failed', async () => {
    const look = () => {
      throw new RetryLater('the service restarts');
    };
    const steps = [{ text: 'done' }];
    const bench = benchOf(steps, { look });
    const input = { ...modelCall(bench, asked(['a'])), ...riding(['a']) };
    await expect(bench.attempt('invokeModel', input, 1).done).rejects.toMatchObject({ nonRetryable: false });
    expect(bench.model.requests).toEqual([]);
    const { quickResults }: InvokeModelResult = await bench.attempt('invokeModel', input, 5).done;
    expect(quickResults).toMatchObject([{ outcome: 'failed', content: 'the service restarts' }]);
  });

  test('arguments too large for the history are read from the store', async () => {
    const bench = benchOf([{ text: 'done' }], { look: (text) => text.length });
    const text = JSON.stringify({ text: 'x'.repeat(100_000) });
    const artifact = await bench.services.artifacts.put('wf:run-1', Buffer.from(text), 'application/json');
    const large = { type: 'tool-call' as const, id: 'a', name: 'look', arguments: {}, artifact };
    const { quickResults } = await invoke(bench, riding(['a']), [user('go'), assistant(large)]);
    expect(quickResults).toMatchObject([{ outcome: 'ok', content: '100000' }]);
  });

  test('a call the transcript does not have is tried again: another worker may know better', async () => {
    await expect(invoke(benchOf([]), riding(['x']), asked(['a']))).rejects.toMatchObject({
      type: 'Transcript.Missing',
      nonRetryable: false,
    });
  });

  test('many large results do not share one event: the largest are stored, the rest stays', async () => {
    const ids = Array.from({ length: 5 }, (_, at) => `c${at}`);
    const look = (text: string): string => (text === 'c4' ? 'small' : 'x'.repeat(60_000));
    const { quickResults = [] } = await invoke(benchOf([{ text: 'done' }], { look }), riding(ids), asked(ids));
    expect(JSON.stringify(quickResults).length).toBeLessThan(100_000);
    expect(quickResults.map(({ callId }) => callId)).toEqual(ids);
    expect(quickResults.at(-1)).toMatchObject({ content: 'small' });
    const stored = quickResults.filter(({ artifact }) => artifact !== undefined);
    expect(stored.length).toBeGreaterThanOrEqual(3);
    expect(stored[0]).toMatchObject({ artifact: { bytes: 60_000 }, content: expect.stringContaining('artifact_read') });
  });
});

describe('what this worker lacks', () => {
  const long = [user('x'.repeat(6_000)), assistant(call('a', 'look')), result('a', 'A', 'look')];
  const page = (messages: Message[]) => (from: number, to: number) => ({
    from,
    next: to,
    length: messages.length,
    messages: messages.slice(from, to),
    segments: [],
  });

  test('is asked of the workflow, by query', async () => {
    const bench = benchOf([{ text: 'done' }], { workflow: { transcript: page(long) } });
    await invoke(bench, {}, long);
    expect(bench.queries).toEqual([['transcript', 0, 3]]);
    expect(bench.model.requests[0]?.messages).toEqual(long);
  });

  test('and not known there either is tried again', async () => {
    const bench = benchOf([]);
    await expect(invoke(bench, {}, long)).rejects.toMatchObject({ type: 'Transcript.Missing', nonRetryable: false });
  });

  test('an agent at another revision is asked for once', async () => {
    const bench = benchOf([{ text: 'a' }, { text: 'b' }]);
    const older = { ...bench.services.catalogue.resolve('tester'), instructions: 'As before.', revision: 'older' };
    const workflow: FakeWorkflow = { agent: older };
    const other = benchOf([{ text: 'a' }, { text: 'b' }], { workflow });
    await invoke(other, { revision: 'older' });
    await invoke(other, { revision: 'older' });
    expect(other.queries).toEqual([['agent']]);
    expect(other.model.requests.map(({ instructions }) => instructions)).toEqual(['As before.', 'As before.']);
  });

  test('a worker that does not answer yet, or a server that is away, is asked again later; a bug stays one', async () => {
    const failing = (name: string) => ({
      transcript: () => {
        throw Object.assign(new Error('no poller'), { name });
      },
    });
    const away = benchOf([], { workflow: failing('ServiceError') });
    await expect(invoke(away, {}, long)).rejects.toMatchObject({ type: 'Server.Unreachable', nonRetryable: false });
    const broken = benchOf([], { workflow: failing('TypeError') });
    await expect(invoke(broken, {}, long)).rejects.toMatchObject({ type: 'Internal.Bug' });
  });

  test('an agent nobody has is tried again', async () => {
    const bench = benchOf([], { workflow: { agent: null } });
    await expect(invoke(bench, { revision: 'older' })).rejects.toMatchObject({
      type: 'Transcript.Missing',
      nonRetryable: false,
    });
  });

  test('large parts are loaded before the request is fitted: what is counted is what is sent', async () => {
    const bench = benchOf([{ text: 'done' }], { contextTokens: 20_000 });
    const text = 'y'.repeat(200_000);
    const artifact = await bench.services.artifacts.put('wf:run-1', Buffer.from(text), 'text/plain');
    const messages: Message[] = [
      user('go'),
      { role: 'assistant', content: [{ type: 'text', text: 'preview', artifact }] },
      user('and?'),
    ];
    const { contextFrom } = await invoke(bench, {}, messages);
    expect(contextFrom).toBe(2);
    expect(bench.model.requests[0]?.messages).toEqual([user('go'), user('and?')]);
  });
});
