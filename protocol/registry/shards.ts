/*
 * A registry is kept by several workflows, so that none has a state too large to be carried when it continues as new: an agent is
 * where the hash of its name says.
 */

/** Workflows of one registry. Fixed: another number would look for agents in the wrong place. */
export const SHARDS = 8;

/** The registry of workers and clients that name none. */
export const DEFAULT_REGISTRY = 'default';

/** The workflow that keeps an agent: FNV-1a of its name. */
export function shardOf(agent: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < agent.length; at++) hash = Math.imul(hash ^ agent.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % SHARDS;
}

export function shardIdOf(registry: string, shard: number): string {
  return `agents/${registry}/${shard}`;
}

/** Workflow ids of all parts of a registry. */
export function shardIds(registry: string): string[] {
  return Array.from({ length: SHARDS }, (_, shard) => shardIdOf(registry, shard));
}

/** What is sent to each part of a registry. */
export function byShard<Item>(items: readonly Item[], agentOf: (item: Item) => string): Map<number, Item[]> {
  const found = new Map<number, Item[]>();
  for (const item of items) {
    const shard = shardOf(agentOf(item));
    const others = found.get(shard);
    if (others) others.push(item);
    else found.set(shard, [item]);
  }
  return found;
}
