import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { HoldfastActivities } from '../../protocol/activities';
import type { CarriedPlan, PlanInput, PlanResult, PlanState } from '../../protocol/plan/state';
import { PLAN_PAGES } from '../activity-options';
import { failureOf, toApplicationFailure } from '../failures';
import { nodesQuery, planQuery } from '../messages';
import { recordPlanEnd, recordPlanStart } from '../search-attributes';
import { approvePlan } from './approve-plan';
import { makePlan } from './make-plan';
import { type PackedState, packed, unpacked } from './packed-state';
import { pagesOf } from './pages';
import { PlanRun } from './plan-run';

const { keepPlan, loadPlan } = proxyActivities<HoldfastActivities>(PLAN_PAGES);

/** A state of more characters is kept outside the history while the plan continues as new. */
const INLINE_CHARS = 200_000;
const PAGE_CHARS = 500_000;

/**
 * A graph of tasks, each done by an agent in a run of its own. A goal is decomposed first; what is wrong with a plan is found before
 * anything runs. What is done stays done: the plan continues as new once nothing runs.
 */
export async function taskPlan(input: PlanInput): Promise<PlanResult> {
  checkInput(input);
  const run = new PlanRun(input);
  setHandler(planQuery, () => run.view());
  setHandler(nodesQuery, (from, count, outputs) => run.nodes(from, count, outputs));
  run.people.handle();
  recordPlanStart(input);
  try {
    const { firstExecutionRunId } = workflowInfo();
    run.begin(input.carried ? await restored(input.carried, firstExecutionRunId) : await planned(run, input));
    const end = await run.toEnd();
    if (end === 'rollover') return await rollOver(run, input, firstExecutionRunId);
    recordPlanEnd(end.status, end.costUsd);
    await condition(allHandlersFinished);
    return end;
  } catch (error) {
    const cancelled = isCancellation(error);
    // What it runs is not ended by its end.
    if (cancelled || failureOf(error)) await CancellationScope.nonCancellable(() => run.quieten());
    run.over = cancelled ? 'cancelled' : 'failed';
    recordPlanEnd(run.over, run.spentUsd);
    if (cancelled) run.endNodes('the plan was cancelled');
    if (cancelled) await CancellationScope.nonCancellable(() => run.undo());
    throw error;
  }
}

/** As given or as a planner makes it, approved where somebody wants that. */
async function planned(run: PlanRun, input: PlanInput): Promise<PlanState> {
  const made = await makePlan(input);
  const { plan: approved, agents } = await approvePlan(input, made, run.asking);
  const plan = input.amending ? { ...approved, approval: input.amending } : approved;
  const { costUsd: spentUsd, tokens, tainted } = made;
  const fresh = { nodes: {}, chosen: {}, served: {}, actions: [], undos: [] };
  const dry = input.dryRun && { planned: [] };
  return { plan, agents, spentUsd, tokens, startedAt: Date.now(), ...fresh, ...dry, ...(tainted && { tainted }) };
}

async function restored(carried: CarriedPlan, firstRunId: string): Promise<PlanState> {
  if ('state' in carried) return carried.state;
  let text = '';
  for (const page of carried.pages) text += await loadPlan(firstRunId, page);
  const kept = JSON.parse(text) as PackedState | PlanState;
  return 'rows' in kept ? unpacked(kept) : kept;
}

async function rollOver(run: PlanRun, input: PlanInput, firstRunId: string): Promise<never> {
  const { plan: _plan, goal: _goal, ...rest } = input;
  const still = () => run.still && allHandlersFinished();
  for (;;) {
    await condition(still);
    const text = JSON.stringify(run.state);
    const { asked } = run.asking;
    if (text.length <= INLINE_CHARS)
      return continueAsNew<typeof taskPlan>({ ...rest, carried: { state: JSON.parse(text), asked } });
    const pages: string[] = [];
    for (const page of pagesOf(JSON.stringify(packed(run.state)), PAGE_CHARS))
      pages.push(await keepPlan(firstRunId, page));
    // What happened meanwhile would be forgotten.
    if (still() && JSON.stringify(run.state) === text && run.asking.asked === asked)
      return continueAsNew<typeof taskPlan>({ ...rest, carried: { pages, asked } });
  }
}

function checkInput(input: PlanInput): void {
  const { plan, goal, carried, attempts = 1, budgetUsd = 1 } = input ?? {};
  const invalid = (message: string) =>
    toApplicationFailure({ code: 'Input.Invalid', message, hint: 'See docs/plans.md for what a plan may be given.' });
  if (carried && workflowInfo().continuedFromExecutionRunId === undefined)
    throw invalid('carried: only a plan that continues as new carries something');
  if (!carried && plan === undefined && (typeof goal !== 'string' || goal.trim() === ''))
    throw invalid('give a plan or a goal');
  if (plan !== undefined && (typeof plan !== 'object' || plan === null)) throw invalid('plan: not an object');
  if (!Number.isInteger(attempts) || attempts < 1 || attempts > 20)
    throw invalid('attempts: a whole number from 1 to 20');
  if (!(typeof budgetUsd === 'number' && budgetUsd > 0)) throw invalid('budgetUsd: not a positive number');
}
