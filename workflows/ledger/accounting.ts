import type { EntryKind } from '../../protocol/budget/entry';
import type { AccountState, BudgetNotice, LeaseState, LedgerState } from '../../protocol/budget/ledger';
import { type Micros, toUsd } from '../../protocol/budget/money';
import { rootIdOf } from '../../protocol/names';
import { Book } from './book';
import { pathOf, runKey } from './limits';

/** Runs under a cap on runs that are remembered after their money came back: a run may come again. */
const KEPT_RUNS = 2_000;

/** Moves money between an account and a lease, in all accounts above and in the book at once. */
export class Accounting {
  readonly book: Book;
  readonly notices: BudgetNotice[] = [];

  constructor(readonly state: LedgerState) {
    this.book = new Book(state);
  }

  lend(lease: LeaseState, amount: Micros, now: number): void {
    this.move(lease, amount, 0);
    lease.granted += amount;
    this.note('lease', lease, amount, now);
  }

  /** What is left of a lease becomes available again. */
  takeBack(lease: LeaseState, now: number, kind: 'return' | 'reclaim' = 'return'): void {
    const rest = lease.granted - lease.spent;
    if (rest <= 0) return;
    this.move(lease, -rest, 0);
    lease.granted = lease.spent;
    this.note(kind, lease, rest, now);
  }

  /** Counts what a run says it has spent since it began; never less than before. */
  charge(lease: LeaseState, spent: Micros, lost: Micros, calls: number, now: number): void {
    const more = spent - lease.spent;
    const lostNow = Math.min(Math.max(lost - lease.lost, 0), Math.max(more, 0));
    const callsNow = Math.max(calls - lease.calls, 0);
    lease.calls += callsNow;
    for (const account of this.path(lease)) account.calls += callsNow;
    if (more <= 0) return;
    // A vendor that counted more than the worst case: it has to be paid all the same.
    if (spent > lease.granted) this.lend(lease, spent - lease.granted, now);
    this.move(lease, -more, more);
    lease.spent = spent;
    lease.lost += lostNow;
    if (more > lostNow) this.note('spend', lease, more - lostNow, now);
    if (lostNow > 0) this.note('lost', lease, lostNow, now);
    for (const account of this.path(lease)) {
      account.lost += lostNow;
      this.warn(account);
    }
  }

  note(kind: EntryKind, { account, id, holder }: LeaseState, amount: Micros, at: number): void {
    this.book.write({ at, kind, account, amount, lease: id, holder });
  }

  path({ account }: Pick<LeaseState, 'account'>): AccountState[] {
    return pathOf(this.state, account);
  }

  private move(lease: LeaseState, leased: Micros, spent: Micros): void {
    for (const account of this.path(lease)) {
      const run = account.caps.run === null ? undefined : this.runOf(account, lease);
      if (run) {
        run.leased += leased;
        run.spent += spent;
      }
      account.leased += leased;
      account.spent += spent;
      account.daySpent += spent;
      account.monthSpent += spent;
    }
  }

  /** Counted from the moment there is a cap on runs; what is leased then already is taken in. */
  private runOf(account: AccountState, { holder }: LeaseState) {
    const { runs, leases } = this.state;
    const key = runKey(account, holder);
    const known = runs[key];
    if (known) return known;
    const below = Object.values(leases).filter(
      (one) => rootIdOf(one.holder) === rootIdOf(holder) && `${one.account}/`.startsWith(`${account.name}/`),
    );
    const fresh = { spent: 0, leased: below.reduce((sum, one) => sum + one.granted - one.spent, 0) };
    runs[key] = fresh;
    const keys = Object.keys(runs);
    const old = keys.length > KEPT_RUNS ? keys.find((one) => one !== key && runs[one]?.leased === 0) : undefined;
    if (old !== undefined) delete runs[old];
    return fresh;
  }

  /** Each part of funds and caps is told once, until it is raised or a new period begins. */
  private warn(account: AccountState): void {
    const { funded, spent, caps, daySpent, dayExtra, monthSpent, monthExtra } = account;
    this.warnOf(account, 'funds', funded, spent);
    this.warnOf(account, 'day', caps.day === null ? null : caps.day + dayExtra, daySpent);
    this.warnOf(account, 'month', caps.month === null ? null : caps.month + monthExtra, monthSpent);
  }

  private warnOf(account: AccountState, limit: BudgetNotice['limit'], of: Micros | null, spent: Micros): void {
    if (of === null) return;
    const part = account.warnAt.findLast((one) => spent >= one * of) ?? 0;
    const { unit, unitUsd } = this.state;
    const shown = (micros: Micros) => toUsd(micros) / unitUsd;
    if (part > account.warned[limit])
      this.notices.push({
        event: 'budget-warning',
        account: account.name,
        limit,
        part,
        spent: shown(spent),
        of: shown(of),
        unit,
      });
    account.warned[limit] = part;
  }
}
