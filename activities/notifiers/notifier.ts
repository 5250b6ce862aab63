import type { Notice } from '../../protocol/notice';

export type { Notice } from '../../protocol/notice';

/** Tells people of an approval, or of money that runs out. A thrown error is tried again later. */
export interface Notifier {
  readonly name: string;
  /** @param id the same over all attempts of one notice. */
  notify(notice: Notice, id: string, signal: AbortSignal): Promise<void>;
}
