import type { InvokeModelResult, LeaseShort } from '../protocol/activities';
import type { LeaseReply } from '../protocol/budget/lease';
import { toMicros, toUsd } from '../protocol/budget/money';
import { ledgerIdOf } from '../protocol/names';
import type { WaitsFor } from '../protocol/permissions/view';
import type { ToolSpec } from '../protocol/tool';
import type { Stop } from './gates';
import type { Purse } from './purse';
import type { Session } from './session';

/** Sees to it that a call like the last one can be made. The first is not known yet: its activity says what it needs. */
export async function provide(session: Session, purse: Purse): Promise<Stop | undefined> {
  const stop = await purse.cover(purse.state.worst);
  session.phase = 'model';
  return stop;
}

/** The call was not sent, for it may cost more than is leased. */
export function notSent(session: Session, { short: { need, lostUsd = 0, account } }: LeaseShort): void {
  if (!session.purse && account !== undefined) session.openPurse(account);
  session.progress.costUsd += lostUsd;
  session.purse?.short(need, toMicros(lostUsd));
}

/** Counts what a call cost. */
export function settleCall(
  { purse, progress }: Session,
  call: Pick<InvokeModelResult, 'costUsd' | 'lostUsd' | 'worst'>,
): void {
  const { costUsd, lostUsd = 0, worst } = call;
  progress.costUsd += (costUsd ?? 0) + lostUsd;
  progress.costIncomplete ||= costUsd === null;
  if (!purse) return;
  const cost = costUsd === null ? (purse.state.unknownPrice ?? 0) : toMicros(costUsd);
  purse.pay(cost, toMicros(lostUsd), worst);
}

/** @param lostUsd what the call that failed may have cost; undefined when nobody can say. */
export function settleFailure({ purse, progress }: Session, lostUsd: number | undefined): void {
  if (lostUsd === undefined) {
    progress.costUsd += toUsd(purse?.view().atRisk ?? 0);
    purse?.lose();
  } else {
    progress.costUsd += lostUsd;
    purse?.pay(0, toMicros(lostUsd));
  }
}

/** Pays a tool call before it runs, once, however often it is tried. @returns why it cannot be paid. */
export async function payTool(session: Session, { name }: ToolSpec, priceUsd: number): Promise<string | undefined> {
  const { progress, limits, purse } = session;
  const price = toMicros(priceUsd);
  const left = (limits.costUsd ?? Number.POSITIVE_INFINITY) - progress.costUsd;
  if (price > toMicros(Math.max(left, 0)))
    return `a call of ${name} costs $${priceUsd}, and $${left} of the limit is left`;
  const stop = await purse?.cover(price);
  if (stop) return stop.detail;
  progress.costUsd += priceUsd;
  purse?.pay(price, 0);
  return undefined;
}

/** Shows what a run waits for that has no money. */
export function parking(session: Session): (parked: LeaseReply | undefined) => void {
  let waits: WaitsFor | undefined;
  return (parked) => {
    if (waits) session.waited(waits);
    const { approval, because = 'money' } = parked ?? {};
    waits = parked && { id: approval ?? ledgerIdOf(session.purse?.state.account ?? ''), title: because };
    if (waits) session.wait(waits);
  };
}
