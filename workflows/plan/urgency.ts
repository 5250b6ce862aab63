import type { PlanNode } from '../../protocol/plan/definition';
import { estimateOf, type Graph } from '../../protocol/plan/graph';
import { FINAL, type NodeProgress, type PlanState } from '../../protocol/plan/state';

/** How urgent a node is, with what it lends from those that wait for it. */
export interface Urgency {
  /** 1 is the most urgent. */
  priority: number;
  /** Ms since epoch. */
  deadline: number;
}

/** A node's own priority: an operator's word, its own, its plan's. */
export function ownPriority(node: PlanNode, { priority }: NodeProgress, { plan }: PlanState): number {
  return priority ?? node.priority ?? plan.priority;
}

/** A node lends its urgency to what it comes after, as long as it is not over itself. */
export function inherited(graph: Graph, state: PlanState): Map<string, Urgency> {
  const { plan, nodes, startedAt } = state;
  const whole = plan.deadline ?? Number.POSITIVE_INFINITY;
  const urgency = new Map<string, Urgency>();
  for (const id of graph.order().toReversed()) {
    const node = graph.nodes.get(id) as PlanNode;
    let priority = ownPriority(node, nodes[id] as NodeProgress, state);
    let deadline = startedAt + Math.min(node.softDeadline ?? whole, node.deadline ?? whole, whole);
    for (const { to } of graph.after.get(id) ?? []) {
      const after = urgency.get(to);
      if (!after || FINAL.has((nodes[to] as NodeProgress).status)) continue;
      priority = Math.min(priority, after.priority);
      deadline = Math.min(deadline, after.deadline - estimateOf(graph.nodes.get(to) as PlanNode));
    }
    urgency.set(id, { priority, deadline });
  }
  return urgency;
}
