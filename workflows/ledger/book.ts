import { digestOf, type Entry } from '../../protocol/budget/entry';
import type { LedgerState } from '../../protocol/budget/ledger';

/** Characters of JSON one answer may have, well below what the server takes. */
const PAGE_CHARS = 500_000;

/** The entries of one Temporal run, appended only; earlier ones are archived. */
export class Book {
  readonly from: number;
  /** The digest before the first entry here. */
  private readonly before: string;
  private readonly entries: Entry[] = [];

  constructor(private readonly state: LedgerState) {
    this.from = state.written + 1;
    this.before = state.digest;
  }

  write(entry: Omit<Entry, 'n' | 'digest'>): void {
    const { state } = this;
    const numbered = { n: ++state.written, ...entry };
    state.digest = digestOf(state.digest, numbered);
    this.entries.push({ ...numbered, digest: state.digest });
  }

  /** At most one page; ask again from the number after the last. */
  page(from: number, to: number): { entries: Entry[]; digest: string } {
    const start = Math.max(from - this.from, 0);
    const page: Entry[] = [];
    let chars = 0;
    for (const entry of this.entries.slice(start, Math.max(to - this.from + 1, 0))) {
      chars += JSON.stringify(entry).length;
      if (page.length > 0 && chars > PAGE_CHARS) break;
      page.push(entry);
    }
    return { entries: page, digest: this.entries[start - 1]?.digest ?? this.before };
  }
}
