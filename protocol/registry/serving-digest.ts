import { rollDigest } from '../digest';
import { canonicalJson } from '../json';
import type { AgentEntry } from './entry';

/** Stands for the agents a task queue serves: a worker that comes back with the same ones has nothing to say. */
export function servingDigest(entries: readonly AgentEntry[]): string {
  const sorted = [...entries].sort((one, other) => (one.name < other.name ? -1 : 1));
  return sorted.reduce((digest, entry) => rollDigest(digest, canonicalJson(entry)), '');
}
