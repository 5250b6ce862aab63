import type { PlanDefinition } from '../../protocol/plan/definition';
import type { ScriptedStep } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { say, team } from '../fixtures/plan-team';
import { useTemporal } from '../setup/test-worker';

/** Plans that people change while they run, at awkward moments. */

const temporal = useTemporal('plans-changed');
const plans = () => temporal.holdfast.plans;
const named = (name: string, more: Omit<PlanDefinition, 'name'>): PlanDefinition => ({
  name,
  agent: 'worker',
  ...more,
});
const openTitles = async (run: string) => (await temporal.holdfast.approvals.list({ run })).map(({ title }) => title);
const refusal: ScriptedStep = { text: '', finish: 'refusal' } as ScriptedStep;

async function approve(run: string, by: string): Promise<void> {
  const [open] = await temporal.holdfast.approvals.list({ run });
  await temporal.holdfast.approvals.approve(open?.id ?? '', { by });
}

test('amendments that come together both count', async () => {
  const { options } = team(say);
  await temporal.during(options, async () => {
    const nodes = [{ id: 'a', goal: 'A', notBefore: 1_000 }];
    const plan = await plans().submit(named('both', { nodes }), { id: 'pc-both' });
    await eventually(async () => expect(await plan.view()).not.toBeNull());
    const more = ['x', 'y'].map((id) => plan.amend({ add: [{ id, goal: id, after: ['a'] }] }));
    expect((await Promise.all(more)).flatMap(({ added }) => added).sort()).toEqual(['x', 'y']);
    expect(await plan.result()).toMatchObject({ status: 'completed', output: { x: 'x(A())', y: 'y(A())' } });
  });
});

test('what was approved is what runs: a node that is replaced is asked for anew, one that is gone is not asked for', async () => {
  const { options, seen } = team(say);
  await temporal.during(options, async () => {
    const node = (id: string, goal: string) => ({ id, goal, approval: true as const });
    const plan = await plans().submit(named('ask', { nodes: [node('a', 'tidy'), node('b', 'B'), node('c', 'C')] }), {
      id: 'pc-ask',
    });
    await eventually(async () => expect(await openTitles('pc-ask')).toHaveLength(3));
    const [first] = (await temporal.holdfast.approvals.list({ run: 'pc-ask' })).filter(({ title }) =>
      title.includes('tidy'),
    );
    await plan.amend({ replace: [node('a', 'delete all')], remove: ['b'] });
    await plan.adjust({ node: 'c', action: 'skip' });
    await eventually(async () => expect(await openTitles('pc-ask')).toEqual(['start "a": delete all']));
    await expect(temporal.holdfast.approvals.approve(first?.id ?? '', { by: 'ana' })).rejects.toMatchObject({
      code: expect.stringMatching(/^Approval\./),
    });
    expect(seen).toEqual([]);
    await approve('pc-ask', 'ana');
    expect(await plan.result()).toMatchObject({ status: 'completed', counts: { done: 1, skipped: 1 } });
    expect(seen.map(({ task }) => task)).toEqual(['delete all']);
  });
});

test('a node whose run is still being ended is not run again at once', async () => {
  let first = true;
  const { options } = team((told) => {
    const slow = told.task === 'A' && first;
    first = false;
    return slow ? { text: 'late', delayMs: 20_000 } : say(told);
  });
  await temporal.during(options, async () => {
    const nodes = [
      { id: 'a', goal: 'A' },
      { id: 'hold', goal: 'H', approval: true as const },
    ];
    const plan = await plans().submit(named('again', { nodes, onFailure: 'skip' }), { id: 'pc-again' });
    await eventually(async () => expect(await plan.view()).toMatchObject({ counts: { running: 1 } }));
    await plan.adjust({ node: 'a', action: 'cancel' });
    await expect(plan.adjust({ node: 'a', action: 'retry' })).rejects.toThrow('still being ended');
    await eventually(() => plan.adjust({ node: 'a', action: 'retry' }));
    await eventually(async () => expect(await plan.view()).toMatchObject({ counts: { done: 1 } }));
    await approve('pc-again', 'ana');
    expect(await plan.result()).toMatchObject({ output: { a: 'A()', hold: 'H()' } });
  });
});

test('where others have spent the budget a node fails with that, and is not started', async () => {
  const { options, seen } = team((told) => ({
    text: told.task,
    usage: { inputTokens: 0, outputTokens: told.task === 'A' ? 30_000 : 1 },
  }));
  const prices = { 'scripted/steps': { inputPerMillion: 0, outputPerMillion: 100 } };
  await temporal.during({ ...options, prices }, async () => {
    const nodes = [
      { id: 'a', goal: 'A' },
      { id: 'b', goal: 'B', after: ['a'] },
    ];
    const plan = await plans().submit(named('spent', { nodes, budgetUsd: 2, onFailure: 'skip' }), { id: 'pc-spent' });
    const { missing, costUsd } = await plan.result();
    expect(costUsd).toBe(3);
    expect(missing).toEqual([{ node: 'b', status: 'failed', reason: expect.stringContaining('nothing is left') }]);
    expect(seen.map(({ task }) => task)).toEqual(['A']);
  });
});

test('once what was done is being undone nothing can be changed any more', async () => {
  let open = false;
  const { options } = team(async (told) => {
    if (told.task === 'BAD') return refusal;
    while (told.task === 'UNDO' && !open) await new Promise((resolve) => setTimeout(resolve, 20));
    return say(told);
  });
  await temporal.during(options, async () => {
    const nodes = [
      { id: 'a', goal: 'A', undo: 'UNDO' },
      { id: 'bad', goal: 'BAD', after: ['a'] },
      { id: 'next', goal: 'N', after: ['bad'] },
    ];
    const plan = await plans().submit(named('undoing', { nodes, onFailure: 'compensate' }), { id: 'pc-undoing' });
    await eventually(async () =>
      expect(await temporal.holdfast.describe('pc-undoing/a~undo')).toMatchObject({ status: 'running' }),
    );
    const code = 'Plan.Illegal';
    await expect(plan.adjust({ node: 'bad', action: 'retry' })).rejects.toMatchObject({ code });
    await expect(plan.amend({ add: [{ id: 'x', goal: 'X' }] })).rejects.toMatchObject({ code });
    await expect(plan.pause()).rejects.toMatchObject({ code });
    open = true;
    expect(await plan.result()).toMatchObject({ undone: [{ node: 'a', status: 'done' }] });
  });
});
