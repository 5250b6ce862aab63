import type { ArtifactRef } from '../../protocol/messages';
import { worstUsd } from '../../protocol/plan/admission';
import type { PlanNode } from '../../protocol/plan/definition';
import type { Graph } from '../../protocol/plan/graph';
import { partAt } from '../../protocol/plan/schema-fit';
import { FINAL, type NodeProgress, type PlanState } from '../../protocol/plan/state';

const SOURCES_KEPT = 20;

type Source = NonNullable<PlanNode['inputs']>[string];

/** What a node is handed, by name. */
export interface Given {
  inputs: Record<string, unknown>;
  /** What is too large to stand in a task. */
  large: Record<string, ArtifactRef>;
}

/** What a node gave; null where it gave nothing. */
export function outputOf({ nodes }: PlanState, id: string): unknown {
  const { status, output } = nodes[id] as NodeProgress;
  return status === 'done' ? (output ?? null) : null;
}

/** What a node is handed: what its `inputs` name, else the outputs of all it comes after; large ones by reference. */
export function givenOf(state: PlanState, graph: Graph, { id, inputs: named }: PlanNode): Given {
  const sources = named
    ? Object.entries(named)
    : (graph.before.get(id) ?? []).map(({ from }): [string, Source] => [from, { from }]);
  const given: Given = { inputs: {}, large: {} };
  for (const [name, { from, path }] of sources) {
    const { artifact } = state.nodes[from] as NodeProgress;
    if (artifact) given.large[name] = path ? { ...artifact, part: path } : artifact;
    else given.inputs[name] = partAt(outputOf(state, from), path) ?? null;
  }
  return given;
}

/** Where content from outside came from that it may be handed, or that whoever wrote its task has seen. */
export function taintOf({ nodes, tainted = [] }: PlanState, graph: Graph, { id }: PlanNode): string[] {
  const sources = (graph.before.get(id) ?? []).flatMap(({ from }) => nodes[from]?.tainted ?? []);
  return [...new Set([...tainted, ...sources])].slice(0, SOURCES_KEPT);
}

/** Of anything in it. */
export function taintOfAll({ nodes, tainted = [] }: PlanState): string[] {
  const sources = Object.values(nodes).flatMap((node) => node.tainted ?? []);
  return [...new Set([...tainted, ...sources])].slice(0, SOURCES_KEPT);
}

/**
 * US dollars one attempt may cost: what the node or its agent says, else an equal part of what others leave of the plan's budget;
 * undefined where nobody says anything.
 */
export function shareUsd({ plan, agents, spentUsd, nodes }: PlanState, node: PlanNode): number | undefined {
  if (node.budgetUsd !== undefined) return node.budgetUsd;
  if (plan.budgetUsd === undefined) return undefined;
  const own = worstUsd(node, plan, agents) / node.retry.attempts;
  if (own > 0) return own;
  let left = plan.budgetUsd - spentUsd;
  let sharing = 0;
  for (const other of plan.nodes) {
    const { status, held = 0 } = nodes[other.id] as NodeProgress;
    if (FINAL.has(status)) continue;
    const worst = worstUsd(other, plan, agents);
    if (status === 'running' || status === 'assigned') left -= held;
    else if (worst > 0) left -= worst;
    else sharing++;
  }
  return left / Math.max(sharing, 1) / node.retry.attempts;
}
