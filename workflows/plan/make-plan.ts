import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { HoldfastActivities } from '../../protocol/activities';
import type { PlanProblem } from '../../protocol/plan/admission';
import type { Plan } from '../../protocol/plan/definition';
import { PLAN_ATTEMPTS, PLAN_OUTPUT, PLANNER } from '../../protocol/plan/planner';
import type { AgentFacts, PlanInput } from '../../protocol/plan/state';
import { ADMIT } from '../activity-options';
import { toApplicationFailure } from '../failures';
import { startAgent } from '../run-agent';
import { runOptions } from './shared';

const { admitPlan, sketchAgents } = proxyActivities<HoldfastActivities>(ADMIT);

export interface Made {
  plan: Plan;
  agents: Record<string, AgentFacts>;
  costUsd: number;
  tokens: number;
  /** Where content from outside came from that whoever made it has seen. */
  tainted?: string[];
}

/** The plan as given and admitted, or as a planner makes it of the goal, told each time what was wrong. @throws `Plan.*`. */
export async function makePlan(input: PlanInput): Promise<Made> {
  if (input.plan !== undefined) return { ...(await admitted(input, input.plan)), costUsd: 0, tokens: 0 };
  const { goal, planner = PLANNER, attempts = PLAN_ATTEMPTS, budgetUsd } = input;
  const agents = await sketchAgents();
  let spent = { costUsd: 0, tokens: 0 };
  let problems: PlanProblem[] = [];
  let previous: unknown;
  const seen = new Set<string>();
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const { output, why, tainted, ...more } = await askPlanner(input, `plan-${attempt}`, {
      goal,
      agents,
      ...(problems.length > 0 && { previous, problems: problems.map(({ message }) => message) }),
    });
    if (output === undefined) throw toApplicationFailure({ code: 'Plan.Invalid', message: why });
    spent = { costUsd: spent.costUsd + more.costUsd, tokens: spent.tokens + more.tokens };
    previous = output;
    for (const source of tainted) seen.add(source);
    const left = budgetUsd === undefined ? {} : { budgetUsd: Math.max(budgetUsd - spent.costUsd, 1e-6) };
    const found = await admitPlan({
      plan: { name: 'plan', goal, ...(output as object), ...left },
      nesting: nestingOf(input),
    });
    if (!('problems' in found)) return { ...found, ...spent, ...(seen.size > 0 && { tainted: [...seen] }) };
    problems = found.problems;
  }
  throw refused(problems, `${planner} made ${attempts} plans, and none can run`);
}

interface Planned {
  /** Fits `PLAN_OUTPUT`; undefined where the planner gave none, and why. */
  output: unknown;
  why: string;
  costUsd: number;
  tokens: number;
  tainted: string[];
}

/**
 * @param id of the planner's run, within the plan's. No node's id begins like that.
 * @param sources of content from outside that it is told.
 */
export async function askPlanner(
  input: PlanInput,
  id: string,
  given: object,
  sources: readonly string[] = [],
): Promise<Planned> {
  const { planner = PLANNER } = input;
  const run = await startAgent(planner, {
    ...runOptions(input, sources),
    id: `~${id}`,
    input: given,
    output: PLAN_OUTPUT,
  });
  const { stopReason, detail, output, costUsd, usage, tainted = [] } = await run.result();
  const why = `${run.id} gave no plan: ${stopReason}${detail === undefined ? '' : `: ${detail}`}`;
  const spent = { costUsd, tokens: usage.inputTokens + usage.outputTokens };
  return { output: stopReason === 'completed' ? output : undefined, why, tainted, ...spent };
}

/** @throws `Plan.*` with all problems as details; the code is that of the first. */
export async function admitted(
  input: PlanInput,
  plan: unknown,
): Promise<{ plan: Plan; agents: Record<string, AgentFacts> }> {
  const { budgetUsd, account } = input;
  const whole = {
    ...(plan as object),
    ...(budgetUsd !== undefined && { budgetUsd }),
    ...(account !== undefined && { account }),
  };
  const found = await admitPlan({ plan: whole, nesting: nestingOf(input) });
  if ('problems' in found) throw refused(found.problems);
  return found;
}

export function refused(problems: PlanProblem[], what?: string) {
  const [first = { code: 'Plan.Invalid' as const, message: 'it cannot run' }] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more problems)` : '';
  return toApplicationFailure({
    code: first.code,
    message: `${what === undefined ? '' : `${what}: `}${first.message}${more}`,
    details: { problems, run: workflowInfo().workflowId },
  });
}

export function nestingOf({ nesting = 0 }: PlanInput): number {
  return nesting;
}
