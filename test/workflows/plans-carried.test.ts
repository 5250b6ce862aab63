import { setTimeout as sleep } from 'node:timers/promises';
import type { PlanHandle } from '../../client';
import type { PlanDefinition } from '../../protocol/plan/definition';
import type { ScriptedReply, ScriptedStep } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { say, type Told, team } from '../fixtures/plan-team';
import { useTemporal } from '../setup/test-worker';

/** What still runs, or waits for people, does not keep a plan from continuing as new, and is not begun again. */

const temporal = useTemporal('plans-carried');
const plans = () => temporal.holdfast.plans;

/** Agents whose tasks that begin with SLOW wait until they are opened, or ended. */
function slowTeam(answer: (told: Told) => ScriptedStep = say) {
  const open = new Set<string>();
  const made = team((told) => {
    const reply = answer(told);
    if (!told.task.startsWith('SLOW')) return reply;
    return async (_request, { signal }) => {
      for (; !open.has(told.task); await sleep(20)) signal.throwIfAborted();
      return reply as ScriptedReply;
    };
  });
  const asked = (task: string) => made.seen.filter((one) => one.task === task).length;
  return { ...made, open, asked };
}

/** One slow node beside a chain, and one node after both. */
const beside = (slow: PlanDefinition['nodes'][number]): PlanDefinition => ({
  name: 'beside',
  agent: 'worker',
  nodes: [
    slow,
    ...Array.from({ length: 5 }, (_, at) => ({ id: `n${at}`, goal: `N${at}`, after: at === 0 ? [] : [`n${at - 1}`] })),
    { id: 'last', goal: 'LAST', after: [slow.id, 'n4'] },
  ],
});

async function chainIsDone(plan: PlanHandle): Promise<void> {
  await eventually(async () => expect(await plan.view()).toMatchObject({ counts: { done: 5 } }));
}

/** How often it has continued as new. */
async function rollovers(id: string): Promise<number> {
  let count = 0;
  for (let runId: string | undefined; ; count++) {
    const [first] = await temporal.events(id, runId);
    runId = first?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined;
    if (!runId) return count;
  }
}

test('a node that takes long does not keep the others waiting; its run is the same after many roll-overs', async () => {
  const { options, open, asked } = slowTeam();
  await temporal.during(options, async () => {
    const plan = await plans().submit(beside({ id: 'slow', goal: 'SLOW' }), { id: 'pc-slow', rolloverNodes: 2 });
    await chainIsDone(plan);
    expect(await rollovers('pc-slow')).toBeGreaterThanOrEqual(2);
    expect((await plan.nodes())[0]).toMatchObject({ id: 'slow', status: 'running', attempts: 1, run: 'pc-slow/slow' });
    await expect(plan.amend({ remove: ['slow'] })).rejects.toMatchObject({ code: 'Plan.Illegal' });
    await plan.adjust({ node: 'last', action: 'change', priority: 1 });
    open.add('SLOW');
    expect(await plan.result()).toMatchObject({
      status: 'completed',
      output: 'LAST(SLOW(),N4(N3(N2(N1(N0())))))',
      counts: { done: 7 },
    });
    expect(asked('SLOW')).toBe(1);
    const [slow] = await plan.nodes();
    expect(slow).toMatchObject({ status: 'done', attempts: 1, tokens: expect.any(Number) });
    expect(slow?.tokens).toBeGreaterThan(0);
    expect(Object.keys(slow ?? {})).not.toContain('attempt');
  });
});

test('what runs elsewhere can be cancelled, alone and with its plan; one that is terminated has failed', async () => {
  const { options } = slowTeam();
  const failing = (id: string): PlanDefinition => ({
    ...beside({ id: 'slow', goal: `SLOW ${id}` }),
    onFailure: 'continue',
  });
  await temporal.during(options, async () => {
    const [one, whole, lost] = (await Promise.all(
      ['pc-one', 'pc-whole', 'pc-lost'].map((id) => plans().submit(failing(id), { id, rolloverNodes: 3 })),
    )) as [PlanHandle, PlanHandle, PlanHandle];
    await Promise.all([one, whole, lost].map(chainIsDone));
    for (const { id } of [one, whole, lost]) expect(await rollovers(id)).toBeGreaterThanOrEqual(1);

    await one.adjust({ node: 'slow', action: 'cancel', by: 'ana' });
    expect(await one.result()).toMatchObject({
      output: 'LAST(,N4(N3(N2(N1(N0())))))',
      missing: [{ node: 'slow', status: 'cancelled', reason: 'by ana' }],
    });
    expect(await temporal.holdfast.describe('pc-one/slow')).toMatchObject({ status: 'cancelled' });

    await whole.cancel();
    expect(await whole.result()).toMatchObject({ status: 'cancelled', counts: { done: 5, cancelled: 2 } });
    expect(await temporal.holdfast.describe('pc-whole/slow')).toMatchObject({ status: 'cancelled' });

    await temporal.client.workflow.getHandle('pc-lost/slow').terminate('by hand');
    const { missing } = await lost.result();
    expect(missing).toMatchObject([
      { node: 'slow', status: 'failed', reason: expect.stringContaining('was terminated') },
    ]);
  });
});

test('a node that waits for its approval, or for the plan it gave, does not keep the others waiting', async () => {
  const { options, open, asked } = slowTeam((told) => {
    const nodes = [{ id: 'in', goal: 'SLOW INNER', agent: 'worker' }];
    return told.task === 'SPLIT' ? { text: JSON.stringify({ nodes }) } : say(told);
  });
  await temporal.during(options, async () => {
    const gated = await plans().submit(beside({ id: 'asks', goal: 'ASKS', approval: true }), {
      id: 'pc-asks',
      rolloverNodes: 2,
    });
    const output = { type: 'object', required: ['nodes'] };
    const nested = await plans().submit(beside({ id: 'split', goal: 'SPLIT', expand: true, output }), {
      id: 'pc-nest',
      rolloverNodes: 2,
    });
    await chainIsDone(gated);
    await eventually(async () => expect(await nested.view()).toMatchObject({ counts: { done: 5 } }));
    for (const id of ['pc-asks', 'pc-nest']) expect(await rollovers(id)).toBeGreaterThanOrEqual(2);

    const waiting = await temporal.holdfast.approvals.list({ run: 'pc-asks' });
    expect(waiting.map(({ title }) => title)).toEqual(['start "asks": ASKS']);
    const { id = '' } = waiting[0] ?? {};
    expect(await gated.view()).toMatchObject({ status: 'waiting', waitsFor: [{ id }] });
    await temporal.holdfast.approvals.approve(id, { by: 'ana' });
    expect(await gated.result()).toMatchObject({ output: 'LAST(ASKS(),N4(N3(N2(N1(N0())))))' });

    open.add('SLOW INNER');
    expect(await nested.result()).toMatchObject({ output: 'LAST(SLOW INNER(),N4(N3(N2(N1(N0())))))' });
    expect([asked('SPLIT'), asked('SLOW INNER')]).toEqual([1, 1]);
  });
});

test('a question that nobody needs answered any more is withdrawn after a roll-over too', async () => {
  const { options } = slowTeam();
  await temporal.during(options, async () => {
    const ask = (id: string) =>
      plans().submit(
        { ...beside({ id: 'asks', goal: 'ASKS', approval: true }), onFailure: 'continue' },
        { id, rolloverNodes: 2 },
      );
    const [skipped, cancelled] = await Promise.all([ask('pc-skip'), ask('pc-end')]);
    await Promise.all([skipped, cancelled].map(chainIsDone));
    await skipped.adjust({ node: 'asks', action: 'skip', by: 'ana' });
    expect(await skipped.result()).toMatchObject({ status: 'completed', output: 'LAST(,N4(N3(N2(N1(N0())))))' });
    await cancelled.cancel();
    expect(await cancelled.result()).toMatchObject({ status: 'cancelled' });
    // One that is taken away by hand is no answer to wait for.
    const lost = await ask('pc-lost-asks');
    await chainIsDone(lost);
    await temporal.client.workflow.getHandle('pc-lost-asks/ask-1').terminate('by hand');
    expect((await lost.result()).missing).toMatchObject([
      { node: 'asks', status: 'failed', reason: expect.stringContaining('its approval was lost') },
    ]);
    for (const run of ['pc-skip', 'pc-end'])
      await eventually(async () => expect(await temporal.holdfast.approvals.list({ run })).toEqual([]));
  });
});
