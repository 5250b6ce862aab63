import type { NotifyApprovalInput } from '../../protocol/approval';
import type { BudgetNotice } from '../../protocol/budget/ledger';

export type Notice = NotifyApprovalInput | BudgetNotice;

/** Tells people of an approval, or of money that runs out. A thrown error is tried again later. */
export interface Notifier {
  readonly name: string;
  /** @param id the same over all attempts of one notice. */
  notify(notice: Notice, id: string, signal: AbortSignal): Promise<void>;
}
