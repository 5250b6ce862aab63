import type { WorkerPlugin } from '@temporalio/worker';
import type { Notice } from '../../activities/notifiers/notifier';
import type { Period } from '../../protocol/budget/ledger';
import { ledgerIdOf } from '../../protocol/names';
import { eventually } from '../fixtures/eventually';
import { answer, dear, note, spending } from '../fixtures/spender';
import { type TestWorkerOptions, useTemporal } from '../setup/test-worker';

/** Caps on days and months, and what an account does by itself, over days that end when the test says so. */

const temporal = useTemporal('budget-periods');
const budgets = () => temporal.holdfast.budgets;

/** A ledger asks what day it is, once a second. */
function calendar(options: TestWorkerOptions) {
  const today = { day: '2026-11-29', month: '2026-11' };
  const zones = new Set<string>();
  const budgetPeriod = async (at: number, timeZone: string): Promise<Period> => {
    zones.add(timeZone);
    return { ...today, ends: at + 1_000 };
  };
  const plugin: WorkerPlugin = {
    name: 'calendar',
    configureWorker: (worker) => ({ ...worker, activities: { ...worker.activities, budgetPeriod } }),
  };
  const turnTo = (day: string) => Object.assign(today, { day, month: day.slice(0, 7) });
  return { options: { ...options, worker: { plugins: [plugin] } }, zones, turnTo };
}

async function askedFor(account: string): Promise<{ id: string; title: string }> {
  return eventually(async () => {
    const [open] = await temporal.holdfast.approvals.list({ run: ledgerIdOf(account) });
    if (!open) throw new Error(`nobody is asked about ${account}`);
    return open;
  });
}

test('a run over the cap of a day waits, and goes on by itself when the next day has begun', async () => {
  const { options, zones, turnTo } = calendar(spending([note('a'), answer('done')]));
  await temporal.during(options, async () => {
    await budgets().create('days', { funds: 1, caps: { day: 0.011 }, timeZone: 'Asia/Tokyo' });
    const run = await temporal.holdfast.start('spender', { id: 'over-day', input: 'go', account: 'days' });
    const { id, title } = await askedFor('days');
    expect(title).toMatch(/^let "days" spend, in this day, beyond its cap, \$0\.1\d+$/);
    expect(await budgets().get('days')).toMatchObject({ today: 0.002, thisMonth: 0.002, waiting: 1, approvals: [id] });
    turnTo('2026-12-01');
    expect(await run.result()).toMatchObject({ output: 'done', costUsd: 0.004 });
    const after = { timeZone: 'Asia/Tokyo', today: 0.002, thisMonth: 0.002, spent: 0.004, approvals: [] };
    expect(await budgets().get('days')).toMatchObject(after);
    await eventually(async () =>
      expect((await temporal.holdfast.approvals.get(id)).outcome).toMatchObject({ verdict: 'withdrawn' }),
    );
    expect([...zones]).toEqual(['Asia/Tokyo']);
  });
});

test('what people allow beyond the caps of a day and a month holds until these end', async () => {
  const { options, turnTo } = calendar(spending([note('a'), answer('done')]));
  await temporal.during(options, async () => {
    const { approvals } = temporal.holdfast;
    const ask = { amount: 0.02, approvers: ['role:boss'] };
    await budgets().create('beyond', { caps: { day: 0.011, month: 0.011 }, ask });
    const run = await temporal.holdfast.start('spender', { id: 'over-both', input: 'go', account: 'beyond' });
    const first = await askedFor('beyond');
    await approvals.approve(first.id, { by: 'bo', as: 'role:boss', reason: 'today only' });
    const second = await eventually(async () => {
      const { id, title } = await askedFor('beyond');
      expect(id).not.toBe(first.id);
      return { id, title };
    });
    expect(second.title).toBe('let "beyond" spend, in this month, beyond its cap, $0.0200');
    await approvals.approve(second.id, { by: 'cy', as: 'role:boss' });
    expect(await run.result()).toMatchObject({ output: 'done' });
    const view = async () => (await budgets().get('beyond')).available;
    expect(await view()).toBeCloseTo(0.027, 6);
    const allowed = (await budgets().entries('beyond')).entries.filter(({ kind }) => kind === 'allow');
    expect(allowed).toMatchObject([
      { amount: 20_000, by: 'bo', reason: 'today only' },
      { amount: 20_000, by: 'cy' },
    ]);
    // The next day of the same month: what was allowed of the day is gone, and what was spent of the month is not.
    turnTo('2026-11-30');
    await eventually(async () => expect(await view()).toBeCloseTo(0.011, 6));
    expect(await budgets().get('beyond')).toMatchObject({ today: 0, thisMonth: 0.004 });
    await budgets().setTerms('beyond', { caps: { day: null } });
    expect(await view()).toBeCloseTo(0.027, 6);
    turnTo('2026-12-01');
    await eventually(async () => expect(await view()).toBeCloseTo(0.011, 6));
  });
});

test('an account tops itself up as far as its month allows, then asks; a new month answers the question', async () => {
  const { options, turnTo } = calendar(spending([note('a'), answer('done')]));
  await temporal.during(options, async () => {
    const autoTopUp = { below: 0.001, amount: 0.0105, mostPerMonth: 0.0105 };
    await budgets().create('auto', { funds: 0, autoTopUp });
    const run = await temporal.holdfast.start('spender', { id: 'auto-run', input: 'go', account: 'auto' });
    const { id, title } = await askedFor('auto');
    expect(title).toContain('top up "auto" by');
    expect(await budgets().get('auto')).toMatchObject({ funded: 0.0105, spent: 0.002, waiting: 1 });
    turnTo('2026-12-01');
    expect(await run.result()).toMatchObject({ output: 'done' });
    expect(await budgets().get('auto')).toMatchObject({ funded: 0.021, spent: 0.004, leased: 0, approvals: [] });
    await eventually(async () =>
      expect((await temporal.holdfast.approvals.get(id)).outcome).toMatchObject({ verdict: 'withdrawn' }),
    );
    const { entries, problem } = await budgets().entries('auto');
    expect(problem).toBeNull();
    expect(entries.filter(({ kind }) => kind === 'auto-top-up')).toMatchObject([
      { amount: 10_500, by: 'ledger' },
      { amount: 10_500, by: 'ledger' },
    ]);
  });
});

test('people are told when an account has spent a part of what it may, in its own unit, once', async () => {
  const notices: Notice[] = [];
  const notifiers = [{ name: 'noting', notify: async (notice: Notice) => void notices.push(notice) }];
  const steps = [dear('one'), answer('two')];
  await temporal.during({ ...spending(steps), notifiers }, async () => {
    const caps = { month: 100 };
    await budgets().create('told', { unit: 'credits', creditUsd: 0.001, funds: 30, caps, warnAt: [0.1, 0.3] });
    const spend = async (id: string) =>
      (await temporal.holdfast.start('spender', { id, input: 'go', account: 'told' })).result();
    await spend('told-1');
    await spend('told-2');
    const told = (limit: string, part: number, of: number) => {
      return { event: 'budget-warning', account: 'told', limit, part, spent: 10, of, unit: 'credits' };
    };
    await eventually(async () => expect(notices).toHaveLength(2));
    expect(notices).toEqual(expect.arrayContaining([told('funds', 0.3, 30), told('month', 0.1, 100)]));
    expect(await budgets().get('told')).toMatchObject({ funded: 30, spent: 12, unitUsd: 0.001, whenEmpty: 'ask' });
  });
});
