import type { AgentDefinition } from '../../protocol/agent';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { unpaired } from '../fixtures/messages';
import { notingTool } from '../fixtures/test-tools';
import { useTemporal } from '../setup/test-worker';

const temporal = useTemporal('session');

const agent: AgentDefinition = {
  name: 'tester',
  instructions: 'Test.',
  model: 'scripted/steps',
  tools: ['note', 'look', 'stamp', 'todo'],
};

/** One run from its start to its result, on a worker of its own. */
async function runToEnd(
  id: string,
  steps: ScriptedStep[],
  options: { agent?: Partial<AgentDefinition>; input?: unknown } = {},
) {
  const model = scriptedModel(steps);
  const [note, look] = [notingTool('note'), notingTool('look', { effect: 'read', quick: true })];
  const stamp = notingTool('stamp', { effect: 'once' });
  const contents = {
    agents: [{ ...agent, ...options.agent }],
    tools: [note.tool, look.tool, stamp.tool],
    providers: [model],
  };
  return temporal.during(contents, async () => {
    const run = await temporal.holdfast.start('tester', { id, input: options.input ?? 'go' });
    const result = await run.result();
    return { run, result, model, note, look, stamp, transcript: await run.transcript(), state: await run.state() };
  });
}

describe('one answer', () => {
  test('from an input to a result', async () => {
    const { result, transcript, state, run, model } = await runToEnd('answer', [{ text: '42' }], { input: '6 × 7?' });
    expect(run.started).toBe(true);
    expect(result).toMatchObject({
      output: '42',
      stopReason: 'completed',
      agent: 'tester',
      revision: expect.stringMatching(/^[0-9a-f]{16}$/),
      model: 'scripted/steps',
      turns: 1,
      toolCalls: 0,
      usage: { inputTokens: 100, outputTokens: 10 },
      costUsd: 0,
      costIncomplete: false,
      length: 2,
    });
    expect(transcript?.messages.map(({ role }) => role)).toEqual(['user', 'assistant']);
    expect(state).toMatchObject({ status: 'completed', phase: 'ended', stopReason: 'completed', running: [] });
    expect(model.requests[0]).toMatchObject({ model: 'steps', instructions: 'Test.' });
  });

  test('checked against a schema, after one repair', async () => {
    const output = { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'] };
    const { result, model } = await runToEnd('schema', [{ text: '{"sum": "3"}' }, { text: '{"sum": 3}' }], {
      agent: { output },
    });
    expect(result).toMatchObject({ output: { sum: 3 }, stopReason: 'completed', turns: 2 });
    expect(JSON.stringify(model.requests[1]?.messages.at(-1))).toContain('/sum must be number');
  });

  test('larger than the history takes: its beginning, and where the whole is', async () => {
    const { result } = await runToEnd('large-answer', [{ text: 'x'.repeat(300_000) }]);
    expect(result).toMatchObject({ output: 'x'.repeat(2_000), artifact: { bytes: 300_000 } });
  });
});

describe('tool turns', () => {
  test('activities, quick reads, exclusive tools and the todo list in one conversation', async () => {
    const steps: ScriptedStep[] = [
      { toolCalls: [{ name: 'todo', arguments: { items: [{ text: 'look' }] } }] },
      { toolCalls: ['a', 'b'].map((text) => ({ name: 'look', arguments: { text } })) },
      { toolCalls: ['c', 'd'].map((text) => ({ name: 'note', arguments: { text } })) },
      {
        toolCalls: [
          { name: 'note', arguments: { text: 'e' } },
          { name: 'stamp', arguments: { text: 'f' } },
          { name: 'nope', arguments: {} },
          { name: 'note', malformed: '{"text": ' },
          { name: 'note', arguments: { text: 7 } },
        ],
      },
      { text: 'done' },
    ];
    const { result, transcript, note, look, stamp, state } = await runToEnd('tools', steps);
    expect(result).toMatchObject({ output: 'done', turns: 5, toolCalls: 10 });
    const messages = transcript?.messages ?? [];
    expect(unpaired(messages)).toEqual([]);
    const outcomes = messages.flatMap((message) =>
      message.role === 'tool' ? [`${message.name} ${message.outcome}`] : [],
    );
    expect(outcomes).toEqual([
      'todo ok',
      'look ok',
      'look ok',
      'note ok',
      'note ok',
      'note ok',
      'stamp ok',
      'nope unknown-tool',
      'note invalid-arguments',
      'note invalid-arguments',
    ]);
    expect([note, look, stamp].map(({ calls }) => calls.map(({ text }) => text))).toEqual([
      ['c', 'd', 'e'],
      ['a', 'b'],
      ['f'],
    ]);
    expect(new Set(note.calls.map(({ key }) => key)).size).toBe(3);
    expect(state.todos).toEqual([{ text: 'look', status: 'pending' }]);
  });

  test('a quick read beside a slow call runs at once, as a local activity', async () => {
    const { result, look, run } = await runToEnd('mixed', [
      {
        toolCalls: [
          { name: 'look', arguments: { text: 'a' } },
          { name: 'note', arguments: { text: 'b' } },
        ],
      },
      { text: 'done' },
    ]);
    expect(result).toMatchObject({ output: 'done', toolCalls: 2 });
    expect(look.calls).toHaveLength(1);
    const events = await temporal.events(run.id);
    const markers = events.flatMap(({ markerRecordedEventAttributes: marker }) => marker?.markerName ?? []);
    expect(markers).toEqual(['core_local_activity']);
  });

  test('the model sees each result in its place', async () => {
    const { model } = await runToEnd('order', [
      { toolCalls: ['a', 'b', 'c'].map((text) => ({ id: text, name: 'note', arguments: { text } })) },
      { text: 'done' },
    ]);
    const seen = model.requests[1]?.messages.flatMap((message) => (message.role === 'tool' ? [message.content] : []));
    expect(seen).toEqual(['note: a', 'note: b', 'note: c']);
  });

  test('the request of a turn begins with that of the turn before, byte for byte', async () => {
    const { model } = await runToEnd('prefix', [
      { toolCalls: [{ name: 'note', arguments: { text: 'a' } }] },
      { toolCalls: [{ name: 'look', arguments: { text: 'b' } }] },
      { toolCalls: [{ name: 'note', arguments: { text: 'c' } }] },
      { text: 'done' },
    ]);
    const texts = model.requests.map((request) => JSON.stringify(request.messages).slice(0, -1));
    texts.slice(1).forEach((text, at) => {
      expect(text.startsWith(texts[at] ?? '?')).toBe(true);
    });
    expect(new Set(model.requests.map(({ tools, instructions }) => JSON.stringify([tools, instructions]))).size).toBe(
      1,
    );
  });
});

describe('an id', () => {
  test('starts once: the same request again is given the run there is', async () => {
    const model = scriptedModel([{ text: 'once' }]);
    await temporal.during({ agents: [agent], tools: tools(), providers: [model] }, async () => {
      const options = { id: 'same', input: { b: 1, a: 2 } };
      const first = await temporal.holdfast.start('tester', options);
      const second = await temporal.holdfast.start('tester', { ...options, input: { a: 2, b: 1 } });
      expect([first.started, second.started]).toEqual([true, false]);
      expect(await second.result()).toMatchObject({ output: 'once' });
      const third = await temporal.holdfast.start('tester', options);
      expect(third.started).toBe(false);
      await expect(temporal.holdfast.start('tester', { ...options, input: 'else' })).rejects.toMatchObject({
        code: 'Run.AlreadyStarted',
        hint: expect.stringContaining('same'),
      });
      model.assertDone();
    });
  });

  test('is made up when none is given', async () => {
    await temporal.during(
      { agents: [agent], tools: tools(), providers: [scriptedModel([{ text: '.' }])] },
      async () => {
        const run = await temporal.holdfast.start('tester', { input: 'go' });
        expect(run.id).toMatch(/^tester-[0-9a-f]{8}$/);
        await run.result();
      },
    );
  });
});

function tools() {
  return [notingTool('note').tool, notingTool('look', { effect: 'read', quick: true }).tool, notingTool('stamp').tool];
}

describe('what a run shows', () => {
  test('in the list and to Temporal’s own UI', async () => {
    const { run } = await runToEnd('shown', [
      { toolCalls: [{ name: 'note', arguments: { text: 'a' } }] },
      { text: 'done' },
    ]);
    const described = await temporal.holdfast.describe('shown');
    expect(described).toMatchObject({ id: 'shown', agent: 'tester', status: 'completed', costUsd: 0, parent: null });
    const events = await temporal.events(run.id);
    const summaries = events.flatMap(({ userMetadata }) =>
      userMetadata?.summary?.data ? [JSON.parse(Buffer.from(userMetadata.summary.data).toString())] : [],
    );
    expect(summaries).toEqual(
      expect.arrayContaining(['tester: go', 'turn 1 · tester', 'turn 1 · {"text":"a"}', 'turn 2 · scripted/steps']),
    );
    const types = events.flatMap(
      ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name ?? [],
    );
    expect(types).toEqual(['invokeModel', 'tool.note', 'invokeModel']);
  });

  test('current details in Markdown, also after its end', async () => {
    await temporal.during(
      { agents: [agent], tools: tools(), providers: [scriptedModel([{ text: 'done' }])] },
      async () => {
        const run = await temporal.holdfast.start('tester', { id: 'details', input: 'go' });
        await run.result();
        const details = await temporal.client.workflow
          .getHandle('details')
          .query<{ currentDetails: string }>('__temporal_workflow_metadata');
        expect(details.currentDetails).toContain('**tester** · scripted/steps');
        expect(details.currentDetails).toContain('ended: completed · turn 1/100');
        expect(details.currentDetails).toContain('| 1 | steps | 100→10 | $0.0000 |');
      },
    );
  });

  test('a list by agent, status and filter; nothing is found by a hostile name', async () => {
    await runToEnd('listed', [{ text: 'x' }], { agent: { name: 'tester' } });
    const ids = async (options: Parameters<typeof temporal.holdfast.list>[0]): Promise<string[]> => {
      const found: string[] = [];
      for await (const { id } of temporal.holdfast.list(options)) found.push(id);
      return found;
    };
    await eventually(async () => expect(await ids({ agent: 'tester', status: 'completed' })).toContain('listed'));
    expect(await ids({ query: 'WorkflowId = "listed"' })).toEqual(['listed']);
    expect(await ids({ agent: 'x" OR WorkflowId = "listed' })).toEqual([]);
    expect(await ids({ agent: '\\" OR WorkflowId = \\"listed' })).toEqual([]);
    expect(await ids({ agent: 'tester', limit: 1 })).toHaveLength(1);
    await expect(ids({ query: 'no filter at all' })).rejects.toMatchObject({ code: 'Input.Invalid' });
  });

  test.each([
    ['ideographs', '漢字だけの長い質問です。'.repeat(100)],
    ['emoji', '🙂'.repeat(500)],
    ['what JSON escapes', '"\\\n'.repeat(500)],
  ])('a summary of an input of %s is taken by the server', async (_what, input) => {
    await temporal.during(
      { agents: [agent], tools: tools(), providers: [scriptedModel([{ text: '.' }])] },
      async () => {
        const run = await temporal.holdfast.start('tester', { input });
        expect(await run.result()).toMatchObject({ output: '.' });
      },
    );
  });
});
