import type { NotifyApprovalInput } from './approval';
import type { BudgetNotice } from './budget/ledger';

/** What people are told of: an approval, or money that runs out. */
export type Notice = NotifyApprovalInput | BudgetNotice;
