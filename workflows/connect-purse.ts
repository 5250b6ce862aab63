import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { ledgerIdOf, SIGNAL } from '../protocol/names';
import { leasedSignal } from './messages';
import { parking } from './paying';
import { type LeaseMessage, noAccount, Purse, type PurseDeps } from './purse';
import type { Session } from './session';

/** A run with an account, its own or its agent's, leases what it spends from that account's ledger. */
export function connectPurse(session: Session): void {
  const { given, firstRunId } = session;
  // A dry run spends nothing.
  if (given.dryRun) return;
  const deps: PurseDeps = { send, until: condition, onParked: parking(session) };
  session.openPurse = (account) => {
    session.purse = Purse.fresh(account, firstRunId, deps);
  };
  const carried = given.carried?.purse;
  if (carried) session.purse = new Purse(carried, deps);
  else if (given.account !== undefined) session.openPurse(given.account);
  // Here and not with the other handlers: what came before this is heard now, and there must be a purse to hear it.
  setHandler(leasedSignal, (reply) => session.purse?.hear(reply));
}

async function send(message: LeaseMessage): Promise<void> {
  const { account } = message;
  const ledger = getExternalWorkflowHandle(ledgerIdOf(account));
  const { workflowId: holder, runId: run } = workflowInfo();
  try {
    await ledger.signal(SIGNAL.lease, { ...message, holder, run });
  } catch (error) {
    if (isCancellation(error)) throw error;
    throw noAccount(account, (error as Error).message);
  }
}

/** Whatever ended the run, what it spent is settled. */
export function closePurse(purse: Purse): Promise<void> {
  return CancellationScope.nonCancellable(() => purse.close());
}
