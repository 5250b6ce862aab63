import { z } from 'zod';
import { defineTool } from '../../activities/tools/define-tool';
import { OutcomeUnknown, type ToolContext } from '../../activities/tools/tool';
import type { AgentDefinition } from '../../protocol/agent';
import type { CompensationView } from '../../protocol/compensation';
import type { Policy } from '../../protocol/permissions/policy';
import type { EffectScope } from '../../protocol/tool';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { type TestWorkerOptions, useTemporal } from '../setup/test-worker';

const temporal = useTemporal('compensation');
const book = (what: string): ScriptedStep => ({ toolCalls: [{ name: 'book', arguments: { what } }] });
const reserve = (what: string): ScriptedStep => ({ toolCalls: [{ name: 'reserve', arguments: { what } }] });
/** There is no such step: the run fails. */
const FAILS: ScriptedStep[] = [];

interface World {
  /** What happens at the n-th undo, from 1. */
  undo?: (nth: number, what: string, context: ToolContext) => unknown;
  book?: (what: string, context: ToolContext) => unknown;
  scope?: EffectScope;
  /** Characters of a booking's result. */
  size?: number;
}

/** An agency: what it booked and what of that was undone, in order. */
function agency({ undo = () => 'ok', book: act = () => undefined, scope, size = 0 }: World = {}) {
  const done: string[] = [];
  const undone: { what: string; result: unknown; key: string }[] = [];
  const keys: string[] = [];
  let tries = 0;
  const input = z.object({ what: z.string() });
  const takeBack = (kind: string) => async (given: { what: string }, result: unknown, context: ToolContext) => {
    const answer = await undo(++tries, given.what, context);
    undone.push({ what: `${kind} ${given.what}`, result, key: context.idempotencyKey });
    return answer;
  };
  const booking = defineTool({
    name: 'book',
    description: 'Books something.',
    input,
    effect: 'once',
    ...(scope && { scope }),
    async execute({ what }, context) {
      await act(what, context);
      done.push(`book ${what}`);
      keys.push(context.idempotencyKey);
      return { booked: what, note: 'x'.repeat(size) };
    },
    undo: takeBack('book'),
  });
  const reserving = defineTool({
    name: 'reserve',
    description: 'Reserves something.',
    input,
    effect: 'idempotent',
    execute({ what }) {
      done.push(`reserve ${what}`);
      return `reserved ${what}`;
    },
    undo: takeBack('reserve'),
  });
  const mail = defineTool({
    name: 'mail',
    description: 'Writes to somebody.',
    input,
    effect: 'once',
    execute: () => 'sent',
  });
  return { tools: [booking, reserving, mail], done, undone, keys, tries: () => tries };
}

function contents(
  { tools }: ReturnType<typeof agency>,
  steps: ScriptedStep[],
  changes: Partial<AgentDefinition> = {},
  more: Partial<TestWorkerOptions> = {},
): TestWorkerOptions {
  const agent: AgentDefinition = {
    name: 'agent',
    instructions: 'Book.',
    model: 'scripted/steps',
    tools: tools.map(({ name }) => name),
    onFailure: 'compensate',
    ...changes,
  };
  return { agents: [agent], tools, providers: [scriptedModel(steps)], ...more };
}

/** What a run says that failed. */
async function failing(id: string): Promise<CompensationView> {
  const run = temporal.holdfast.get(id);
  await expect(run.result()).rejects.toMatchObject({ code: 'Model.InvalidRequest' });
  return (await run.state()).compensation as CompensationView;
}

async function asked(run: string, tool: string): Promise<string> {
  let id = '';
  await eventually(async () => {
    const [open] = await temporal.holdfast.approvals.list({ run });
    expect(open).toMatchObject({ tool });
    id = open?.id ?? '';
  });
  return id;
}

test('a run that fails undoes what it did, the last first, each with what it was given and what it gave', async () => {
  const world = agency();
  const steps = [book('hotel'), reserve('seat'), book('hotel'), book('flight'), ...FAILS];
  await temporal.during(contents(world, steps), async () => {
    await temporal.holdfast.start('agent', { id: 'undo-all', input: 'go' });
    const view = await failing('undo-all');
    expect(world.done).toEqual(['book hotel', 'reserve seat', 'book flight']);
    expect(world.undone.map(({ what }) => what)).toEqual(['book flight', 'reserve seat', 'book hotel']);
    expect(world.undone.map(({ result }) => result)).toEqual([
      { booked: 'flight', note: '' },
      'reserved seat',
      { booked: 'hotel', note: '' },
    ]);
    expect(view).toMatchObject({ status: 'completed', left: [], open: 0 });
    expect(view.undone.map(({ key }) => key)).toEqual(world.undone.map(({ key }) => key));
    expect(new Set([...world.keys, ...world.undone.map(({ key }) => key)]).size).toBe(5);
    const error = await temporal.holdfast
      .get('undo-all')
      .result()
      .catch((failure) => failure);
    expect(error.message).toContain('undone: book, reserve, book');
  });
});

test('nothing is undone by default, nor when the run succeeds, nor when it says so itself', async () => {
  const world = agency();
  const steps = [book('a'), ...FAILS];
  await temporal.during(contents(world, steps, { onFailure: 'keep' }), async () => {
    await temporal.holdfast.start('agent', { id: 'undo-none', input: 'go' });
    expect(await failing('undo-none')).toBeNull();
  });
  await temporal.during(contents(world, [book('b'), { text: 'done' }]), async () => {
    const run = await temporal.holdfast.start('agent', { id: 'undo-success', input: 'go' });
    expect(await run.result()).not.toHaveProperty('compensation');
  });
  await temporal.during(contents(world, [book('c'), ...FAILS]), async () => {
    await temporal.holdfast.start('agent', { id: 'undo-overruled', input: 'go', onFailure: 'keep' });
    expect(await failing('undo-overruled')).toBeNull();
  });
  expect(world.done).toHaveLength(3);
  expect(world.undone).toEqual([]);
});

test('a run that is stopped or meets a limit undoes too; its result names what stands and why', async () => {
  const world = agency();
  const mail: ScriptedStep = { toolCalls: [{ name: 'mail', arguments: { what: 'bo' } }] };
  await temporal.during(contents(world, [book('a'), mail, { text: 'never' }], { limits: { turns: 2 } }), async () => {
    const run = await temporal.holdfast.start('agent', { id: 'undo-limit', input: 'go' });
    const { stopReason, detail, compensation } = await run.result();
    expect(stopReason).toBe('max-turns');
    expect(detail).toContain('undone: book; not undone: mail (the tool has no undo)');
    expect(compensation).toMatchObject({ undone: [{ tool: 'book' }], left: [{ tool: 'mail' }] });
  });
  const steps: ScriptedStep[] = [book('b'), { text: 'late', delayMs: 60_000 }];
  await temporal.during(contents(world, steps), async () => {
    const run = await temporal.holdfast.start('agent', { id: 'undo-stopped', input: 'go' });
    await eventually(async () => expect((await run.state()).turns).toBe(1));
    await run.as('ana').stop('enough');
    expect(await run.result()).toMatchObject({ stopReason: 'stopped', detail: 'by ana: enough; undone: book' });
  });
  expect(world.undone.map(({ what }) => what)).toEqual(['book a', 'book b']);
});

test('a strict policy asks for each undo; one that is refused is named, kept, and can be had after all', async () => {
  const world = agency();
  const permissions: Policy = { profile: 'strict', allow: ['book', 'reserve', 'undo.reserve(what=seat)'] };
  const steps = [reserve('seat'), book('hotel'), ...FAILS];
  await temporal.during(contents(world, steps, { permissions }, { permissions: {} }), async () => {
    const { approvals, deadLetters } = temporal.holdfast;
    await temporal.holdfast.start('agent', { id: 'undo-asks', input: 'go' });
    const question = await asked('undo-asks', 'undo.book');
    expect((await approvals.get(question)).request).toMatchObject({
      kind: 'tool-call',
      arguments: { what: 'hotel' },
      body: expect.stringContaining('"booked":"hotel"'),
      because: expect.stringContaining('strict'),
    });
    expect(world.undone).toEqual([]);
    await approvals.deny(question, { by: 'ana', reason: 'we keep the hotel' });
    const view = await failing('undo-asks');
    expect(view.undone).toMatchObject([{ tool: 'reserve' }]);
    expect(view.left).toMatchObject([{ tool: 'book', because: expect.stringContaining('we keep the hotel') }]);
    const [letter] = await deadLetters.list({ run: 'undo-asks' });
    expect(letter).toMatchObject({ kind: 'undo', title: 'undo book {"what":"hotel"}' });

    const retried = deadLetters.retry(letter?.id ?? '', { by: 'bo' });
    const again = await asked('undo-asks', 'undo.book');
    await approvals.approve(again, { by: 'ana' });
    await retried;
    expect(world.undone.map(({ what }) => what)).toEqual(['reserve seat', 'book hotel']);
    expect((await deadLetters.get(letter?.id ?? '')).end).toMatchObject({ how: 'retried', by: 'bo' });
  });
});

test('what a rule denies is not undone, and a retry of its letter does not get round the rule', async () => {
  const world = agency();
  const steps = [book('hotel'), ...FAILS];
  await temporal.during(
    contents(world, steps, { permissions: { profile: 'owner', deny: ['undo.book'] } }),
    async () => {
      const { deadLetters } = temporal.holdfast;
      await temporal.holdfast.start('agent', { id: 'undo-denied', input: 'go' });
      expect((await failing('undo-denied')).left).toMatchObject([
        { because: expect.stringContaining('deny undo.book') },
      ]);
      const [letter] = await deadLetters.list({ run: 'undo-denied' });
      await expect(deadLetters.retry(letter?.id ?? '', { by: 'bo' })).rejects.toMatchObject({ code: 'Tool.Failed' });
      expect(world.undone).toEqual([]);
    },
  );
});

test('a cancelled run ends within seconds, also while people are asked; its undoing goes on and survives it', async () => {
  const world = agency();
  const permissions: Policy = { profile: 'owner', ask: ['undo.book(what=hotel)'] };
  const steps: ScriptedStep[] = [book('hotel'), book('flight'), { text: 'late', delayMs: 60_000 }];
  await temporal.during(contents(world, steps, { permissions }), async () => {
    const run = await temporal.holdfast.start('agent', { id: 'undo-cancelled', input: 'go' });
    await eventually(async () => expect((await run.state()).turns).toBe(2));
    const from = Date.now();
    await run.cancel();
    const { stopReason, detail, compensation } = await run.result();
    expect(Date.now() - from).toBeLessThan(10_000);
    expect(stopReason).toBe('cancelled');
    expect(compensation?.status).toBe('running');
    expect(detail).toContain(`still being undone: ${compensation?.id}`);
    const handle = temporal.client.workflow.getHandle(compensation?.id ?? '');
    expect(await run.compensation()).toMatchObject({ undone: [{ tool: 'book' }], open: 1 });
    expect(world.undone.map(({ what }) => what)).toEqual(['book flight']);
    await temporal.holdfast.approvals.approve(await asked('undo-cancelled', 'undo.book'), { by: 'ana' });
    expect(await handle.result()).toMatchObject({ status: 'completed', left: [] });
    expect(await run.compensation()).toMatchObject({ status: 'completed', open: 0 });
    expect(world.undone.map(({ what }) => what)).toEqual(['book flight', 'book hotel']);
  });
});

test('an effect that is cut off by the cancellation says first what became of it', async () => {
  const world = agency({
    book: async (what, { signal }) => {
      if (what !== 'slow') return;
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      throw new OutcomeUnknown('cut off');
    },
  });
  await temporal.during(contents(world, [book('hotel'), book('slow')]), async () => {
    const run = await temporal.holdfast.start('agent', { id: 'undo-cut', input: 'go' });
    await eventually(async () => expect((await run.state()).running).toEqual(['book']));
    await eventually(async () => expect((await run.state()).toolCalls).toBe(2));
    await run.cancel();
    const { compensation } = await run.result();
    expect(compensation).toMatchObject({
      undone: [{ tool: 'book' }],
      left: [{ tool: 'book', because: 'nobody knows whether it took effect' }],
    });
    expect(world.undone.map(({ what }) => what)).toEqual(['book hotel']);
  });
});

test('an undo nobody knows the outcome of is asked about and never guessed; given up, it is a dead letter', async () => {
  const world = agency({
    undo: (nth) => {
      if (nth === 1) throw new OutcomeUnknown('the connection broke');
      return 'cancelled';
    },
  });
  const steps = [book('hotel'), book('flight'), ...FAILS];
  await temporal.during(contents(world, steps), async () => {
    const { approvals, deadLetters } = temporal.holdfast;
    await temporal.holdfast.start('agent', { id: 'undo-unknown', input: 'go' });
    const question = await asked('undo-unknown', 'undo.book');
    expect(world.tries()).toBe(1);
    await approvals.answer(question, 'abandon', { by: 'ana' });
    const view = await failing('undo-unknown');
    expect(view.left).toMatchObject([{ because: expect.stringContaining('Given up by ana') }]);
    expect(view.undone).toHaveLength(1);
    const letters = await deadLetters.list({ run: 'undo-unknown' });
    expect(letters.map(({ kind }) => kind)).toEqual(['undo']);
    await deadLetters.retry(letters[0]?.id ?? '', { by: 'bo' });
    expect(world.undone.map(({ what }) => what)).toEqual(['book hotel', 'book flight']);
  });
});

test("the run that got another one's first result does not undo it; once undone it can be done again", async () => {
  const world = agency({ scope: 'organisation' });
  const start = (id: string) => temporal.holdfast.start('agent', { id, input: 'go', tenant: 'undo-acme' });
  await temporal.during(contents(world, [book('hall'), { text: 'done' }]), async () => {
    await (await start('undo-first')).result();
  });
  await temporal.during(contents(world, [book('hall'), book('room'), ...FAILS]), async () => {
    await start('undo-second');
    expect((await failing('undo-second')).undone).toHaveLength(1);
    expect(world.undone.map(({ what }) => what)).toEqual(['book room']);
  });
  await temporal.during(contents(world, [book('room'), book('hall'), ...FAILS]), async () => {
    await start('undo-third');
    expect((await failing('undo-third')).undone).toHaveLength(1);
  });
  expect(world.done).toEqual(['book hall', 'book room', 'book room']);
  expect(world.undone.map(({ what }) => what)).toEqual(['book room', 'book room']);
  expect(new Set(world.keys).size).toBe(3);
});

test('what was done is carried over roll-overs, also when it is much', async () => {
  const world = agency({ size: 20_000 });
  const names = ['a', 'b', 'c', 'd', 'e'];
  const steps = [...names.map(book), ...FAILS];
  await temporal.during(contents(world, steps), async () => {
    await temporal.holdfast.start('agent', { id: 'undo-carried', input: 'go', rolloverTurns: 2 });
    const view = await failing('undo-carried');
    expect(view.undone).toHaveLength(5);
    expect(world.undone.map(({ what }) => what)).toEqual(['book e', 'book d', 'book c', 'book b', 'book a']);
    expect(world.undone.map(({ result }) => (result as { booked: string }).booked)).toEqual([...names].reverse());
    const last = await temporal.events('undo-carried');
    const begun = last.find(({ startChildWorkflowExecutionInitiatedEventAttributes: begins }) =>
      begins?.workflowType?.name?.startsWith('compensation'),
    );
    expect(JSON.stringify(begun).length).toBeLessThan(256_000);
    const types = last.map(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name);
    expect(types.filter((type) => type === 'keepEffects').length).toBeGreaterThan(0);
  });
});
