import { FileArtifactStore } from '../../activities/stores/file-artifact-store';
import type { Entry } from '../../protocol/budget/entry';
import type { LedgerInput } from '../../protocol/budget/ledger';
import { HoldfastError } from '../../protocol/failures';
import { ledgerIdOf } from '../../protocol/names';
import { eventually } from '../fixtures/eventually';
import { answer, note, spending } from '../fixtures/spender';
import { useTemporal } from '../setup/test-worker';

/** The ledger's book over the ledger's Temporal runs, when these and the store are not what they should be. */

const temporal = useTemporal('budget-book');
const budgets = () => temporal.holdfast.budgets;

/** A ledger that continues as new after so many entries. */
async function shortLedger(root: string, entriesPerRun: number): Promise<void> {
  const input: LedgerInput = { root, entriesPerRun };
  const start = { workflowId: ledgerIdOf(root), taskQueue: temporal.taskQueue, args: [input] as [LedgerInput] };
  await temporal.client.workflow.start('ledger', start);
}

async function firstRunOf(root: string): Promise<string> {
  const { raw } = await temporal.client.workflow.getHandle(ledgerIdOf(root)).describe();
  return raw.workflowExecutionInfo?.firstRunId ?? '';
}

const turns = (count: number) => [...Array.from({ length: count }, (_, at) => note(String(at))), answer('done')];

test('entries the server does not have any more are in the archive, and the rest still follows from them', async () => {
  const home = temporal.folder();
  await temporal.during({ ...spending(turns(6)), home }, async () => {
    await shortLedger('old', 4);
    await budgets().create('old', { funds: 0.03 });
    await (await temporal.holdfast.start('spender', { id: 'old-run', input: 'go', account: 'old' })).result();
    const whole = await budgets().entries('old');
    expect(whole).toMatchObject({ problem: null, earlier: null });
    const workflowExecution = { workflowId: ledgerIdOf('old'), runId: await firstRunOf('old') };
    const { namespace } = temporal;
    await temporal.client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution });
    // The server deletes in its own time: some 25 s on a machine that has nothing else to do.
    const left = await eventually(async () => {
      const book = await budgets().entries('old');
      expect(book.earlier).not.toBeNull();
      return book;
    }, 80);
    const { to = 0, artifact } = left.earlier ?? {};
    expect(left.problem).toBeNull();
    expect(left.entries).toEqual(whole.entries.slice(to));
    const kept = await new FileArtifactStore(`${home}/artifacts`).get('ledger-old', artifact?.id ?? '');
    expect(JSON.parse(kept.toString('utf8')) as Entry[]).toEqual(whole.entries.slice(0, to));
  });
}, 120_000);

test('a store that takes nothing does not keep the money from moving: closed runs answer for their entries', async () => {
  const full = Object.assign(new HoldfastError('Storage.Full', 'no space left'), { retryAfterMs: 10 });
  const artifacts = {
    put: async () => {
      throw full;
    },
  } as unknown as FileArtifactStore;
  await temporal.during({ ...spending(turns(5)), artifacts }, async () => {
    await shortLedger('kept', 4);
    await budgets().create('kept', { funds: 0.03 });
    const run = await temporal.holdfast.start('spender', { id: 'kept-run', input: 'go', account: 'kept' });
    expect(await run.result()).toMatchObject({ output: 'done', costUsd: 0.012 });
    expect(await budgets().get('kept')).toMatchObject({ spent: 0.012, leased: 0 });
    const { entries, problem, earlier } = await budgets().entries('kept');
    expect([problem, earlier]).toEqual([null, null]);
    expect(entries[0]).toMatchObject({ n: 1, kind: 'open' });
    expect(entries.length).toBeGreaterThan(8);
  });
});

test('what people do while the ledger continues as new is neither lost nor done twice', async () => {
  await temporal.during(spending([]), async () => {
    await shortLedger('crowd', 3);
    await budgets().create('crowd', { funds: 1 });
    await Promise.all(Array.from({ length: 20 }, (_, at) => budgets().topUp('crowd', 1, { by: `user-${at}` })));
    expect(await budgets().get('crowd')).toMatchObject({ funded: 21 });
    const { entries, problem } = await budgets().entries('crowd');
    expect(problem).toBeNull();
    expect(new Set(entries.map(({ by }) => by)).size).toBe(21);
    expect(entries).toHaveLength(21);
  });
});
