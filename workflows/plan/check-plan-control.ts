import type { Adjustment, Amending } from '../../protocol/plan/control';
import { FINAL, type PlanState } from '../../protocol/plan/state';
import { checkActor, refuse } from '../check-update';

const HINT = 'holdfast task status ID shows its nodes.';

/** Refuses what cannot be: nothing invalid reaches the plan. */
export function checkAdjustment(state: PlanState | undefined, given: Adjustment): void {
  checkActor(given);
  if (!state) illegal('it is only just being planned');
  const progress = Object.hasOwn(state.nodes, given.node) ? state.nodes[given.node] : undefined;
  if (!progress) refuse('Plan.UnknownNode', `there is no node "${given.node}"`, HINT);
  const { status } = progress;
  if (progress.replaced) illegal(`"${given.node}" was replaced: the plan goes another way`);
  const begun = status === 'running' || status === 'assigned';
  if (given.action === 'retry') {
    if (!FINAL.has(status) || status === 'done')
      illegal(`"${given.node}" is ${status}: only what did not succeed is run again`);
  } else if (given.action === 'skip' || given.action === 'cancel') {
    if (FINAL.has(status)) illegal(`"${given.node}" is ${status} already`);
    if (given.action === 'skip' && begun) illegal(`"${given.node}" has begun: cancel it`);
  } else if (given.action === 'change') {
    if (FINAL.has(status)) illegal(`"${given.node}" is ${status}`);
    if (given.agent !== undefined && begun) illegal(`"${given.node}" has begun`);
    if (given.agent !== undefined && state.plan.approval)
      refuse('Plan.Illegal', 'who does what was approved', 'Amend the plan: people are asked for that.');
    if (given.agent !== undefined && !state.agents[given.agent])
      refuse(
        'Plan.UnknownAgent',
        `the plan knows no agent "${given.agent}"`,
        'Amend the plan to bring in another agent.',
      );
    for (const name of ['softDeadline', 'deadline'] as const) {
      const ms: unknown = given[name];
      if (ms !== undefined && !(typeof ms === 'number' && ms > 0))
        refuse('Input.Invalid', `${name}: not milliseconds`, HINT);
    }
    const { priority } = given;
    if (priority !== undefined && !(Number.isInteger(priority) && priority >= 1 && priority <= 5))
      refuse('Input.Invalid', 'priority: a whole number from 1 (most urgent) to 5', HINT);
  } else refuse('Input.Invalid', `action: not one of retry, skip, cancel, change: ${String(given.action)}`, HINT);
}

export function checkAmending(state: PlanState | undefined, given: Amending): void {
  checkActor(given);
  if (!state) illegal('it is only just being planned');
  const { add = [], replace = [], remove = [] } = given;
  for (const [name, list] of Object.entries({ add, replace, remove }))
    if (!Array.isArray(list)) refuse('Input.Invalid', `${name}: not a list`, HINT);
  if (add.length + replace.length + remove.length === 0)
    refuse('Input.Invalid', 'nothing is added, replaced or removed', HINT);
  for (const id of [...replace.map((node) => node?.id), ...remove]) {
    const status = Object.hasOwn(state.nodes, id) ? state.nodes[id]?.status : undefined;
    if (status === undefined) refuse('Plan.UnknownNode', `there is no node "${id}"`, HINT);
    if (status !== 'pending' && status !== 'ready' && status !== 'waiting')
      illegal(`"${id}" is ${status}: only what has not begun can be replaced or removed`);
  }
}

/** Amendments people are asked about at a time: the plan carries them along. */
const MOST_PROPOSALS = 10;

export function checkProposals({ proposals = [] }: PlanState): void {
  if (proposals.length >= MOST_PROPOSALS) illegal(`${proposals.length} amendments wait for people already`);
}

function illegal(why: string): never {
  return refuse('Plan.Illegal', why, HINT);
}
