import { executeChild, isCancellation, workflowInfo } from '@temporalio/workflow';
import { ID_SEPARATOR } from '../../protocol/names';
import type { PlanInput, PlanResult } from '../../protocol/plan/state';
import type { SessionOptions, SessionResult } from '../../protocol/session';
import { failureOf } from '../failures';
import { startAgent } from '../run-agent';
import type { Begin, Ending } from './plan-desk';
import type { taskPlan } from './task-plan';

/** What the plan gives to every run of it. */
export type Shared = Pick<
  PlanInput,
  'account' | 'mounts' | 'tenant' | 'requester' | 'authority' | 'tainted' | 'nesting'
>;

/** One attempt at a node: a run of its agent, and of the plan it gives where it expands. */
export async function runNode(begin: Begin, shared: Shared, onStart: (run: string) => void): Promise<Ending> {
  const { node, agent, attempt, inputs, budgetUsd, priority, tainted } = begin;
  const given = Object.keys(inputs).length > 0 ? { task: node.goal, inputs } : node.goal;
  const { nesting: _nesting, ...common } = shared;
  const sources = [...new Set([...(shared.tainted ?? []), ...tainted])];
  try {
    const run = await startAgent(agent, {
      ...(common as Pick<SessionOptions, 'account' | 'mounts' | 'tenant' | 'requester'>),
      id: attempt === 1 ? node.id : `${node.id}~${attempt}`,
      input: given,
      priority,
      ...(sources.length > 0 && { tainted: sources }),
      ...(node.output && { output: node.output }),
      ...(budgetUsd !== undefined && { limits: { costUsd: budgetUsd } }),
    });
    onStart(run.id);
    const ending = endingOf(await run.result());
    return ending.status === 'done' && node.expand ? await runWithin(begin, shared, ending) : ending;
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

/** The node's answer is a plan, which is run in its place. */
async function runWithin(begin: Begin, shared: Shared, made: Ending): Promise<Ending> {
  const { node, attempt, budgetUsd } = begin;
  const { workflowId: parent } = workflowInfo();
  const input: PlanInput = {
    ...shared,
    plan: { name: node.id.toLowerCase().replace(/[^a-z0-9-]/g, '-'), ...(made.output as object) },
    parent,
    nesting: (shared.nesting ?? 0) + 1,
    ...(budgetUsd !== undefined && { budgetUsd: Math.max(budgetUsd - made.costUsd, 0) }),
    ...(made.tainted && { tainted: [...new Set([...(shared.tainted ?? []), ...made.tainted])] }),
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
