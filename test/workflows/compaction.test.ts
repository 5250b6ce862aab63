import type { ModelRequest } from '../../activities/providers/provider';
import type { RunHandle } from '../../client';
import type { AgentDefinition } from '../../protocol/agent';
import type { Message, UserMessage } from '../../protocol/messages';
import { type ScriptedModel, type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { unpaired } from '../fixtures/messages';
import { notingTool } from '../fixtures/test-tools';
import { type TestWorkerOptions, useTemporal } from '../setup/test-worker';

const temporal = useTemporal('compaction');
/** Tokens at which a summary is due. */
const THRESHOLD = 3_000;
const agent: AgentDefinition = {
  name: 'tester',
  instructions: 'Keep at it.',
  model: 'scripted/steps',
  tools: ['note', 'look'],
  limits: { turns: 2_000, toolCalls: 5_000 },
  context: { maxTokens: 4_000, summarise: { at: THRESHOLD, model: 'condenser/steps' } },
};

/** Turns that alternate between an activity of its own and a quick read, each with about 100 tokens to remember. */
function turnsOf(count: number, names: [string, string] = ['look', 'note']): ScriptedStep[] {
  const turn = (at: number): ScriptedStep => ({
    toolCalls: [{ id: `c${at}`, name: names[at % 2] as string, arguments: { text: `${at}` } }],
  });
  return [...Array.from({ length: count }, (_, at) => turn(at)), { text: 'done' }];
}

/** Says how often it was asked, and which figure it was shown last. */
function condenser(answers = 1_000): ScriptedModel {
  let asked = 0;
  const answer: ScriptedStep = ({ messages }) => {
    const figures = [...JSON.stringify(messages).matchAll(/figure (\d+)/g)].map(([, figure]) => figure);
    return { text: `summary ${++asked}: up to figure ${figures.at(-1)}`, usage: { inputTokens: 1_000 } };
  };
  return scriptedModel(
    Array.from({ length: answers }, () => answer),
    { name: 'condenser' },
  );
}

function contentsOf(providers: ScriptedModel[], changes: Partial<TestWorkerOptions> = {}): TestWorkerOptions {
  const answer = (text: string): string => `figure ${text} ${'x'.repeat(300)}`;
  const note = notingTool('note', { answer });
  const look = notingTool('look', { effect: 'read', quick: true, answer });
  return { agents: [agent], tools: [note.tool, look.tool], providers, ...changes };
}

async function wholeTranscript(run: RunHandle): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const { message } of run.events()) messages.push(message);
  return messages;
}

const tokensOf = (request: ModelRequest): number =>
  Math.ceil(JSON.stringify([request.instructions, request.messages, request.tools]).length / 4);
const summaryOf = ({ messages }: ModelRequest): UserMessage | undefined =>
  messages.find((message): message is UserMessage => message.role === 'user' && message.summary !== undefined);
const unmarked = (messages: readonly Message[]): unknown[] =>
  messages.map((message) => ({ ...message, mark: undefined }));
const seenBy = (model: ScriptedModel): unknown[] => model.requests.map(({ messages }) => unmarked(messages));
const figuresIn = (messages: readonly Message[]): number[] =>
  messages.flatMap((message) => (message.role === 'tool' ? [Number(/figure (\d+)/.exec(message.content)?.[1])] : []));

/** Every figure of the turns before is in view, or the summary goes as far as it; the task is always there. */
function expectNothingForgotten(model: ScriptedModel, task: string): void {
  for (const [turn, { instructions, messages, ...request }] of model.requests.entries()) {
    expect(instructions).toBe('Keep at it.');
    expect(messages[0]).toMatchObject({ content: [{ text: task }] });
    expect(unpaired(messages)).toEqual([]);
    const summary = JSON.stringify(summaryOf({ ...request, instructions, messages }) ?? '');
    const summarised = Number(/up to figure (\d+)/.exec(summary)?.[1] ?? -1);
    expect(figuresIn(messages)).toEqual(Array.from({ length: turn - summarised - 1 }, (_, at) => summarised + 1 + at));
  }
}

/** A thousand in the long version of the suites. */
const turns = process.env.HOLDFAST_CHAOS === 'long' ? 1_000 : 100;

test(`${turns} turns stay below the threshold, and nothing is forgotten without being summarised`, async () => {
  const [model, small] = [scriptedModel(turnsOf(turns)), condenser()];
  await temporal.during(contentsOf([model, small]), async () => {
    const run = await temporal.holdfast.start('tester', { id: 'thousand', input: 'Collect all figures.' });
    const result = await run.result();
    expect(result).toMatchObject({ output: 'done', stopReason: 'completed', turns: turns + 1, toolCalls: turns });
    model.assertDone();
    const summaries = small.requests.length;
    expect(summaries).toBeGreaterThan(turns / 50);
    // What summaries cost counts.
    expect(result.usage.inputTokens).toBe((turns + 1) * 100 + summaries * 1_000);

    expect(Math.max(...model.requests.map(tokensOf))).toBeLessThan(THRESHOLD);
    expectNothingForgotten(model, 'Collect all figures.');

    const messages = await wholeTranscript(run);
    expect(figuresIn(messages)).toEqual(Array.from({ length: turns }, (_, at) => at));
    expect(messages.filter((message) => message.role === 'user' && message.summary)).toHaveLength(summaries);
    expect(result.length).toBe(messages.length);
  });
}, 300_000);

test('between two summaries every request begins with the one before it', async () => {
  const [model, small] = [scriptedModel(turnsOf(60)), condenser()];
  await temporal.during(contentsOf([model, small]), async () => {
    await (await temporal.holdfast.start('tester', { id: 'summary-prefix', input: 'go' })).result();
  });
  let restarts = 0;
  for (const [at, { messages }] of model.requests.entries()) {
    const before = unmarked(model.requests[at - 1]?.messages ?? []);
    const same = JSON.stringify(unmarked(messages).slice(0, before.length)) === JSON.stringify(before);
    if (!same) restarts++;
  }
  expect(small.requests.length).toBeGreaterThan(2);
  expect(restarts).toBe(small.requests.length);
});

test('over many Temporal runs, and without a cache, the model sees the very same', async () => {
  const script = () => scriptedModel(turnsOf(40, ['note', 'note']));
  const [one, many, cold] = [script(), script(), script()];
  const run = async (id: string, model: ScriptedModel, options: object, changes: Partial<TestWorkerOptions> = {}) =>
    temporal.during(contentsOf([model, condenser()], changes), async () => {
      const handle = await temporal.holdfast.start('tester', { id, input: 'go', ...options });
      return { result: await handle.result(), messages: unmarked(await wholeTranscript(handle)) };
    });
  const plain = await run('compact-one', one, {});
  expect(await run('compact-many', many, { rolloverTurns: 7 })).toEqual(plain);
  expect(await run('compact-cold', cold, { rolloverTurns: 25 }, { worker: { maxCachedWorkflows: 0 } })).toEqual(plain);
  expect(seenBy(many)).toEqual(seenBy(one));
  expect(seenBy(cold)).toEqual(seenBy(one));
}, 180_000);

test('quick reads that ride along over the end of a Temporal run keep their calls', async () => {
  const model = scriptedModel(turnsOf(36, ['look', 'look']));
  await temporal.during(contentsOf([model, condenser()]), async () => {
    const run = await temporal.holdfast.start('tester', { id: 'riding', input: 'go', rolloverTurns: 1 });
    expect(await run.result()).toMatchObject({ stopReason: 'completed', turns: 37 });
    expect(unpaired(await wholeTranscript(run))).toEqual([]);
    expect(Math.max(...model.requests.map(tokensOf))).toBeLessThanOrEqual(4_000);
    expect(model.requests.every(({ messages }) => unpaired(messages).length === 0)).toBe(true);
  });
}, 180_000);

test('a fork after a summary goes on with it; one before it has the messages themselves', async () => {
  const [model, small] = [scriptedModel([...turnsOf(30), { text: 'late' }, { text: 'early' }]), condenser()];
  await temporal.during(contentsOf([model, small]), async () => {
    const run = await temporal.holdfast.start('tester', { id: 'forked', input: 'go' });
    await run.result();
    const messages = await wholeTranscript(run);
    const at = messages.findIndex((message) => message.role === 'user' && message.summary);
    const fork = async (id: string, position: number): Promise<ModelRequest> => {
      const options = { id, input: 'And now?', fork: { id: 'forked', at: position } };
      await (await temporal.holdfast.start('tester', options)).result();
      return model.requests.at(-1) as ModelRequest;
    };
    const late = await fork('fork-late', at + 1);
    expect(summaryOf(late)?.content).toEqual((messages[at] as UserMessage).content);
    expect(figuresIn(late.messages)[0]).toBeGreaterThan(0);
    const early = await fork('fork-early', 7);
    expect(unmarked(early.messages.slice(0, 7))).toEqual(unmarked(messages.slice(0, 7)));
    expect(summaryOf(early)).toBeUndefined();
  });
});

test('what is pinned, and the question that is being answered, stay word by word', async () => {
  const steps = [{ text: 'hello' }, { text: 'ready' }, ...turnsOf(60)];
  const [model, small] = [scriptedModel(steps), condenser()];
  await temporal.during(contentsOf([model, small]), async () => {
    const chat = temporal.holdfast.chat('tester', { id: 'summary-pinned' });
    // The first message stays in any case.
    await (await chat.send('Hello.')).reply();
    await (await chat.send('Never name the client.', { pin: true })).reply();
    await (await chat.send('Collect the figures.')).reply();
    expect(small.requests.length).toBeGreaterThan(2);
    for (const request of model.requests.slice(2)) {
      const said = JSON.stringify(request.messages);
      expect(said).toContain('Never name the client.');
      expect(said).toContain('Collect the figures.');
    }
  });
});

test('where no summary can be made the oldest messages are left out, and the run goes on', async () => {
  const refusing = scriptedModel(
    Array.from({ length: 20 }, () => ({ text: '', finish: 'refusal' as const })),
    {
      name: 'condenser',
    },
  );
  const model = scriptedModel(turnsOf(60));
  await temporal.during(contentsOf([model, refusing]), async () => {
    const run = await temporal.holdfast.start('tester', { id: 'no-summary', input: 'go' });
    expect(await run.result()).toMatchObject({ stopReason: 'completed', turns: 61 });
    expect(Math.max(...model.requests.map(tokensOf))).toBeLessThanOrEqual(4_000);
    // Not at every turn again: that would be paid for.
    expect(refusing.requests.length).toBeLessThan(7);
    expect(model.requests.every(({ messages }) => unpaired(messages).length === 0)).toBe(true);
  });
});

test('a model with a smaller window gets a summary first, not a conversation with its beginning cut off', async () => {
  const steps = turnsOf(20).slice(0, 20);
  const [model, narrow, small] = [
    scriptedModel([...steps, { text: 'half' }]),
    scriptedModel([{ text: 'whole' }], { name: 'narrow', contextTokens: 3_000 }),
    condenser(),
  ];
  const roomy = {
    ...agent,
    context: { summarise: { at: 0.9, model: 'condenser/steps' } },
    parameters: { maxOutputTokens: 500 },
  };
  await temporal.during({ ...contentsOf([model, narrow, small]), agents: [roomy] }, async () => {
    const chat = temporal.holdfast.chat('tester', { id: 'narrowed' });
    await (await chat.send('Collect the figures.')).reply();
    expect(small.requests).toHaveLength(0);
    await chat.change({ model: 'narrow/steps' });
    expect(await (await chat.send('Which was the first?')).reply()).toMatchObject({ output: 'whole' });
    expect(small.requests).toHaveLength(1);
    expect(summaryOf(narrow.requests[0] as ModelRequest)).toBeDefined();
    const [failed] = await failedCalls('narrowed');
    expect(failed).toContain('summarised first');
  });
});

async function failedCalls(id: string): Promise<string[]> {
  const events = await temporal.events(id);
  return events.flatMap(
    ({ activityTaskFailedEventAttributes }) => activityTaskFailedEventAttributes?.failure?.message ?? [],
  );
}
