import type { Notice } from '../../protocol/notice';

export type { Notice } from '../../protocol/notice';

/** Tells people of an approval, or of money that runs out. A thrown error is tried again later. */
export interface Notifier {
  readonly name: string;
  /**
   * Resolves once the notice is delivered; what it throws makes Temporal try again.
   * @param id the same over all attempts of one notice.
   */
  notify(notice: Notice, id: string, signal: AbortSignal): Promise<void>;
}
