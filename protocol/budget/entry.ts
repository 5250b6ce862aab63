import { contentDigest } from '../content-digest';
import type { Micros } from './money';

/**
 * `open`, `top-up`, `auto-top-up` add funds (`open-unfunded`: an account that has none of its own); `lease` takes out of what is available, `return` and `reclaim` (from a run that is
 * gone) put it back, `spend` and `lost` (what a call may have cost whose worker was lost) use it up. The others move nothing.
 */
export type EntryKind =
  | 'open'
  | 'open-unfunded'
  | 'top-up'
  | 'auto-top-up'
  | 'lease'
  | 'spend'
  | 'lost'
  | 'return'
  | 'reclaim'
  | 'terms'
  | 'freeze'
  | 'unfreeze'
  | 'allow';

/** One line of the ledger's book. Never changed; the digest of each covers all before it. */
export interface Entry {
  /** From 1. */
  n: number;
  /** ms since epoch, workflow time. */
  at: number;
  kind: EntryKind;
  /** Counts for the accounts above it too, but for funds. */
  account: string;
  amount: Micros;
  lease?: string;
  /** Workflow id of the run. */
  holder?: string;
  by?: string;
  reason?: string;
  digest: string;
}

/** What the entries of one account add up to. */
export interface Total {
  /** Null: it has no funds of its own. */
  funded: Micros | null;
  spent: Micros;
  leased: Micros;
}
export type Totals = Record<string, Total>;

export function digestOf(
  previous: string,
  { digest: _digest, ...entry }: Omit<Entry, 'digest'> & { digest?: string },
): string {
  return contentDigest([previous, entry]);
}

/** `acme/research` and `acme`, of `acme/research`. */
export function withAncestors(account: string): string[] {
  const parts = account.split('/');
  return parts.map((_, at) => parts.slice(0, parts.length - at).join('/'));
}

/**
 * Adds entries to totals, from nothing or from where an earlier part of the book ended.
 * @returns the number of the first entry whose digest or number is wrong; undefined when all are right.
 */
export function addUp(entries: readonly Entry[], totals: Totals, previous = ''): number | undefined {
  let digest = previous;
  let expected = entries[0]?.n ?? 1;
  for (const entry of entries) {
    if (entry.n !== expected++ || digestOf(digest, entry) !== entry.digest) return entry.n;
    digest = entry.digest;
    count(entry, totals);
  }
  return undefined;
}

function count({ kind, account, amount }: Entry, totals: Totals): void {
  if (kind === 'open' || kind === 'open-unfunded')
    totals[account] = { funded: kind === 'open' ? amount : null, spent: 0, leased: 0 };
  for (const name of withAncestors(account)) {
    const total = totals[name];
    if (!total) continue;
    if ((kind === 'top-up' || kind === 'auto-top-up') && name === account) total.funded = (total.funded ?? 0) + amount;
    if (kind === 'lease') total.leased += amount;
    if (kind === 'return' || kind === 'reclaim') total.leased -= amount;
    if (kind === 'spend' || kind === 'lost') {
      total.spent += amount;
      total.leased -= amount;
    }
  }
}
