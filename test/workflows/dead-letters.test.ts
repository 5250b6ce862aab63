import { z } from 'zod';
import type { Notice } from '../../activities/notifiers/notifier';
import { defineTool } from '../../activities/tools/define-tool';
import { OutcomeUnknown, RetryLater, type ToolContext } from '../../activities/tools/tool';
import type { AgentDefinition } from '../../protocol/agent';
import { HoldfastError } from '../../protocol/failures';
import type { ToolEffect } from '../../protocol/tool';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { gate } from '../fixtures/gate';
import { grow } from '../fixtures/grow';
import { type TestWorkerOptions, useTemporal } from '../setup/test-worker';

const temporal = useTemporal('dead-letters');
const call: ScriptedStep = { toolCalls: [{ name: 'send', arguments: { to: 'bo' } }] };
const last: ScriptedStep = ({ messages }) => ({ text: JSON.stringify(messages.at(-1)) });

function contents(effect: ToolEffect, act: (nth: number, context: ToolContext) => unknown) {
  const keys: string[] = [];
  const tool = defineTool({
    name: 'send',
    description: 'Sends something.',
    input: z.object({ to: z.string() }),
    effect,
    ...(effect === 'idempotent' && { maxAttempts: 2 }),
    execute(_input, context) {
      keys.push(context.idempotencyKey);
      return act(keys.length, context);
    },
  });
  const agent: AgentDefinition = { name: 'clerk', instructions: 'Send.', model: 'scripted/steps', tools: ['send'] };
  const options: TestWorkerOptions = { agents: [agent], tools: [tool], providers: [scriptedModel([call, last])] };
  return { options, keys };
}

async function letterOf(run: string): Promise<string> {
  let id = '';
  await eventually(async () => {
    const [letter] = await temporal.holdfast.deadLetters.list({ run });
    expect(letter).toMatchObject({ run, agent: 'clerk', status: 'dead' });
    id = letter?.id ?? '';
  });
  return id;
}

test('an idempotent call whose attempts are used up is kept; a retry that fails leaves it, one that works closes it', async () => {
  const { options, keys } = contents('idempotent', (nth) => {
    if (nth <= 4) throw new RetryLater('the service is away', { delayMs: 10 });
    return 'sent';
  });
  await temporal.during(options, async () => {
    const { deadLetters } = temporal.holdfast;
    const run = await temporal.holdfast.start('clerk', { id: 'used-up', input: 'send' });
    expect((await run.result()).output).toContain('the service is away');
    const id = await letterOf('used-up');
    await expect(deadLetters.retry(id, { by: 'ana' })).rejects.toMatchObject({ code: 'Tool.Failed' });
    await deadLetters.retry(id, { by: 'ana', reason: 'it is back' });
    const { letter, attempts, end } = await deadLetters.get(id);
    expect(letter).toMatchObject({ kind: 'tool', cause: 'the service is away', run: 'used-up' });
    expect(attempts.map(({ failure }) => failure)).toEqual(['the service is away', null]);
    expect(end).toMatchObject({ how: 'retried', by: 'ana', reason: 'it is back', result: { content: 'sent' } });
    expect(new Set(keys).size).toBe(1);
    expect(keys).toHaveLength(5);
    await expect(deadLetters.retry(id)).rejects.toMatchObject({ code: 'Run.Ended' });
  });
});

test("what a tool's own code answers is no dead letter", async () => {
  const { options } = contents('idempotent', () => {
    throw new Error('no such address');
  });
  await temporal.during(options, async () => {
    await (await temporal.holdfast.start('clerk', { id: 'answered', input: 'send' })).result();
    expect(await temporal.holdfast.deadLetters.list({ run: 'answered', all: true })).toEqual([]);
  });
});

test('an effect that was given up is kept, and done under the same key when somebody wants it after all', async () => {
  const { options, keys } = contents('once', (nth) => {
    if (nth === 1) throw new OutcomeUnknown('the connection broke');
    return 'sent';
  });
  await temporal.during(options, async () => {
    const { approvals, deadLetters } = temporal.holdfast;
    const run = await temporal.holdfast.start('clerk', { id: 'given-up', input: 'send' });
    await eventually(async () => expect(await approvals.list({ run: 'given-up' })).toHaveLength(1));
    const [asked] = await approvals.list({ run: 'given-up' });
    await approvals.answer(asked?.id ?? '', 'abandon', { by: 'ana' });
    expect((await run.result()).output).toContain('Given up by ana');
    const id = await letterOf('given-up');
    await deadLetters.retry(id, { by: 'bob' });
    expect((await deadLetters.get(id)).end).toMatchObject({ how: 'retried', by: 'bob' });
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
  });
});

test('an effect cut off by a cancelled run is kept too, and can be discarded with a reason', async () => {
  const { options, keys } = contents('once', (_nth, { signal }) => {
    return new Promise((_done, reject) => {
      signal.addEventListener('abort', () => reject(new OutcomeUnknown('cut')), { once: true });
    });
  });
  await temporal.during(options, async () => {
    const { deadLetters } = temporal.holdfast;
    const run = await temporal.holdfast.start('clerk', { id: 'cut-off', input: 'send' });
    await eventually(async () => expect(keys).toHaveLength(1));
    await run.stop('enough');
    const id = await letterOf('cut-off');
    await expect(deadLetters.discard(id, { by: ' ' })).rejects.toMatchObject({ code: 'Input.Invalid' });
    await deadLetters.discard(id, { by: 'ana', reason: 'it was a test' });
    expect((await deadLetters.get(id)).end).toMatchObject({ how: 'discarded', by: 'ana', reason: 'it was a test' });
    await eventually(async () => expect(await deadLetters.list({ run: 'cut-off' })).toEqual([]));
    expect(await deadLetters.list({ run: 'cut-off', all: true })).toMatchObject([{ status: 'discarded' }]);
  });
});

test('a letter continues as new with what was tried, is found as before, and can still be retried', async () => {
  const { options, keys } = contents('idempotent', (nth) => {
    if (nth <= 4) throw new RetryLater('the service is away', { delayMs: 10 });
    return 'sent';
  });
  await temporal.during(options, async () => {
    const { deadLetters } = temporal.holdfast;
    await (await temporal.holdfast.start('clerk', { id: 'long-dead', input: 'send' })).result();
    const id = await letterOf('long-dead');
    await expect(deadLetters.retry(id, { by: 'ana' })).rejects.toMatchObject({ code: 'Tool.Failed' });
    const before = await deadLetters.get(id);
    await grow(temporal.client, id);
    expect(await deadLetters.get(id)).toEqual(before);
    expect(await letterOf('long-dead')).toBe(id);
    await deadLetters.retry(id, { by: 'bo' });
    const { attempts, end } = await deadLetters.get(id);
    expect(attempts.map(({ by }) => by)).toEqual(['ana', 'bo']);
    expect(end).toMatchObject({ how: 'retried', by: 'bo' });
    expect(new Set(keys).size).toBe(1);
    await eventually(async () => {
      expect(await deadLetters.list({ run: 'long-dead', all: true })).toMatchObject([{ id, status: 'retried' }]);
    });
  });
});

test('while a letter is retried it can neither be retried nor discarded; what the tool answers in the end counts', async () => {
  const busy = gate();
  const { options, keys } = contents('idempotent', async (nth, { signal }) => {
    if (nth <= 2) throw new RetryLater('the service is away', { delayMs: 10 });
    await busy.wait(signal);
    throw new Error('no such address');
  });
  await temporal.during(options, async () => {
    const { deadLetters } = temporal.holdfast;
    await (await temporal.holdfast.start('clerk', { id: 'busy-dead', input: 'send' })).result();
    const id = await letterOf('busy-dead');
    const retried = deadLetters.retry(id, { by: 'ana' });
    await busy.reached;
    await expect(deadLetters.retry(id)).rejects.toMatchObject({ code: 'Control.Illegal' });
    await expect(deadLetters.discard(id)).rejects.toMatchObject({ code: 'Control.Illegal' });
    busy.open();
    await expect(retried).rejects.toMatchObject({ code: 'Tool.Failed', message: expect.stringContaining('address') });
    expect(await deadLetters.get(id)).toMatchObject({ attempts: [{ by: 'ana' }], end: null });
    expect(keys).toHaveLength(3);
  });
});

test('a notice nobody could be given is kept; retried, it arrives', async () => {
  const told: string[] = [];
  let refuses = true;
  const notify = async ({ event }: Notice) => {
    if (refuses) throw new HoldfastError('Config.Invalid', 'there is no such channel');
    told.push(event);
  };
  const { options } = contents('idempotent', () => 'sent');
  const agents = (options.agents ?? []).map((agent) => ({ ...agent, permissions: { profile: 'strict' as const } }));
  await temporal.during({ ...options, agents, notifiers: [{ name: 'noting', notify }] }, async () => {
    const { approvals, deadLetters } = temporal.holdfast;
    const run = await temporal.holdfast.start('clerk', { id: 'untold', input: 'send' });
    const id = await letterOf('untold');
    const { letter } = await deadLetters.get(id);
    expect(letter).toMatchObject({ kind: 'notice', title: expect.stringMatching(/^asked: clerk: send/) });
    expect(letter.cause).toContain('no such channel');
    refuses = false;
    await deadLetters.retry(id);
    expect(told).toEqual(['asked']);
    const [open] = await approvals.list({ run: 'untold' });
    await approvals.approve(open?.id ?? '', { by: 'bo' });
    expect((await run.result()).output).toContain('sent');
  });
});
