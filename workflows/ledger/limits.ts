import { withAncestors } from '../../protocol/budget/entry';
import type { AccountState, LedgerState } from '../../protocol/budget/ledger';
import type { Micros } from '../../protocol/budget/money';
import { rootIdOf } from '../../protocol/names';

/** One thing that holds an account, or an account above it. */
export interface Limit {
  /** Leases with one key in common wait for each other. */
  key: string;
  account: AccountState;
  kind: 'funds' | 'day' | 'month' | 'run';
  /** What can be leased now. */
  free: Micros;
  /** What could be if all that is leased came back unspent. */
  whole: Micros;
}

/** The account and all above it, from the leaf to the root. */
export function pathOf({ accounts }: LedgerState, account: string): AccountState[] {
  return withAncestors(account).flatMap((name) => accounts[name] ?? []);
}

/** Under what name the ledger counts the tree of runs a run belongs to. */
export function runKey(account: AccountState, holder: string): string {
  return `${account.name} ${rootIdOf(holder)}`;
}

export function limitsOf(state: LedgerState, account: string, holder: string): Limit[] {
  return pathOf(state, account).flatMap((one) => limitsOfOne(state, one, holder));
}

function limitsOfOne({ runs }: LedgerState, account: AccountState, holder: string): Limit[] {
  const { name, funded, spent, leased, caps, daySpent, dayExtra, monthSpent, monthExtra } = account;
  const limits: Limit[] = [];
  const add = (kind: Limit['kind'], most: Micros | null, used: Micros, out: Micros, key = `${name} ${kind}`) => {
    if (most !== null) limits.push({ key, account, kind, free: most - used - out, whole: most - used });
  };
  add('funds', funded, spent, leased);
  add('day', caps.day === null ? null : caps.day + dayExtra, daySpent, leased);
  add('month', caps.month === null ? null : caps.month + monthExtra, monthSpent, leased);
  const key = runKey(account, holder);
  const run = runs[key] ?? { spent: 0, leased: 0 };
  add('run', caps.run, run.spent, run.leased, `run ${key}`);
  return limits;
}
