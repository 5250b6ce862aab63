import type { RunHandle } from '../../client';
import type { AgentDefinition } from '../../protocol/agent';
import type { Message } from '../../protocol/messages';
import { type ScriptedModel, type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { unpaired } from '../fixtures/messages';
import { notingTool } from '../fixtures/test-tools';
import { type TestWorkerOptions, useTemporal } from '../setup/test-worker';

const temporal = useTemporal('rollover');
const agent: AgentDefinition = {
  name: 'tester',
  instructions: 'Test.',
  model: 'scripted/steps',
  tools: ['note', 'look'],
};
const LARGE = 'x'.repeat(6_000);

/** Turns that alternate between an activity of its own and a quick read, with results too large to ride along. */
function turnsOf(count: number): ScriptedStep[] {
  const turn = (at: number): ScriptedStep => ({
    toolCalls: [{ id: `c${at}`, name: at % 2 ? 'note' : 'look', arguments: { text: `${at}` } }],
  });
  return [...Array.from({ length: count }, (_, at) => turn(at)), { text: 'done' }];
}

function contentsOf(model: ScriptedModel, changes: Partial<TestWorkerOptions> = {}): TestWorkerOptions {
  const answer = (text: string): string => `${text} ${LARGE}`;
  const note = notingTool('note', { answer });
  const look = notingTool('look', { effect: 'read', quick: true, answer });
  return { agents: [agent], tools: [note.tool, look.tool], providers: [model], ...changes };
}

async function wholeTranscript(run: RunHandle): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const { position, message } of run.events()) {
    expect(position).toBe(messages.length);
    messages.push(message);
  }
  return messages;
}

const unmarked = (messages: readonly Message[]): unknown[] =>
  messages.map((message) => ({ ...message, mark: undefined }));

async function temporalRuns(id: string): Promise<number> {
  let runs = 0;
  for await (const _run of temporal.client.workflow.list({ query: `WorkflowId = "${id}"` })) runs++;
  return runs;
}

test('a session over three Temporal runs is the session it would have been in one', async () => {
  const [one, three] = [scriptedModel(turnsOf(5)), scriptedModel(turnsOf(5))];
  const plain = await temporal.during(contentsOf(one), async () => {
    const run = await temporal.holdfast.start('tester', { id: 'in-one', input: LARGE });
    return { result: await run.result(), messages: await wholeTranscript(run) };
  });
  await temporal.during(contentsOf(three), async () => {
    const options = { id: 'in-three', input: LARGE, rolloverTurns: 2, limits: { turns: 50 }, tenant: 'acme' };
    const run = await temporal.holdfast.start('tester', options);
    expect(await run.result()).toEqual(plain.result);
    await eventually(async () => expect(await temporalRuns('in-three')).toBe(3));
    const messages = await wholeTranscript(run);
    expect(unmarked(messages)).toEqual(unmarked(plain.messages));
    expect(unpaired(messages)).toEqual([]);
    expect(three.requests.map((request) => unmarked(request.messages))).toEqual(
      one.requests.map((request) => unmarked(request.messages)),
    );
    // What the client set at the start is there in the last run: the same request still starts nothing.
    expect((await temporal.holdfast.start('tester', options)).started).toBe(false);
    expect(await temporal.holdfast.describe('in-three')).toMatchObject({ agent: 'tester', status: 'completed' });
    const { searchAttributes } = await temporal.client.workflow.getHandle('in-three').describe();
    expect(searchAttributes).toMatchObject({ HoldfastTenant: ['acme'] });
  });
});

test('a page asked for in an earlier run ends where that run does', async () => {
  await temporal.during(contentsOf(scriptedModel(turnsOf(3))), async () => {
    const run = await temporal.holdfast.start('tester', { id: 'paged', input: 'go', rolloverTurns: 1 });
    await run.result();
    const page = await run.transcript(1, 3);
    expect(page).toMatchObject({ from: 1, length: 8 });
    expect(await run.transcript(99)).toMatchObject({ messages: [] });
    const latest = await run.transcript(6);
    expect(latest?.messages.map(({ role }) => role)).toEqual(['tool', 'assistant']);
  });
});

test('a worker that takes over in the middle asks the workflow for what it lacks', async () => {
  let holdBack: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    holdBack = resolve;
  });
  const steps = turnsOf(4);
  const first = scriptedModel([
    ...steps.slice(0, 2),
    async (_request, { signal }) => {
      holdBack();
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      return {};
    },
  ]);
  const second = scriptedModel(steps.slice(2));
  const started = await temporal.worker(contentsOf(first));
  const run = await started.runUntil(async () => {
    const handle = await temporal.holdfast.start('tester', { id: 'taken-over', input: LARGE });
    await gate;
    return handle;
  });
  await temporal.during(contentsOf(second), async () => {
    expect(await run.result()).toMatchObject({ stopReason: 'completed', turns: 5 });
    second.assertDone();
    // The call that was cut off was never recorded; it is made again with the very same conversation.
    expect(unmarked(second.requests[0]?.messages ?? [])).toEqual(unmarked(first.requests[2]?.messages ?? []));
    expect(unpaired(await wholeTranscript(run))).toEqual([]);
  });
});

test('a worker that keeps no workflows in its cache gives the same run', async () => {
  const model = scriptedModel(turnsOf(4));
  await temporal.during(contentsOf(model, { worker: { maxCachedWorkflows: 0 } }), async () => {
    const run = await temporal.holdfast.start('tester', { id: 'uncached', input: LARGE, rolloverTurns: 3 });
    expect(await run.result()).toMatchObject({ stopReason: 'completed', turns: 5, toolCalls: 4 });
    expect(unpaired(await wholeTranscript(run))).toEqual([]);
  });
});

test('a run keeps the agent it began with, whatever the next worker’s catalogue says', async () => {
  let reached: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const first = scriptedModel([
    ...turnsOf(1).slice(0, 1),
    async (_request, { signal }) => {
      reached();
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      return {};
    },
  ]);
  const old = await temporal.worker(contentsOf(first));
  const run = await old.runUntil(async () => {
    const handle = await temporal.holdfast.start('tester', { id: 'pinned', input: 'go' });
    await asked;
    return handle;
  });
  const second = scriptedModel([{ text: 'as before' }, { text: 'as now' }]);
  const changed = { ...agent, instructions: 'Test differently.' };
  await temporal.during(contentsOf(second, { agents: [changed] }), async () => {
    const before = await run.result();
    const later = await (await temporal.holdfast.start('tester', { id: 'pinned-later', input: 'go' })).result();
    expect(second.requests.map(({ instructions }) => instructions)).toEqual(['Test.', 'Test differently.']);
    expect(before.revision).not.toBe(later.revision);
  });
});

test('a run whose agent the next worker does not have at all goes on too', async () => {
  let reached: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const gone = notingTool('note', {
    answer: async (_text, { signal }) => {
      reached();
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
  });
  const steps = scriptedModel([{ toolCalls: [{ name: 'note', arguments: { text: 'a' } }] }]);
  const contents = contentsOf(steps);
  const old = await temporal.worker({ ...contents, tools: [gone.tool, notingTool('look').tool] });
  const run = await old.runUntil(async () => {
    const handle = await temporal.holdfast.start('tester', { id: 'orphan', input: 'go' });
    await asked;
    return handle;
  });
  await temporal.during(contentsOf(scriptedModel([{ text: 'done' }]), { agents: [] }), async () => {
    expect(await run.result()).toMatchObject({ output: 'done', agent: 'tester' });
  });
});

test('a run that is reset goes on from there, with its workspace and its large messages', async () => {
  const huge = 'y'.repeat(100_000);
  const model = scriptedModel([
    { text: huge, toolCalls: [{ name: 'note', arguments: { text: 'a' } }] },
    { text: 'first end' },
    { text: 'second end' },
  ]);
  await temporal.during(contentsOf(model), async () => {
    const run = await temporal.holdfast.start('tester', { id: 'reset', input: 'go' });
    await run.result();
    const events = await temporal.events('reset');
    const calls = events.filter(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'invokeModel',
    );
    const before = events.findLast(
      ({ workflowTaskCompletedEventAttributes, eventId }) =>
        workflowTaskCompletedEventAttributes && Number(eventId) < Number(calls[1]?.eventId),
    );
    await temporal.client.workflowService.resetWorkflowExecution({
      namespace: temporal.namespace,
      workflowExecution: { workflowId: 'reset' },
      workflowTaskFinishEventId: before?.eventId ?? null,
      requestId: 'reset-1',
      reason: 'test',
    });
    expect(await temporal.holdfast.get('reset').result()).toMatchObject({ output: 'second end', turns: 2 });
    expect(JSON.stringify(model.requests[2]?.messages)).toContain(huge);
  });
});
