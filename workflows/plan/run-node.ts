import { executeChild, isCancellation, workflowInfo } from '@temporalio/workflow';
import { ID_SEPARATOR } from '../../protocol/names';
import type { PlanInput, PlanResult } from '../../protocol/plan/state';
import type { SessionResult, SessionStateView } from '../../protocol/session';
import { failureOf } from '../failures';
import { startAgent } from '../run-agent';
import { nestingOf } from './make-plan';
import { withMemory } from './memory';
import { NOTHING_SPENT, plainCall } from './plain-call';
import type { Begin, Ending } from './plan-desk';
import { callSummary, optionsOf, runOptions, taskOf } from './shared';
import type { taskPlan } from './task-plan';

/** One attempt at a node: what was kept of the same before, a plain call, or a run; and the plan it gives where it expands. */
export async function runNode(begin: Begin, plan: PlanInput, onStart: (run?: string) => void): Promise<Ending> {
  const { node } = begin;
  if (isSpent(begin.budgetUsd)) return nothingLeft({ costUsd: 0, tokens: 0 });
  try {
    const ending = await withMemory(begin, plan, () => attempt(begin, plan, onStart));
    return ending.status === 'done' && node.expand ? await runWithin(begin, plan, ending) : ending;
  } catch (error) {
    return failed(error);
  }
}

/** What ended by a failure, with what it had cost until then. A bug is no end: the workflow task is tried again until it is mended. */
function failed(error: unknown, before: Spent = { costUsd: 0, tokens: 0 }): Ending {
  const { costUsd, tokens } = before;
  if (isCancellation(error)) return { status: 'cancelled', reason: 'cancelled', costUsd, tokens };
  const failure = failureOf(error);
  if (!failure) throw error;
  const session = failure.details?.session as Pick<SessionStateView, 'costUsd' | 'usage'> | undefined;
  return {
    status: 'failed',
    reason: `${failure.code}: ${failure.message}`,
    costUsd: costUsd + (session?.costUsd ?? 0),
    tokens: tokens + (session ? tokensOf(session.usage) : 0),
  };
}

type Spent = Pick<Ending, 'costUsd' | 'tokens'>;

function tokensOf({ inputTokens, outputTokens }: SessionResult['usage']): number {
  return inputTokens + outputTokens;
}

async function attempt(begin: Begin, plan: PlanInput, onStart: (run?: string) => void): Promise<Ending> {
  const plain = begin.facts?.plain && plan.account === undefined;
  if (plain) onStart();
  const { ending: answer, costUsd, tokens } = plain ? await plainCall(begin, plan) : NOTHING_SPENT;
  if (answer) return answer;
  const budgetUsd = begin.budgetUsd === undefined ? undefined : begin.budgetUsd - costUsd;
  if (isSpent(budgetUsd)) return nothingLeft({ costUsd, tokens });
  const ending = await runAsSession({ ...begin, budgetUsd }, plan, onStart).catch((error) => failed(error));
  return { ...ending, costUsd: ending.costUsd + costUsd, tokens: ending.tokens + tokens };
}

async function runAsSession(begin: Begin, plan: PlanInput, onStart: (run?: string) => void): Promise<Ending> {
  const { node, agent, attempt, priority, tainted } = begin;
  const first = attempt === 1;
  const run = await startAgent(agent, {
    ...runOptions(plan, tainted),
    ...optionsOf(begin),
    id: first ? node.id : `${node.id}~${attempt}`,
    // Another attempt at the same work: what the first has done is done.
    ...(!first && { effectScope: `${workflowInfo().workflowId}${ID_SEPARATOR}${node.id}` }),
    summary: callSummary(begin),
    input: taskOf(begin),
    priority,
  });
  onStart(run.id);
  return endingOf(saidIfCut(await run.result(), run.id));
}

/** An answer too large for the history is handed on as its beginning; whoever is given it must know. */
function saidIfCut(result: SessionResult, run: string): SessionResult {
  const { artifact, output } = result;
  if (!artifact || typeof output !== 'string') return result;
  const note = `[The answer is cut here. It has ${artifact.bytes} bytes; all of it is the answer of the run ${run}.]`;
  return { ...result, output: `${output}\n\n${note}` };
}

function endingOf({ stopReason, detail, output, costUsd, usage, tainted, planned }: SessionResult): Ending {
  const spent = { costUsd, tokens: tokensOf(usage), ...(tainted && { tainted }), ...(planned && { planned }) };
  if (stopReason === 'completed') return { status: 'done', output, ...spent };
  return { status: 'failed', reason: detail === undefined ? stopReason : `${stopReason}: ${detail}`, ...spent };
}

function isSpent(budgetUsd: number | undefined): boolean {
  return budgetUsd !== undefined && budgetUsd <= 0;
}

/** Others have cost more than was kept for them, as the last call of a run may. */
function nothingLeft(spent: Spent): Ending {
  return { status: 'failed', reason: 'max-cost: nothing is left for it of the budget', ...spent };
}

/** The node's answer is a plan, which is run in its place. */
async function runWithin(begin: Begin, outer: PlanInput, made: Ending): Promise<Ending> {
  const { node, attempt, budgetUsd } = begin;
  const { workflowId: parent } = workflowInfo();
  const left = budgetUsd === undefined ? undefined : budgetUsd - made.costUsd;
  if (isSpent(left)) return nothingLeft({ costUsd: made.costUsd, tokens: made.tokens });
  const written = withinLimits(made.output, begin.limits);
  const input: PlanInput = {
    ...runOptions(outer, made.tainted),
    plan: { name: node.id.toLowerCase().replace(/[^a-z0-9-]/g, '-'), ...written },
    parent,
    nesting: nestingOf(outer) + 1,
    ...(left !== undefined && { budgetUsd: left }),
  };
  const workflowId = `${parent}${ID_SEPARATOR}${node.id}~plan-${attempt}`;
  const inner = await executeChild<typeof taskPlan>('taskPlan', {
    workflowId,
    args: [input],
    staticSummary: `plan of ${node.id}`,
    parentClosePolicy: 'REQUEST_CANCEL',
  }).catch((error) => failed(error, made));
  return 'counts' in inner ? outcomeOf(made, inner) : inner;
}

/** Whose money it is, and how large it may get, is not for a model to say: it may want less than there is, never more. */
function withinLimits(output: unknown, outer: Begin['limits']): object {
  const { account: _account, limits, ...written } = Object(output) as { account?: unknown; limits?: object };
  if (!outer) return written;
  const wanted = Object(limits) as Record<string, unknown>;
  const most = Object.entries(outer).map(([name, limit]) => {
    const own = wanted[name];
    return [name, typeof limit === 'number' && typeof own === 'number' ? Math.min(own, limit) : limit];
  });
  return { ...written, limits: { ...wanted, ...Object.fromEntries(most) } };
}

function outcomeOf(made: Ending, result: PlanResult): Ending {
  const planned = [...(made.planned ?? []), ...(result.planned ?? []).map(({ node: _node, ...call }) => call)];
  const costs = { costUsd: made.costUsd + result.costUsd, tokens: made.tokens + result.tokens };
  const spent = { ...costs, ...(planned.length > 0 && { planned }) };
  if (result.status === 'completed') return { ...made, output: result.output, ...spent };
  return { status: 'failed', reason: result.reason ?? result.status, ...spent };
}
