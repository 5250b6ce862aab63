import { z } from 'zod';
import { ProviderError } from '../../activities/providers/provider';
import { defineTool } from '../../activities/tools/define-tool';
import { RetryLater } from '../../activities/tools/tool';
import type { AgentDefinition } from '../../protocol/agent';
import type { ToolMessage } from '../../protocol/messages';
import type { ToolEffect } from '../../protocol/tool';
import { type ScriptedModel, type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { type TestWorkerOptions, useTemporal } from '../setup/test-worker';

const temporal = useTemporal('degrade');
const call = (name: string, text = 'x'): ScriptedStep => ({ toolCalls: [{ name, arguments: { text } }] });
const DONE: ScriptedStep = { text: 'done' };

/** A tool whose service is away; it counts how often it was tried. */
function away(name: string, effect: ToolEffect, quick = false) {
  const state = { tries: 0, back: false };
  const tool = defineTool({
    name,
    description: name,
    input: z.object({ text: z.string() }),
    effect,
    quick,
    ...(effect !== 'once' && { maxAttempts: 2 }),
    execute() {
      state.tries++;
      if (!state.back) throw new RetryLater('the service is away', { delayMs: 10 });
      return 'found';
    },
  });
  return { tool, state };
}

function contents(
  tools: ReturnType<typeof away>[],
  models: ScriptedModel[],
  changes: Partial<AgentDefinition>,
  more: Partial<TestWorkerOptions> = {},
): TestWorkerOptions {
  const agent: AgentDefinition = {
    name: 'agent',
    instructions: 'Work.',
    model: 'first/steps',
    tools: tools.map(({ tool }) => tool.name),
    ...changes,
  };
  return { agents: [agent], tools: tools.map(({ tool }) => tool), providers: models, ...more };
}

const first = (steps: ScriptedStep[]) => scriptedModel(steps, { name: 'first' });
const second = (steps: ScriptedStep[]) => scriptedModel(steps, { name: 'second' });
const resultsOf = async (id: string): Promise<ToolMessage[]> =>
  (await temporal.holdfast.get(id).messages()).filter((message) => message.role === 'tool');

test.each([
  ['read', false],
  ['read', true],
  ['idempotent', false],
] as const)(
  'a declared tool (%s, quick %s) that is away is done without and not tried again',
  async (effect, quick) => {
    const search = away('search', effect, quick);
    const model = first([call('search', 'a'), call('search', 'b'), DONE]);
    const id = `degrade-${effect}-${quick}`;
    await temporal.during(
      contents([search], [model], { degrade: { tools: { search: { say: 'Use what you know.' } } } }),
      async () => {
        const run = await temporal.holdfast.start('agent', { id, input: 'go' });
        const result = await run.result();
        expect(result).toMatchObject({
          stopReason: 'completed',
          degraded: [{ dependency: 'tool search', reason: expect.stringContaining('the service is away') }],
        });
        const results = await resultsOf(id);
        expect(results.map(({ outcome }) => outcome)).toEqual(['unavailable', 'unavailable']);
        for (const { content } of results) {
          expect(content).toContain('search is unavailable: the service is away. Do not call it again');
          expect(content).toContain('Use what you know.');
        }
        expect(search.state.tries).toBe(2);
        expect((await run.state()).degraded).toHaveLength(1);
        const { currentDetails } = await temporal.client.workflow
          .getHandle(id)
          .query<{ currentDetails: string }>('__temporal_workflow_metadata');
        expect(currentDetails).toContain('goes on without** tool search');
      },
    );
  },
);

test('a tool that is not declared fails as ever, and is tried again', async () => {
  const search = away('search', 'read');
  await temporal.during(contents([search], [first([call('search', 'a'), call('search', 'b'), DONE])], {}), async () => {
    const run = await temporal.holdfast.start('agent', { id: 'degrade-undeclared', input: 'go' });
    expect(await run.result()).not.toHaveProperty('degraded');
    expect((await resultsOf('degrade-undeclared')).map(({ outcome }) => outcome)).toEqual(['failed', 'failed']);
    expect(search.state.tries).toBe(4);
  });
});

test('a once tool that provably did nothing asks nobody where it can be done without; another run may do it', async () => {
  const send = away('send', 'once');
  const steps = [call('send'), DONE, call('send'), DONE];
  await temporal.during(contents([send], [first(steps)], { degrade: { tools: { send: 'skip' } } }), async () => {
    const run = await temporal.holdfast.start('agent', { id: 'degrade-once', input: 'go' });
    expect(await run.result()).toMatchObject({ degraded: [{ dependency: 'tool send' }] });
    expect(await temporal.holdfast.approvals.list({ run: 'degrade-once', all: true })).toEqual([]);
    expect(send.state.tries).toBe(6);
    send.state.back = true;
    const fork = await temporal.holdfast.fork('degrade-once', { at: 1, id: 'degrade-once-fork' });
    expect(await fork.result()).not.toHaveProperty('degraded');
    expect((await resultsOf('degrade-once-fork')).map(({ content }) => content)).toEqual(['found']);
  });
}, 60_000);

const DOWN: ScriptedStep = { error: new ProviderError('Model.Overloaded', 'too many', { retryAfterMs: 60_000 }) };
const LOCKED: ScriptedStep = { error: new ProviderError('Model.Auth', 'the key was refused') };

test.each([
  ['before its first answer', [DOWN]],
  ['with a key that is refused', [LOCKED]],
])('another model stands in for one that is away %s', async (why, steps) => {
  const model = second([DONE]);
  const id = `stand-in-${why.length}`;
  await temporal.during(contents([], [first(steps), model], { degrade: { model: ['second/steps'] } }), async () => {
    const run = await temporal.holdfast.start('agent', { id, input: 'go' });
    expect(await run.result()).toMatchObject({
      output: 'done',
      model: 'second/steps',
      degraded: [{ dependency: 'model first/steps', instead: 'second/steps' }],
    });
    expect(model.requests).toHaveLength(1);
  });
});

test('in the middle of a run, one after the other, and each once; the last one is waited for', async () => {
  const look = away('look', 'read');
  look.state.back = true;
  const SOON: ScriptedStep = { error: new ProviderError('Model.Overloaded', 'too many', { retryAfterMs: 20 }) };
  const third = scriptedModel([...Array.from({ length: 6 }, () => SOON), DONE], { name: 'third' });
  const models = [first([call('look'), SOON, SOON, SOON, SOON]), second([DOWN]), third];
  await temporal.during(contents([look], models, { degrade: { model: ['second/steps', 'third/steps'] } }), async () => {
    const run = await temporal.holdfast.start('agent', { id: 'stand-in-row', input: 'go' });
    const { output, degraded } = await run.result();
    expect(output).toBe('done');
    expect(degraded?.map(({ dependency, instead }) => `${dependency} ${instead}`)).toEqual([
      'model first/steps second/steps',
      'model second/steps third/steps',
    ]);
    for (const model of models) model.assertDone();
  });
});

test('a model that the run may not use never stands in: the first is waited for', async () => {
  const model = second([]);
  const steps: ScriptedStep[] = [DOWN, DONE];
  await temporal.during(contents([], [first(steps), model], { degrade: { model: ['second/steps'] } }), async () => {
    const permissions = { models: ['first/*'] };
    const run = await temporal.holdfast.start('agent', { id: 'stand-in-denied', input: 'go', permissions });
    expect(await run.result()).toMatchObject({ output: 'done', model: 'first/steps' });
    expect(model.requests).toHaveLength(0);
  });
});

test('the model that stands in is held to the limit on cost', async () => {
  const prices = {
    'first/steps': { inputPerMillion: 1, outputPerMillion: 1 },
    'second/steps': { inputPerMillion: 1_000_000, outputPerMillion: 1_000_000 },
  };
  const models = [first([DOWN]), second([DONE])];
  const limits = { costUsd: 0.01 };
  const agent = { degrade: { model: ['second/steps'] }, limits };
  await temporal.during(contents([], models, agent, { prices }), async () => {
    const run = await temporal.holdfast.start('agent', { id: 'stand-in-cost', input: 'go' });
    expect(await run.result()).toMatchObject({ stopReason: 'max-cost' });
    expect(models[1]?.requests).toHaveLength(0);
  });
});

test('the next exchange of a chat tries again what was unavailable in the last one', async () => {
  const search = away('search', 'read');
  const models = [first([DOWN, DONE]), second([call('search'), DONE])];
  const degrade = { model: ['second/steps'], tools: { search: 'skip' as const } };
  await temporal.during(contents([search], models, { degrade }), async () => {
    const chat = await temporal.holdfast.chat('agent', { id: 'degrade-chat' });
    const one = await chat.send('one');
    await eventually(async () => expect((await chat.state()).chat?.finished).toBe(1));
    expect((await chat.state()).degraded.map(({ dependency, exchange }) => `${dependency} ${exchange}`)).toEqual([
      'model first/steps 1',
      'tool search 1',
    ]);
    expect(one).toBeDefined();
    expect((await chat.state()).model).toBe('second/steps');
    await chat.send('two');
    await eventually(async () => expect((await chat.state()).chat?.finished).toBe(2));
    expect((await chat.state()).model).toBe('first/steps');
    await chat.close();
    await chat.result();
  });
});
