import type { AccountState, AccountView, LedgerState } from '../../protocol/budget/ledger';
import { type Micros, toUsd } from '../../protocol/budget/money';
import { limitsOf } from './limits';

/** The accounts as people see them, in the unit of the tree. */
export function accountViews(state: LedgerState, most = Number.POSITIVE_INFINITY): AccountView[] {
  return Object.values(state.accounts)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, most)
    .map((account) => viewOf(state, account));
}

function viewOf(state: LedgerState, account: AccountState): AccountView {
  const { unit, unitUsd, timeZone, leases, queue, asks } = state;
  const { name, funded, spent, leased, lost, calls, daySpent, monthSpent, caps, whenEmpty, unknownPrice, frozen } =
    account;
  const shown = (micros: Micros): number => toUsd(micros) / unitUsd;
  const below = (lease: string) => `${leases[lease]?.account}/`.startsWith(`${name}/`);
  const free = limitsOf(state, name, '')
    .filter(({ kind }) => kind !== 'run')
    .map((limit) => limit.free);
  const capped = Object.entries(caps).flatMap(([key, cap]) => (cap === null ? [] : [[key, shown(cap)]]));
  return {
    account: name,
    unit,
    unitUsd,
    funded: funded === null ? null : shown(funded),
    spent: shown(spent),
    leased: shown(leased),
    available: free.length === 0 ? null : shown(Math.max(Math.min(...free), 0)),
    lost: shown(lost),
    calls,
    today: shown(daySpent),
    thisMonth: shown(monthSpent),
    caps: Object.fromEntries(capped),
    timeZone,
    whenEmpty,
    unknownPrice: unknownPrice === 'refuse' ? unknownPrice : shown(unknownPrice),
    frozen,
    holders: Object.values(leases).filter(({ id, granted, spent: used }) => granted > used && below(id)).length,
    waiting: queue.filter(({ lease }) => below(lease)).length,
    approvals: asks.filter((ask) => ask.account === name).map(({ id }) => id),
  };
}

/** Lines of the Web UI's current details. */
const SHOWN_ACCOUNTS = 20;

export function ledgerDetails(state: LedgerState): string {
  const views = accountViews(state, SHOWN_ACCOUNTS);
  const more = Object.keys(state.accounts).length - views.length;
  const rows = views.map((view) => {
    const { account, funded, spent, leased, available, waiting, frozen } = view;
    const now = frozen ? 'frozen' : waiting > 0 ? `${waiting} waiting` : '';
    return `| ${account} | ${funded ?? '—'} | ${spent} | ${leased} | ${available ?? '—'} | ${now} |`;
  });
  const [head] = views;
  return [
    `**${state.root}** · ${state.unit}${head && state.unit === 'credits' ? ` of $${head.unitUsd}` : ''} · ${state.written} entries`,
    '',
    '| account | funds | spent | leased | available | |',
    '|---|---|---|---|---|---|',
    ...rows,
    ...(more > 0 ? ['', `and ${more} more`] : []),
  ].join('\n');
}
