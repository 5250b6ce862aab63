import fc from 'fast-check';
import { addUp, type Totals } from '../../../protocol/budget/entry';
import type { LeaseReply, LeaseRequest } from '../../../protocol/budget/lease';
import type { LedgerState } from '../../../protocol/budget/ledger';
import { LedgerDesk, type Outbox } from '../../../workflows/ledger/desk';
import { newLedger } from '../../../workflows/ledger/new-ledger';

const USD = 1_000_000;
const by = 'test';

function desk(...accounts: Parameters<LedgerDesk['open']>[0][]): LedgerDesk {
  const made = new LedgerDesk(newLedger('acme'), (number) => `ask-${number}`);
  made.turnPeriod({ day: '2026-11-21', month: '2026-11', ends: 1e15 });
  for (const account of accounts) made.open(account, 0);
  return made;
}

/** A run as the ledger sees it, without the workflow around it. */
class Run {
  seq = 0;
  spent = 0;
  granted = 0;
  constructor(
    readonly id: string,
    readonly account: string,
  ) {}

  message(need: number, more: Partial<LeaseRequest> = {}): LeaseRequest {
    const { id, account, spent } = this;
    this.seq++;
    this.granted = spent;
    return { lease: id, holder: id, account, seq: this.seq, spent, lost: 0, calls: 0, need, wish: need, ...more };
  }

  hear({ replies }: Outbox): LeaseReply | undefined {
    const mine = replies.filter(({ reply }) => reply.lease === this.id && reply.seq === this.seq).at(-1)?.reply;
    if (mine?.answer === 'granted') this.granted = mine.granted;
    return mine;
  }
}

/** Everything that must hold of a ledger at any time. */
function check({ state, accounting }: LedgerDesk): void {
  for (const account of Object.values(state.accounts)) {
    const below = Object.values(state.leases).filter((lease) => `${lease.account}/`.startsWith(`${account.name}/`));
    expect(account.leased).toBe(below.reduce((sum, { granted, spent }) => sum + granted - spent, 0));
    const { funded, spent, leased, caps, dayExtra, daySpent } = account;
    if (funded !== null) expect(spent + leased).toBeLessThanOrEqual(funded);
    if (caps.day !== null) expect(daySpent + leased).toBeLessThanOrEqual(caps.day + dayExtra);
  }
  expect(totalsOf(state, accounting)).toEqual(
    Object.fromEntries(
      Object.values(state.accounts).map(({ name, funded, spent, leased }) => [name, { funded, spent, leased }]),
    ),
  );
}

function totalsOf(state: LedgerState, { book }: LedgerDesk['accounting']): Totals {
  const totals: Totals = {};
  expect(addUp(book.page(1, state.written).entries, totals)).toBeUndefined();
  return totals;
}

const ACCOUNTS = ['acme', 'acme/a', 'acme/b', 'acme/a/x'];
const step = fc.record({
  what: fc.constantFrom('ask', 'ask', 'spend', 'spend', 'release', 'die', 'top-up', 'again', 'day'),
  run: fc.nat(11),
  amount: fc.integer({ min: 1, max: 2 * USD }),
});

test('whatever runs do, no account and none above it is overspent, and the book adds up', () => {
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }), { minLength: 4, maxLength: 4 }),
      fc.array(step, { maxLength: 60 }),
      (funds, steps) => {
        const ledger = desk(
          ...ACCOUNTS.map((account, at) => ({
            by,
            account,
            ...(funds[at] !== undefined && { funds: funds[at] }),
            ...(at % 2 === 0 && { caps: { day: 3 } }),
          })),
        );
        const runs = Array.from({ length: 12 }, (_, at) => new Run(`run-${at}`, ACCOUNTS[at % 4] as string));
        let last: LeaseRequest | undefined;
        let day = 21;
        for (const [now, { what, run: at, amount }] of steps.entries()) {
          const run = runs[at] as Run;
          const account = ACCOUNTS[at % 4] as string;
          if (what === 'ask') {
            last = run.message(amount, { wish: amount * 3 });
            ledger.take(last, now);
          } else if (what === 'spend') run.spent = Math.min(run.spent + amount, run.granted);
          else if (what === 'release') ledger.take(run.message(0), now);
          else if (what === 'again' && last) ledger.take(last, now);
          else if (what === 'die') {
            ledger.holderSeen(run.id, { alive: false, spent: amount % 2 ? run.spent : null, lost: 0, calls: 0 }, now);
            runs[at] = new Run(`run-${at}-${now}`, run.account);
          } else if (what === 'top-up' && ledger.state.accounts[account]?.funded !== null) {
            ledger.topUp({ by, account, amount: amount / USD }, now);
          } else if (what === 'day') ledger.turnPeriod({ day: `2026-11-${++day}`, month: '2026-11', ends: 1e15 });
          const out = ledger.pump(now);
          for (const one of runs) one.hear(out);
          check(ledger);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test.each([0.3, null])('a last word that waits when its run is found to be over (%s told) counts once', (told) => {
  const ledger = desk({ by, account: 'acme', funds: 10 });
  const run = new Run('run', 'acme');
  ledger.take(run.message(USD / 2), 1);
  run.hear(ledger.pump(1));
  run.spent = 0.3 * USD;
  ledger.state.inbox.push(run.message(0, { done: true }));
  ledger.work([{ lease: 'run', news: { alive: false, spent: told && told * USD, lost: 0, calls: 1 } }], 2);
  expect(ledger.state.accounts.acme).toMatchObject({ spent: 0.3 * USD, leased: 0, lost: 0 });
  check(ledger);
});

test('a run that is reset after its end counts on, and is told what it had spent', () => {
  const ledger = desk({ by, account: 'acme', funds: 10 });
  const run = new Run('run', 'acme');
  ledger.take(run.message(USD), 1);
  run.hear(ledger.pump(1));
  run.spent = 0.4 * USD;
  ledger.take(run.message(0, { done: true }), 2);
  const again = new Run('run', 'acme');
  ledger.take(again.message(USD), 3);
  expect(ledger.pump(3).replies[0]?.reply).toMatchObject({ answer: 'behind', seq: 2, spent: 0.4 * USD });
  Object.assign(again, { seq: 2, spent: 0.6 * USD });
  ledger.take(again.message(0, { done: true }), 4);
  expect(ledger.state.accounts.acme).toMatchObject({ spent: 0.6 * USD, leased: 0 });
  for (let at = 0; at < 400; at++) ledger.take(new Run(`other-${at}`, 'acme').message(0, { done: true }), 5);
  expect(Object.keys(ledger.state.ended ?? {})).toHaveLength(300);
  check(ledger);
});

test('first come, first served: everybody gets a turn, also who needs more than those behind', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: USD }), { minLength: 2, maxLength: 40 }), (needs) => {
      const ledger = desk({ by, account: 'acme', funds: 1_000 }, { by, account: 'acme/a', caps: { run: 100 } });
      const small = desk({ by, account: 'acme', funds: 1 + needs.reduce((sum, need) => sum + need, 0) / USD });
      for (const one of [ledger, small]) {
        const runs = needs.map((_, at) => new Run(`run-${at}`, 'acme'));
        for (const [at, run] of runs.entries()) one.take(run.message(needs[at] as number), at);
        let rounds = 0;
        const served = new Set<string>();
        while (served.size < runs.length && rounds++ < runs.length + 1) {
          const out = one.pump(rounds);
          for (const run of runs) {
            if (run.hear(out)?.answer !== 'granted') continue;
            served.add(run.id);
            run.spent = run.granted;
            one.take(run.message(0), rounds);
          }
        }
        expect(served.size).toBe(runs.length);
      }
    }),
    { numRuns: 50 },
  );
});

test('room for ten calls and a hundred asking: ten get it, and the next when one comes back', () => {
  const ledger = desk({ by, account: 'acme', funds: 1 });
  const runs = Array.from({ length: 100 }, (_, at) => new Run(`run-${at}`, 'acme'));
  for (const run of runs) ledger.take(run.message(0.1 * USD), 0);
  const out = ledger.pump(0);
  const holding = runs.filter((run) => run.hear(out)?.answer === 'granted');
  expect(holding).toEqual(runs.slice(0, 10));
  expect(out.asks).toEqual([]);
  const [first] = holding as [Run];
  ledger.take(first.message(0, { done: true }), 1);
  const next = ledger.pump(1);
  expect(runs.filter((run) => run.hear(next)?.answer === 'granted')).toEqual([runs[10]]);
  for (const run of holding.slice(1)) {
    run.spent = run.granted;
    ledger.take(run.message(0, { done: true }), 2);
  }
  const eleventh = runs[10] as Run;
  eleventh.spent = eleventh.granted;
  ledger.take(eleventh.message(0, { done: true }), 3);
  const empty = ledger.pump(3);
  expect(empty.asks).toHaveLength(1);
  expect(empty.replies.every(({ reply }) => reply.answer === 'parked' && reply.approval === 'ask-1')).toBe(true);
  check(ledger);
});

test('an empty account asks once; a yes wakes those who wait, a no ends them', () => {
  const ledger = desk({ by, account: 'acme', funds: 0, ask: { amount: 1, approvers: ['role:boss'] } });
  const [one, two] = [new Run('one', 'acme'), new Run('two', 'acme')];
  ledger.take(one.message(USD), 0);
  ledger.take(two.message(USD), 0);
  const out = ledger.pump(0);
  expect(out.asks).toMatchObject([{ ask: { id: 'ask-1', amount: USD } }]);
  expect(one.hear(out)).toMatchObject({ answer: 'parked', approval: 'ask-1' });
  const vote = { by: 'bo', as: 'role:boss', at: 1, signed: false } as const;
  ledger.decided({ approval: 'ask-1', outcome: { verdict: 'approved', votes: [{ ...vote, verdict: 'approve' }] } }, 1);
  const topped = ledger.pump(1);
  expect(one.hear(topped)?.answer).toBe('granted');
  // There is money, in the hands of the first: the second waits for it to come back.
  expect(topped.asks).toEqual([]);
  one.spent = one.granted;
  ledger.take(one.message(0), 2);
  const again = ledger.pump(2);
  expect(two.hear(again)).toMatchObject({ answer: 'parked', approval: 'ask-2' });
  ledger.decided({ approval: 'ask-2', outcome: { verdict: 'denied', votes: [{ ...vote, verdict: 'deny' }] } }, 3);
  expect(two.hear(ledger.pump(3))).toMatchObject({ answer: 'stopped', because: expect.stringContaining('denied') });
  check(ledger);
});

test('caps on calls and runs end a run; those below it count with it', () => {
  const ledger = desk({ by, account: 'acme', caps: { call: 1, run: 2 } });
  const dear = new Run('dear', 'acme');
  ledger.take(dear.message(1.5 * USD), 0);
  expect(dear.hear(ledger.pump(0))?.answer).toBe('stopped');
  const [parent, child] = [new Run('job', 'acme'), new Run('job/child', 'acme')];
  ledger.take(parent.message(USD), 0);
  ledger.take(child.message(USD), 0);
  const out = ledger.pump(0);
  expect([parent.hear(out)?.answer, child.hear(out)?.answer]).toEqual(['granted', 'granted']);
  child.spent = child.granted;
  parent.spent = parent.granted;
  ledger.take(parent.message(0), 1);
  ledger.take(child.message(1), 1);
  expect(child.hear(ledger.pump(1))?.because).toContain('cap on a run');
});

test('a frozen account parks who asks, and what is out is called back', () => {
  const ledger = desk({ by, account: 'acme', funds: 100 });
  const other = new Run('other', 'acme');
  ledger.take(other.message(USD), 2);
  other.hear(ledger.pump(2));
  ledger.freeze({ by: 'ana', account: 'acme' }, 3);
  const late = new Run('late', 'acme');
  ledger.take(late.message(USD), 3);
  const frozen = ledger.pump(3);
  expect(other.hear(frozen)?.answer).toBe('recalled');
  expect(late.hear(frozen)).toMatchObject({ answer: 'parked', because: expect.stringContaining('frozen by ana') });
  ledger.unfreeze({ by: 'ana', account: 'acme' }, 4);
  expect(late.hear(ledger.pump(4))?.answer).toBe('granted');
});

test('with plenty a lease is as large as is wished; when it is short, as small as one call', () => {
  const rich = desk({ by, account: 'acme', funds: 1_000 });
  const one = new Run('one', 'acme');
  rich.take(one.message(USD, { wish: 20 * USD }), 0);
  expect(one.hear(rich.pump(0))).toMatchObject({ granted: 20 * USD });
  expect(one.hear(rich.pump(0))?.tight).toBeUndefined();
  const poor = desk({ by, account: 'acme', funds: 4 });
  const two = new Run('two', 'acme');
  poor.take(two.message(USD, { wish: 20 * USD }), 0);
  expect(two.hear(poor.pump(0))).toMatchObject({ granted: USD, tight: true });
});

test('tops itself up, never beyond what a month allows', () => {
  const autoTopUp = { below: 1, amount: 1, mostPerMonth: 3 };
  const ledger = desk({ by, account: 'acme', funds: 1, autoTopUp });
  const run = new Run('one', 'acme');
  let spent = 0;
  for (let now = 0; now < 10; now++) {
    ledger.take(run.message(0.5 * USD), now);
    if (run.hear(ledger.pump(now))?.answer !== 'granted') break;
    run.spent = run.granted;
    spent += 0.5;
  }
  expect(spent).toBe(4);
  expect(ledger.state.asks).toHaveLength(1);
  check(ledger);
});

test('people are told once of each part that is spent', () => {
  const ledger = desk({ by, account: 'acme', funds: 10, caps: { day: 5 } });
  const run = new Run('one', 'acme');
  const told: string[] = [];
  for (let now = 0; now < 10; now++) {
    ledger.take(run.message(0.5 * USD), now);
    run.hear(ledger.pump(now));
    run.spent = run.granted;
    ledger.take(run.message(0), now);
    told.push(...ledger.accounting.notices.splice(0).map(({ limit, part }) => `${limit} ${part}`));
  }
  expect(told).toEqual(['day 0.5', 'day 0.8', 'funds 0.5', 'day 1']);
});

test('a change to any entry is found', () => {
  const ledger = desk({ by, account: 'acme', funds: 10 });
  const run = new Run('one', 'acme');
  for (let now = 0; now < 5; now++) {
    ledger.take(run.message(USD), now);
    run.hear(ledger.pump(now));
    run.spent += 1_000;
  }
  const { entries } = ledger.accounting.book.page(1, 1_000);
  expect(addUp(entries, {})).toBeUndefined();
  const changed = entries.map((entry) => (entry.n === 4 ? { ...entry, amount: entry.amount + 1 } : entry));
  expect(addUp(changed, {})).toBe(4);
  expect(addUp(entries.toSpliced(3, 1), {})).toBe(5);
});

test('ten thousand debits add up, to the last millionth', () => {
  const ledger = desk({ by, account: 'acme' }, { by, account: 'acme/a', funds: 1_000_000 });
  const run = new Run('one', 'acme/a');
  let spent = 0;
  for (let now = 0; now < 10_000; now++) {
    ledger.take(run.message(2_000, { calls: now }), now);
    run.hear(ledger.pump(now));
    run.spent += 1 + ((now * 7_919) % 1_999);
    spent += 1 + ((now * 7_919) % 1_999);
  }
  ledger.take(run.message(0, { calls: 10_000, done: true }), 10_000);
  const { acme, 'acme/a': leaf } = ledger.state.accounts;
  expect([acme?.spent, leaf?.spent, leaf?.leased, leaf?.calls]).toEqual([spent, spent, 0, 10_000]);
  const totals: Totals = {};
  let [from, digest] = [1, ''];
  while (from <= ledger.state.written) {
    const page = ledger.accounting.book.page(from, ledger.state.written);
    expect(page.digest).toBe(digest);
    expect(addUp(page.entries, totals, digest)).toBeUndefined();
    from += page.entries.length;
    digest = page.entries.at(-1)?.digest ?? '';
  }
  expect(totals['acme/a']).toEqual({ funded: 1_000_000 * USD, spent, leased: 0 });
});

test('a day that is over does not come again, and its cap not anew; what is still leased counts for the next', () => {
  const ledger = desk({ account: 'acme', caps: { day: 10 }, by });
  const on = (day: string) => ledger.turnPeriod({ day, month: day.slice(0, 7), ends: 1e15 });
  const account = () => ledger.state.accounts.acme;
  const run = new Run('r', 'acme');
  ledger.take(run.message(6 * USD), 0);
  run.hear(ledger.pump(0));
  expect(account()).toMatchObject({ leased: 6 * USD, daySpent: 0 });
  on('2026-12-01');
  const other = new Run('o', 'acme');
  ledger.take(other.message(6 * USD), 1);
  expect(other.hear(ledger.pump(1))?.answer).not.toBe('granted');
  run.spent = 5 * USD;
  ledger.take(run.message(USD), 2);
  run.hear(ledger.pump(2));
  expect(account()).toMatchObject({ daySpent: 5 * USD, monthSpent: 5 * USD });
  for (const day of ['2026-11-30', '2026-12-01', '2026-11-30']) on(day);
  expect(account()).toMatchObject({ daySpent: 5 * USD, monthSpent: 5 * USD });
  expect(ledger.state.period).toMatchObject({ day: '2026-12-01', month: '2026-12' });
  check(ledger);
  on('2026-12-02');
  expect(account()).toMatchObject({ daySpent: 0, monthSpent: 5 * USD });
});
