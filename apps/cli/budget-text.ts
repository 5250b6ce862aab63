import type { AccountView, Book } from '../../client';
import { escapeLine } from './escape';
import { localTime } from './run-table';
import type { Style } from './style';
import { table } from './table';

/** An amount in the unit of its tree. */
function shown(amount: number | null, unit: AccountView['unit']): string {
  if (amount === null) return '—';
  return unit === 'usd' ? `$${Number(amount.toFixed(6))}` : `${Number(amount.toFixed(4))} cr`;
}

export function budgetTable(accounts: readonly AccountView[], style: Style): string {
  if (accounts.length === 0) return 'no accounts';
  const rows = accounts.map((view) => {
    const { account, unit, funded, spent, leased, available } = view;
    return [account, ...[funded, spent, leased, available].map((amount) => shown(amount, unit)), stateOf(view)];
  });
  return table(['account', 'funds', 'spent', 'leased', 'available', 'state'], rows, style);
}

function stateOf({ frozen, waiting, holders }: AccountView): string {
  if (frozen) return `frozen by ${escapeLine(frozen.by)}`;
  return [waiting > 0 && `${waiting} waiting`, holders > 0 && `${holders} spending`].filter(Boolean).join(', ');
}

export function budgetText(view: AccountView, style: Style): string {
  const { account, unit, unitUsd, funded, spent, leased, available, lost, calls, today, thisMonth, caps } = view;
  const { timeZone, whenEmpty, unknownPrice, frozen, holders, waiting, approvals } = view;
  const money = (amount: number | null) => shown(amount, unit);
  const capped = Object.entries(caps).map(([name, cap]) => `${money(cap ?? null)} a ${name}`);
  const lines = [
    ['funds', funded === null ? 'none of its own: its caps and the accounts above hold it' : money(funded)],
    [
      'spent',
      `${money(spent)} in ${calls} calls${lost > 0 ? `, of that ${money(lost)} that lost attempts may have cost` : ''}`,
    ],
    ['', `${money(today)} today, ${money(thisMonth)} this month (${timeZone})`],
    ['leased', `${money(leased)} by ${holders} runs`],
    ['available', available === null ? 'without limit' : money(available)],
    ['caps', capped.join(', ') || 'none'],
    ['empty', whenEmpty === 'ask' ? 'runs wait, and people are asked' : 'runs end'],
    ['no price', unknownPrice === 'refuse' ? 'refused' : `a call counts ${money(unknownPrice)}`],
    ...(frozen
      ? [['frozen', `by ${escapeLine(frozen.by)}${frozen.reason ? `: ${escapeLine(frozen.reason)}` : ''}`]]
      : []),
    ...(waiting > 0 ? [['waiting', `${waiting} runs`]] : []),
    ...approvals.map((id) => ['asked', id]),
  ];
  const unitText = unit === 'credits' ? ` · credits of $${unitUsd}` : '';
  return [
    style.bold(account) + unitText,
    ...lines.map(([name = '', text]) => `  ${style.dim(name.padEnd(9))} ${text}`),
  ].join('\n');
}

export function entriesText({ entries, problem, earlier, unit, unitUsd }: Book, style: Style): string {
  const rows = entries.map(({ n, at, kind, account, amount, holder, by, reason }) => [
    String(n),
    localTime(new Date(at)),
    kind,
    account,
    amount === 0 ? '' : shown(amount / 1_000_000 / unitUsd, unit),
    escapeLine([holder ?? by, reason].filter((text) => text !== undefined).join(': '), 80),
  ]);
  const verdict = problem === null ? 'every entry follows from those before it' : `NOT AS WRITTEN: ${problem}`;
  const more = earlier ? [`entries up to ${earlier.to} are archived: ${earlier.artifact?.id ?? 'nowhere'}`] : [];
  return [...more, table(['#', 'at', 'what', 'account', 'amount', 'by'], rows, style), verdict].join('\n');
}
