import type { PlanInput } from '../../protocol/plan/state';

/** What a plan gives to every run of it, to its planner and its undo tasks too. */
type Shared = Pick<PlanInput, 'account' | 'mounts' | 'tenant' | 'requester' | 'authority' | 'tainted'>;

function sharedOf({ account, mounts, tenant, requester, authority, tainted }: PlanInput): Shared {
  const given = { account, mounts, tenant, requester, authority, tainted };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** @param tainted where content from outside came from that the run is handed, besides what the plan itself was given. */
export function runOptions(input: PlanInput, tainted: readonly string[] = []): Shared {
  const sources = [...new Set([...(input.tainted ?? []), ...tainted])];
  return { ...sharedOf(input), ...(sources.length > 0 && { tainted: sources }) };
}
