import { ledgerIdOf } from '../../protocol/names';
import type { ScriptedStep } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { type Gate, gate } from '../fixtures/gate';
import { answer, note, spending } from '../fixtures/spender';
import { notingTool } from '../fixtures/test-tools';
import { type TestWorkerOptions, useTemporal } from '../setup/test-worker';

/** Runs that hold money and are silent: at work, gone without a trace, replaced, or begun anew. */

const temporal = useTemporal('budget-holders');
const budgets = () => temporal.holdfast.budgets;

/** A run whose tool is busy until the gate opens; it holds what it leased. */
function busyRun(busy: Gate, steps: ScriptedStep[]): TestWorkerOptions {
  return spending(steps, {}, notingTool('note', { answer: (_text, { signal }) => busy.wait(signal) }));
}

async function holding(account: string, run: string, busy: Gate): Promise<number> {
  await budgets().create(account, { funds: 10, checkHolders: '1s' });
  await temporal.holdfast.start('spender', { id: run, input: 'go', account });
  await busy.reached;
  const { leased } = await budgets().get(account);
  expect(leased).toBeGreaterThan(0);
  return leased;
}

const looks = async (account: string) => {
  const events = await temporal.events(ledgerIdOf(account));
  return events.filter((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'lookAtHolder');
};

test('a run that is silent because it works is looked at and left in peace', async () => {
  const busy = gate();
  await temporal.during(busyRun(busy, [note('a'), answer('done')]), async () => {
    const leased = await holding('patient', 'works-long', busy);
    await eventually(async () => expect((await looks('patient')).length).toBeGreaterThan(1));
    expect(await budgets().get('patient')).toMatchObject({ leased, holders: 1 });
    busy.open();
    expect(await temporal.holdfast.get('works-long').result()).toMatchObject({ costUsd: 0.004 });
    expect(await budgets().get('patient')).toMatchObject({ spent: 0.004, lost: 0, leased: 0 });
  });
});

test('of a run that is deleted nobody can say what it spent: all that it held counts', async () => {
  const busy = gate();
  await temporal.during(busyRun(busy, [note('a')]), async () => {
    const leased = await holding('erased', 'deleted-run', busy);
    const workflowExecution = { workflowId: 'deleted-run' };
    const { namespace } = temporal;
    await temporal.client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution });
    await eventually(async () => expect(await budgets().get('erased')).toMatchObject({ leased: 0, holders: 0 }));
    const { spent, lost } = await budgets().get('erased');
    expect([spent, lost]).toEqual([leased, leased]);
    expect((await budgets().entries('erased')).problem).toBeNull();
  });
});

test('a run that was terminated is asked itself, also when another has its id by now', async () => {
  const [busy, again] = [gate(), gate()];
  const gates = [busy, again];
  const tool = notingTool('note', { answer: (_text, { signal }) => gates.shift()?.wait(signal) });
  await temporal.during(spending([note('a'), note('b'), answer('done')], {}, tool), async () => {
    await holding('shared', 'same-id', busy);
    const { workflow } = temporal.client;
    const started = await workflow.getHandle('same-id').fetchHistory();
    const input = started.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
    const args = [JSON.parse(Buffer.from(input?.data ?? []).toString('utf8')) as object];
    await workflow.getHandle('same-id').terminate();
    await workflow.start('agentSession', { workflowId: 'same-id', taskQueue: temporal.taskQueue, args });
    await again.reached;
    await eventually(async () => expect(await budgets().get('shared')).toMatchObject({ spent: 0.002, holders: 1 }));
    again.open();
    expect(await temporal.holdfast.get('same-id').result()).toMatchObject({ costUsd: 0.004 });
    expect(await budgets().get('shared')).toMatchObject({ spent: 0.006, lost: 0, leased: 0 });
    const kinds = (await budgets().entries('shared')).entries.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'reclaim')).toHaveLength(1);
  });
});

test('a run that is reset to its beginning pays again what it does again, and what it held before counts as spent', async () => {
  const writing = gate();
  // By how far the conversation is: an attempt that is repeated gets the same answer.
  let again = false;
  const step: ScriptedStep = async ({ messages }, { signal }) => {
    if (!messages.some(({ role }) => role === 'tool')) return note('a');
    if (!again) await writing.wait(signal);
    return answer('done');
  };
  const steps = Array.from({ length: 10 }, () => step);
  await temporal.during(spending(steps), async () => {
    const held = await holding('reset', 'reset-run', writing);
    const { runId } = await temporal.client.workflow.getHandle('reset-run').describe();
    const completed = (await temporal.events('reset-run')).find((event) => event.workflowTaskCompletedEventAttributes);
    again = true;
    await temporal.client.workflowService.resetWorkflowExecution({
      namespace: temporal.namespace,
      workflowExecution: { workflowId: 'reset-run', runId },
      reason: 'test',
      requestId: 'reset-once',
      workflowTaskFinishEventId: completed?.eventId ?? null,
    });
    expect(await temporal.holdfast.get('reset-run').result()).toMatchObject({ output: 'done', costUsd: 0.004 });
    await eventually(async () => expect(await budgets().get('reset')).toMatchObject({ leased: 0, holders: 0 }));
    const { spent, lost } = await budgets().get('reset');
    expect(spent).toBeCloseTo(held + 0.004, 6);
    expect(lost).toBeCloseTo(held, 6);
    expect((await budgets().entries('reset')).problem).toBeNull();
  });
});
