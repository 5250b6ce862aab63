import type { TextPart } from '../../protocol/messages';
import type { PlanInput } from '../../protocol/plan/state';
import type { Given } from './node-given';
import type { Begin } from './plan-desk';

/** What a plan gives to every run of it, to its planner and its undo tasks too. */
type Shared = Pick<PlanInput, 'account' | 'mounts' | 'tenant' | 'requester' | 'authority' | 'tainted' | 'dryRun'>;

function sharedOf({ account, mounts, tenant, requester, authority, tainted, dryRun }: PlanInput): Shared {
  const given = { account, mounts, tenant, requester, authority, tainted, dryRun };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** @param tainted where content from outside came from that the run is handed, besides what the plan itself was given. */
export function runOptions(input: PlanInput, tainted: readonly string[] = []): Shared {
  const sources = [...new Set([...(input.tainted ?? []), ...tainted])];
  return { ...sharedOf(input), ...(sources.length > 0 && { tainted: sources }) };
}

/** What an agent is told: the node's goal, and what it was handed. */
export function taskOf({ node, inputs, large }: Begin): unknown {
  return toldOf(node.goal, { inputs, large });
}

/** What is large stands below the task, by name; whoever calls the model puts it there. */
export function toldOf(task: string, { inputs, large }: Given): unknown {
  const names = Object.keys(large);
  if (names.length === 0) return Object.keys(inputs).length > 0 ? { task, inputs } : task;
  const below = Object.fromEntries(names.map((name) => [name, `(below, as "${name}")`]));
  const parts = Object.entries(large).flatMap(([name, artifact]): TextPart[] => [
    { type: 'text', text: `"${name}":` },
    { type: 'text', text: '', artifact },
  ]);
  return [{ type: 'text', text: JSON.stringify({ task, inputs: { ...inputs, ...below } }, null, 2) }, ...parts];
}

/** How an attempt is held to what its node says. */
export function optionsOf({ node, budgetUsd }: Begin) {
  return {
    ...(node.output && { output: node.output }),
    ...(budgetUsd !== undefined && { limits: { costUsd: budgetUsd } }),
  };
}

/** One line for the Web UI: which node, and who does it. */
export function callSummary({ node, agent }: Begin): string {
  return `${node.id} · ${agent}`;
}
