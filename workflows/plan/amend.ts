import type { AdmittedPlan } from '../../protocol/activities';
import type { Amending, PlanDifference } from '../../protocol/plan/control';
import type { Plan, PlanNode } from '../../protocol/plan/definition';
import { checkAmending } from './check-plan-control';
import { refused } from './make-plan';
import type { PlanDesk } from './plan-desk';

/** What an amendment would make of the plan. */
export interface Amended {
  difference: PlanDifference;
  /** Nodes as they would be. */
  nodes: PlanNode[];
  apply(): void;
}

/**
 * Changes what has not begun. The whole plan as it would be is admitted like a new one; what began or ended meanwhile is looked at
 * again, so that nothing finished is ever changed or run again. What takes the place of a node that people are asked for is asked for too.
 * @throws `Plan.*` where the changed plan could not run; it stays as it was.
 */
export async function amend(
  desk: PlanDesk,
  given: Amending,
  admit: (plan: unknown) => Promise<AdmittedPlan>,
): Promise<Amended> {
  // Also what an approver has made of it.
  checkAmending(desk.state, given);
  const { add = [], replace = [], remove = [] } = given;
  const { plan } = desk.state;
  const instead = new Map(replace.map((node) => [node.id, node]));
  const gone = new Set(remove);
  const changed = (node: PlanNode) => {
    const next = instead.get(node.id);
    return next && node.approval ? { ...next, approval: node.approval } : (next ?? node);
  };
  const nodes = [...plan.nodes.filter(({ id }) => !gone.has(id)).map(changed), ...add];
  const found = await admit({ ...plan, nodes });
  if ('problems' in found) throw refused(found.problems);
  checkAmending(desk.state, given);
  const kept = found.plan.nodes.filter(({ id }) => !gone.has(id));
  const difference = { added: add.map(({ id }) => id), replaced: [...instead.keys()], removed: [...gone] };
  const fresh = new Set([...difference.added, ...difference.replaced]);
  const apply = () =>
    desk.amend({ ...found.plan, nodes: kept } as Plan, found.agents, [...instead.keys(), ...gone], Date.now());
  return { difference, nodes: kept.filter(({ id }) => fresh.has(id)), apply };
}

export function differenceLine({ added, replaced, removed }: PlanDifference): string {
  return `+${added.join(' ')} ~${replaced.join(' ')} -${removed.join(' ')}`.slice(0, 300);
}
