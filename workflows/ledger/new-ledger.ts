import type { AccountState, LedgerState } from '../../protocol/budget/ledger';
import { type Micros, toMicros } from '../../protocol/budget/money';
import type { AccountTerms, OpenAccount } from '../../protocol/budget/terms';

const CHECK_HOLDERS_MS = 10 * 60_000;
const CREDIT_USD = 0.01;
const WARN_AT = [0.5, 0.8, 1];

export function newLedger(root: string): LedgerState {
  return {
    root,
    unit: 'usd',
    unitUsd: 1,
    timeZone: 'UTC',
    checkHolders: CHECK_HOLDERS_MS,
    period: null,
    accounts: {},
    leases: {},
    runs: {},
    queue: [],
    asks: [],
    asked: 0,
    written: 0,
    digest: '',
    inbox: [],
  };
}

/** Said with the first account, of the whole tree. */
export function settleTree(state: LedgerState, { unit = 'usd', creditUsd, timeZone, checkHolders }: OpenAccount): void {
  state.unit = unit;
  state.unitUsd = unit === 'credits' ? (creditUsd ?? CREDIT_USD) : 1;
  if (timeZone !== undefined) state.timeZone = timeZone;
  if (checkHolders !== undefined) state.checkHolders = checkHolders;
}

export function newAccount({ account: name, funds }: OpenAccount, unitUsd: number, now: number): AccountState {
  return {
    name,
    openedAt: now,
    funded: funds === undefined ? null : toMicros(funds * unitUsd),
    spent: 0,
    leased: 0,
    lost: 0,
    daySpent: 0,
    monthSpent: 0,
    dayExtra: 0,
    monthExtra: 0,
    autoThisMonth: 0,
    calls: 0,
    caps: { day: null, month: null, run: null, call: null },
    warnAt: WARN_AT,
    warned: { funds: 0, day: 0, month: 0 },
    whenEmpty: 'ask',
    ask: {},
    autoTopUp: null,
    unknownPrice: 'refuse',
    frozen: null,
  };
}

/** What is not said stays as it is. */
export function applyTerms(account: AccountState, terms: AccountTerms, unitUsd: number): void {
  const micros = (amount: number): Micros => toMicros(amount * unitUsd);
  const { caps, warnAt, whenEmpty, ask, autoTopUp, unknownPrice } = terms;
  for (const name of ['day', 'month', 'run', 'call'] as const) {
    const cap = caps?.[name];
    if (cap !== undefined) account.caps[name] = cap === null ? null : micros(cap);
  }
  if (warnAt) account.warnAt = [...warnAt].sort((a, b) => a - b);
  if (whenEmpty) account.whenEmpty = whenEmpty;
  if (ask) account.ask = ask;
  if (autoTopUp !== undefined) {
    account.autoTopUp = autoTopUp && {
      below: micros(autoTopUp.below),
      amount: micros(autoTopUp.amount),
      mostPerMonth: micros(autoTopUp.mostPerMonth),
    };
  }
  if (unknownPrice !== undefined)
    account.unknownPrice = unknownPrice === 'refuse' ? unknownPrice : micros(unknownPrice);
}
