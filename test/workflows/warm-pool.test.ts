import type { AgentDefinition } from '../../protocol/agent';
import type { WarmPoolView } from '../../protocol/warm-pool';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { type TestWorkerOptions, useTemporal } from '../setup/test-worker';

/** Registered agents cost nothing; a pool has sessions ready, gives each away once, and has nothing of one user for the next. */

const temporal = useTemporal('warm-pool');
const agent: AgentDefinition = { name: 'talker', instructions: 'Talk.', model: 'scripted/steps' };

/** Tells how much of a conversation it was shown. */
const counting: ScriptedStep = ({ messages }) => ({ text: `${messages.length} seen` });
const contents = (count: number, agents = [agent]): TestWorkerOptions => ({
  agents,
  providers: [scriptedModel(Array.from({ length: count }, () => counting))],
});

async function ready(pool: { state(): Promise<WarmPoolView> }, count: number): Promise<string[]> {
  await eventually(async () => expect((await pool.state()).ready).toHaveLength(count));
  return (await pool.state()).ready;
}

const runningHere = async (): Promise<number> => {
  const query = `TaskQueue = "${temporal.taskQueue}" AND ExecutionStatus = "Running"`;
  return (await temporal.client.workflow.count(query)).count;
};

test('a thousand registered agents are nothing that runs; a first message starts one, in one request', async () => {
  const agents = Array.from({ length: 1_000 }, (_, at) => ({ ...agent, name: `agent-${at}` }));
  await temporal.during(contents(1, agents), async () => {
    expect(await runningHere()).toBe(0);
    const chat = temporal.holdfast.chat('agent-700', { id: 'one-of-many' });
    const pool = temporal.holdfast.pool('agent-701', { size: 3 });
    expect(await runningHere()).toBe(0);
    await (await chat.send('hi')).reply();
    await eventually(async () => expect(await runningHere()).toBe(1));
    await expect(pool.state()).rejects.toMatchObject({ code: 'Run.Unknown' });
    await chat.stop();
  });
}, 120_000);

test('sessions are given away in the order of their start, each once, and replaced', async () => {
  await temporal.during(contents(4), async () => {
    const pool = temporal.holdfast.pool('talker', { id: 'pool-fifo', size: 2, limits: { turns: 7 } });
    // The first one finds the pool empty: it is started for it.
    const first = await pool.take('order-1');
    expect(await pool.state()).toMatchObject({ taken: 1, cold: 1 });
    const [second, third] = await ready(pool, 2);
    const taken = [await pool.take(), await pool.take()].map(({ id }) => id);
    expect(taken).toEqual([second, third]);
    expect((await pool.take('order-1')).id).toBe(first.id);
    const replaced = await ready(pool, 2);
    expect(new Set([first.id, ...taken, ...replaced]).size).toBe(5);
    expect(await pool.state()).toMatchObject({ agent: 'talker', size: 2, taken: 3, cold: 1 });

    // What one was told, the next does not know.
    await (await first.send('a secret')).reply();
    const { chat, sent } = await pool.send('hello');
    expect((await sent.reply()).output).toBe('1 seen');
    expect(chat.id).toBe(replaced[0]);
    expect(await chat.state()).toMatchObject({ agent: 'talker', limits: { turns: 7 }, chat: { finished: 1 } });
    expect((await chat.messages()).length).toBe(2);
    await Promise.all([first, chat].map((one) => one.stop()));
    for (const id of taken) await temporal.holdfast.cancel(id);
    await pool.close('done');
  });
});

test('one that ended while it waited is not given to anybody; the size can be changed, and the end ends what waits', async () => {
  await temporal.during(contents(1), async () => {
    const pool = temporal.holdfast.pool('talker', { id: 'pool-sizes', size: 2 });
    const cold = await pool.take();
    const [dead, alive] = await ready(pool, 2);
    await temporal.holdfast.cancel(dead as string);
    await temporal.holdfast.get(dead as string).result();
    const { chat, sent } = await pool.send('hello');
    await sent.reply();
    expect(chat.id).toBe(alive);
    await pool.resize(4);
    const four = await ready(pool, 4);
    await pool.resize(1);
    // Those that waited for longest stay.
    expect(await ready(pool, 1)).toEqual(four.slice(0, 1));
    await expect(pool.resize(-1)).rejects.toMatchObject({ code: 'Input.Invalid' });
    await expect(pool.resize(201)).rejects.toMatchObject({ code: 'Input.Invalid' });
    const [last] = await ready(pool, 1);
    await pool.close();
    expect((await temporal.holdfast.get(last as string).result()).stopReason).toBe('cancelled');
    // What was taken goes on.
    expect((await chat.state()).status).toBe('idle');
    expect((await cold.state()).status).toBe('idle');
    await expect(pool.close()).rejects.toMatchObject({ code: 'Run.Ended' });
    // The one that had ended was taken too.
    expect((await pool.state()).taken).toBe(3);
    for (const one of [chat, cold]) await one.stop();
  });
});

test('what is no pool is refused', async () => {
  const { holdfast } = temporal;
  expect(() => holdfast.pool('No Agent')).toThrow(expect.objectContaining({ code: 'Input.Invalid' }));
  expect(() => holdfast.pool('talker', { size: 201 })).toThrow(expect.objectContaining({ code: 'Input.Invalid' }));
  expect(() => holdfast.pool('talker', { model: 'none' })).toThrow('write provider/model');
  await temporal.during(contents(0), async () => {
    const start = { taskQueue: temporal.taskQueue, workflowId: 'pool-bare', args: [{ agent: 'talker', size: 'two' }] };
    const handle = await temporal.client.workflow.start('warmPool', start);
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'Input.Invalid' } });
  });
});
