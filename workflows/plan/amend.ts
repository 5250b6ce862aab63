import type { AdmittedPlan } from '../../protocol/activities';
import type { Amending, PlanDifference } from '../../protocol/plan/control';
import type { Plan } from '../../protocol/plan/definition';
import { checkAmending } from './check-plan-control';
import { refused } from './make-plan';
import type { PlanDesk } from './plan-desk';

/**
 * Changes what has not begun. The whole plan as it would be is admitted like a new one; what began or ended meanwhile is looked at
 * again, so that nothing finished is ever changed or run again.
 * @throws `Plan.*` where the changed plan could not run; it stays as it was.
 */
export async function amend(
  desk: PlanDesk,
  given: Amending,
  admit: (plan: unknown) => Promise<AdmittedPlan>,
): Promise<PlanDifference> {
  const { add = [], replace = [], remove = [] } = given;
  const { plan } = desk.state;
  const instead = new Map(replace.map((node) => [node.id, node]));
  const gone = new Set(remove);
  const nodes = [...plan.nodes.filter(({ id }) => !gone.has(id)).map((node) => instead.get(node.id) ?? node), ...add];
  const found = await admit({ ...plan, nodes });
  if ('problems' in found) throw refused(found.problems);
  checkAmending(desk.state, given);
  const kept = found.plan.nodes.filter(({ id }) => !gone.has(id));
  desk.amend({ ...found.plan, nodes: kept } as Plan, found.agents, [...instead.keys(), ...gone], Date.now());
  return { added: add.map(({ id }) => id), replaced: [...instead.keys()], removed: [...gone] };
}
