import type { ApprovalTerms } from './approval';

/**
 * What makes terms that nobody could ever meet, in one sentence; undefined where all is well. Plain code: the workflow asks it
 * too.
 */
export function termsProblem({ approvers = ['anyone'], escalate = [], quorum = 1 }: ApprovalTerms): string | undefined {
  const stages = [approvers, ...escalate.map((step) => step.approvers)];
  const keys = stages.map((stage) => [...new Set(stage)].sort().join(' '));
  const again = keys.findIndex((key, at) => keys.indexOf(key) !== at);
  if (again >= 0)
    return `escalate: the same approvers are asked again (${keys[again]}); a chain must not run in a circle`;
  for (const [at, stage] of stages.entries()) {
    const people = new Set(stage);
    if (![...people].every((one) => one.startsWith('user:')) || people.size >= quorum) continue;
    const where = at === 0 ? 'approvers' : `escalate[${at - 1}].approvers`;
    return `quorum: ${quorum} approvals are needed, and ${where} names ${people.size}`;
  }
  return undefined;
}
