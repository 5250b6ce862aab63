import type { AgentDefinition } from '../../protocol/agent';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { aborted } from '../fixtures/test-tools';
import { type TestWorkerOptions, useTemporal } from '../setup/test-worker';

const temporal = useTemporal('supervise');
const workflowsPath = require.resolve('../fixtures/stop-workflows');
const agent: AgentDefinition = { name: 'reader', instructions: 'Read.', model: 'scripted/steps' };
const refusal: ScriptedStep = { text: 'no', finish: 'refusal' };

test('an agent that ends without an answer is started again under a new id, and given up after so many restarts', async () => {
  const steps = [refusal, { text: 'read' }, refusal, refusal];
  await temporal.during({ workflowsPath, agents: [agent], providers: [scriptedModel(steps)] }, async () => {
    const { client, taskQueue, holdfast } = temporal;
    const kept = { taskQueue, args: ['reader', 1] };
    expect(await client.workflow.execute('kept', { ...kept, workflowId: 'sup' })).toEqual({ kept: 'read' });
    expect((await holdfast.get('sup/kept').result()).stopReason).toBe('refused');
    expect((await holdfast.get('sup/kept-2').result()).output).toBe('read');
    await expect(client.workflow.execute('kept', { ...kept, workflowId: 'sup-2' })).rejects.toMatchObject({
      cause: { type: 'Supervision.Escalated', message: expect.stringContaining('refused') },
    });
  });
});

/** A model that knows by its input which member of the team it speaks for, and does what that one's plan says next. */
function teamOf(plans: Record<string, ('refuse' | 'answer' | 'hang')[]>) {
  const begun: string[] = [];
  const step: ScriptedStep = async ({ messages: [first] }, { signal }) => {
    const part = first?.role === 'user' ? first.content[0] : undefined;
    const name = part?.type === 'text' ? part.text : '';
    begun.push(name);
    const what = plans[name]?.shift() ?? 'answer';
    if (what === 'hang') {
      await aborted(signal);
      throw signal.reason;
    }
    // Who fails gives the others the time to begin.
    return what === 'refuse' ? { text: 'no', finish: 'refusal', delayMs: 500 } : { text: `${name} done` };
  };
  const providers = [scriptedModel(Array.from({ length: 20 }, () => step))];
  const options: TestWorkerOptions = { workflowsPath, agents: [agent], providers };
  const start = (workflowId: string, strategy: string | null, maxRestarts: number) => {
    const { client, taskQueue } = temporal;
    return client.workflow.start('team', { taskQueue, workflowId, args: ['reader', strategy, maxRestarts] });
  };
  return { options, begun, start };
}

const statusOf = async (id: string) => (await temporal.client.workflow.getHandle(id).describe()).status.name;
const done = { a: 'a done', b: 'b done', c: 'c done' };

test('rest for one: what failed and those after it are ended and begin anew; those before it go on', async () => {
  const { options, start } = teamOf({ b: ['refuse'], c: ['hang'] });
  await temporal.during(options, async () => {
    expect(await (await start('rest', 'rest-for-one', 1)).result()).toEqual(done);
    expect(await statusOf('rest/c')).toBe('CANCELLED');
    expect((await temporal.holdfast.get('rest/b').result()).stopReason).toBe('refused');
    expect((await temporal.holdfast.get('rest/c-2').result()).output).toBe('c done');
    await expect(statusOf('rest/a-2')).rejects.toMatchObject({ name: 'WorkflowNotFoundError' });
  });
});

test('one for all: all are ended and begin anew', async () => {
  const { options, start } = teamOf({ a: ['hang'], b: ['refuse'], c: ['hang'] });
  await temporal.during(options, async () => {
    expect(await (await start('all', 'one-for-all', 1)).result()).toEqual(done);
    for (const id of ['all/a', 'all/c']) expect(await statusOf(id)).toBe('CANCELLED');
    for (const name of ['a', 'b', 'c']) {
      expect((await temporal.holdfast.get(`all/${name}-2`).result()).output).toBe(`${name} done`);
    }
  });
});

test('given up, everything is ended; cancelled, everything too, and nothing begins anew', async () => {
  const { options, begun, start } = teamOf({ a: ['hang', 'hang'], b: ['refuse', 'hang'], c: ['hang', 'hang'] });
  await temporal.during(options, async () => {
    const given = await start('up', null, 0);
    await expect(given.result()).rejects.toMatchObject({
      cause: { type: 'Supervision.Escalated', message: expect.stringContaining('"b" failed again after 0 restarts') },
    });
    for (const id of ['up/a', 'up/c']) expect(await statusOf(id)).toBe('CANCELLED');
    begun.length = 0;
    const cancelled = await start('off', 'one-for-all', 3);
    await eventually(async () => expect(begun).toHaveLength(3));
    await cancelled.cancel();
    await expect(cancelled.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    for (const name of ['a', 'b', 'c']) {
      await eventually(async () => expect(await statusOf(`off/${name}`)).toBe('CANCELLED'));
      await expect(statusOf(`off/${name}-2`)).rejects.toMatchObject({ name: 'WorkflowNotFoundError' });
    }
  });
});
