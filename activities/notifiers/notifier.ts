import type { NotifyApprovalInput } from '../../protocol/approval';

export type Notice = NotifyApprovalInput;

/** Tells people of an approval. A thrown error is tried again later. */
export interface Notifier {
  readonly name: string;
  /** @param id the same over all attempts of one notice. */
  notify(notice: Notice, id: string, signal: AbortSignal): Promise<void>;
}
