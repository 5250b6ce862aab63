import { executeChild, isCancellation, workflowInfo } from '@temporalio/workflow';
import { ID_SEPARATOR } from '../../protocol/names';
import type { PlanInput, PlanResult } from '../../protocol/plan/state';
import type { SessionResult } from '../../protocol/session';
import { failureOf } from '../failures';
import { startAgent } from '../run-agent';
import { nestingOf } from './make-plan';
import type { Begin, Ending } from './plan-desk';
import { runOptions } from './shared';
import type { taskPlan } from './task-plan';

/** One attempt at a node: a run of its agent, and of the plan it gives where it expands. */
export async function runNode(begin: Begin, plan: PlanInput, onStart: (run: string) => void): Promise<Ending> {
  const { node, agent, attempt, inputs, budgetUsd, priority, tainted } = begin;
  const given = Object.keys(inputs).length > 0 ? { task: node.goal, inputs } : node.goal;
  if (isSpent(budgetUsd)) return nothingLeft({ costUsd: 0, tokens: 0 });
  try {
    const run = await startAgent(agent, {
      ...runOptions(plan, tainted),
      id: attempt === 1 ? node.id : `${node.id}~${attempt}`,
      input: given,
      priority,
      ...(node.output && { output: node.output }),
      ...(budgetUsd !== undefined && { limits: { costUsd: budgetUsd } }),
    });
    onStart(run.id);
    const ending = endingOf(await run.result());
    return ending.status === 'done' && node.expand ? await runWithin(begin, plan, ending) : ending;
  } catch (error) {
    if (isCancellation(error)) return { status: 'cancelled', reason: 'cancelled', costUsd: 0, tokens: 0 };
    const failure = failureOf(error);
    if (!failure) throw error;
    const session = failure.details?.session as { costUsd?: number } | undefined;
    const reason = `${failure.code}: ${failure.message}`;
    return { status: 'failed', reason, costUsd: session?.costUsd ?? 0, tokens: 0 };
  }
}

function endingOf({ stopReason, detail, output, costUsd, usage, tainted }: SessionResult): Ending {
  const tokens = usage.inputTokens + usage.outputTokens;
  const spent = { costUsd, tokens, ...(tainted && { tainted }) };
  if (stopReason === 'completed') return { status: 'done', output, ...spent };
  return { status: 'failed', reason: detail === undefined ? stopReason : `${stopReason}: ${detail}`, ...spent };
}

function isSpent(budgetUsd: number | undefined): boolean {
  return budgetUsd !== undefined && budgetUsd <= 0;
}

/** Others have cost more than was kept for them, as the last call of a run may. */
function nothingLeft(spent: Pick<Ending, 'costUsd' | 'tokens'>): Ending {
  return { status: 'failed', reason: 'max-cost: nothing is left for it of the budget', ...spent };
}

/** The node's answer is a plan, which is run in its place. */
async function runWithin(begin: Begin, outer: PlanInput, made: Ending): Promise<Ending> {
  const { node, attempt, budgetUsd } = begin;
  const { workflowId: parent } = workflowInfo();
  const left = budgetUsd === undefined ? undefined : budgetUsd - made.costUsd;
  if (isSpent(left)) return nothingLeft({ costUsd: made.costUsd, tokens: made.tokens });
  const input: PlanInput = {
    ...runOptions(outer, made.tainted),
    plan: { name: node.id.toLowerCase().replace(/[^a-z0-9-]/g, '-'), ...(made.output as object) },
    parent,
    nesting: nestingOf(outer) + 1,
    ...(left !== undefined && { budgetUsd: left }),
  };
  const result: PlanResult = await executeChild<typeof taskPlan>('taskPlan', {
    workflowId: `${parent}${ID_SEPARATOR}${node.id}~plan-${attempt}`,
    args: [input],
    staticSummary: `plan of ${node.id}`,
    parentClosePolicy: 'REQUEST_CANCEL',
  });
  const spent = { costUsd: made.costUsd + result.costUsd, tokens: made.tokens + result.tokens };
  if (result.status === 'completed') return { ...made, output: result.output, ...spent };
  return { status: 'failed', reason: result.reason ?? result.status, ...spent };
}
