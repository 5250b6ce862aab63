import { ChildWorkflowFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { isCancellation, patched, startChild, workflowInfo } from '@temporalio/workflow';
import type { Failure } from '../../protocol/failures';
import type { ArtifactRef } from '../../protocol/messages';
import { ID_SEPARATOR } from '../../protocol/names';
import type { Attempt, Ending, PlanInput, PlanResult } from '../../protocol/plan/state';
import type { SessionResult, SessionStateView } from '../../protocol/session';
import { failureOf } from '../failures';
import { startAgent } from '../run-agent';
import { cutHere, HANDS_ON_WHOLE, withoutLarge } from './large-given';
import { nestingOf } from './make-plan';
import { withMemory } from './memory';
import { type Called, NOTHING_SPENT, plainCall } from './plain-call';
import type { Begin } from './plan-desk';
import { callSummary, optionsOf, runOptions, taskOf } from './shared';
import type { taskPlan } from './task-plan';

/** What a plan hears of an attempt while it is made, and how it is found again. */
export interface Desk {
  /** It has begun. @param run its workflow id; a plain call has none. */
  running(run?: string): void;
  /** Another workflow works on it, or none any more. */
  at(attempt: Attempt | undefined): void;
  /** Waits for a workflow that was started before the plan continued as new. */
  elsewhere(workflow: string): Promise<unknown>;
}

/**
 * One attempt at a node: what was kept of the same before, a plain call, or a run; and the plan it gives where it expands. One that began
 * before the plan continued as new goes on where it was.
 */
export async function runNode(begin: Begin, plan: PlanInput, desk: Desk): Promise<Ending> {
  const { node, resumed } = begin;
  if (!resumed && isSpent(begin.budgetUsd)) return nothingLeft({ costUsd: 0, tokens: 0 });
  try {
    const ending = resumed?.made ?? (await withMemory(begin, plan, () => attempt(begin, plan, desk)));
    return ending.status === 'done' && node.expand ? await runWithin(begin, plan, ending, desk) : ending;
  } catch (error) {
    return failed(error);
  }
}

/** What ended by a failure, with what it had cost until then. A bug is no end: the workflow task is tried again until it is mended. */
function failed(error: unknown, before: Spent = { costUsd: 0, tokens: 0 }): Ending {
  const { costUsd, tokens } = before;
  if (isCancellation(error)) return { status: 'cancelled', reason: 'cancelled', costUsd, tokens };
  const failure = failureOfRun(error);
  if (!failure) throw error;
  const session = failure.details?.session as Pick<SessionStateView, 'costUsd' | 'usage'> | undefined;
  return {
    status: 'failed',
    reason: `${failure.code}: ${failure.message}`,
    costUsd: costUsd + (session?.costUsd ?? 0),
    tokens: tokens + (session ? tokensOf(session.usage) : 0),
  };
}

/** Why a run failed; undefined for a bug. One that ended without saying why is none: it was terminated, timed out, or is somebody else's. */
export function failureOfRun(error: unknown): Failure | undefined {
  const told = failureOf(error);
  if (told || isCancellation(error)) return told;
  if (error instanceof WorkflowExecutionAlreadyStartedError)
    return { code: 'Run.AlreadyStarted', message: `a run with its id "${error.workflowId}" is there already` };
  if (!(error instanceof ChildWorkflowFailure)) return undefined;
  return { code: 'Run.Failed', message: error.cause?.message ?? error.message };
}

type Spent = Pick<Ending, 'costUsd' | 'tokens'>;

function tokensOf({ inputTokens, outputTokens }: SessionResult['usage']): number {
  return inputTokens + outputTokens;
}

async function attempt(begin: Begin, plan: PlanInput, desk: Desk): Promise<Ending> {
  const { resumed } = begin;
  const plain = begin.facts?.plain && plan.account === undefined;
  if (plain && !resumed) desk.running();
  const light = resumed ? begin : await withoutLarge(begin);
  const called: Called = resumed ?? (plain ? await plainCall(light, plan) : NOTHING_SPENT);
  const { ending: answer, costUsd, tokens } = called;
  if (answer) return answer;
  const budgetUsd = begin.budgetUsd === undefined ? undefined : begin.budgetUsd - costUsd;
  if (isSpent(budgetUsd) && !resumed) return nothingLeft({ costUsd, tokens });
  const spent = { costUsd, tokens };
  const ending = await runAsSession({ ...light, budgetUsd }, plan, spent, desk).catch((error) => failed(error));
  return { ...ending, costUsd: ending.costUsd + costUsd, tokens: ending.tokens + tokens };
}

async function runAsSession(begin: Begin, plan: PlanInput, spent: Spent, desk: Desk): Promise<Ending> {
  const { node, agent, attempt, priority, tainted, resumed } = begin;
  if (resumed) return ofSession(resumed.workflow, await elsewhere<SessionResult>(resumed, desk));
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
    // It goes on while the plan continues as new; a plan that ends ends it by itself.
    parentClosePolicy: 'ABANDON',
  });
  desk.running(run.id);
  return ofSession(run.id, await workedOn({ workflow: run.id, ...spent }, desk, () => run.result()));
}

function ofSession(run: string, result: SessionResult): Ending {
  return endingOf(saidIfCut(result, run));
}

function elsewhere<Result>(attempt: Attempt, desk: Desk): Promise<Result> {
  return workedOn(attempt, desk, () => desk.elsewhere(attempt.workflow) as Promise<Result>);
}

async function workedOn<Result>(attempt: Attempt, desk: Desk, result: () => Promise<Result>): Promise<Result> {
  desk.at(attempt);
  try {
    return await result();
  } finally {
    desk.at(undefined);
  }
}

/** The history has the beginning of an answer too large for it; whoever is shown that must know. */
function saidIfCut(result: SessionResult, run: string): SessionResult {
  const { artifact, output } = result;
  return artifact && typeof output === 'string' ? { ...result, output: cutHere(output, artifact, run) } : result;
}

function endingOf({ stopReason, detail, output, artifact, costUsd, usage, tainted, planned }: SessionResult): Ending {
  const spent = { costUsd, tokens: tokensOf(usage), ...(tainted && { tainted }), ...(planned && { planned }) };
  const whole = artifact?.of && patched(HANDS_ON_WHOLE) && { artifact };
  if (stopReason === 'completed') return { status: 'done', output, ...whole, ...spent };
  return { status: 'failed', reason: detail === undefined ? stopReason : `${stopReason}: ${detail}`, ...spent };
}

function isSpent(budgetUsd: number | undefined): boolean {
  return budgetUsd !== undefined && budgetUsd <= 0;
}

/** Others have cost more than was kept for them, as the last call of a run may. */
function nothingLeft(spent: Spent): Ending {
  return { status: 'failed', reason: 'max-cost: nothing is left for it of the budget', ...spent };
}

function tooLarge({ costUsd, tokens }: Ending, { bytes }: ArtifactRef): Ending {
  return { status: 'failed', reason: `Plan.TooLarge: the plan it gave has ${bytes} bytes`, costUsd, tokens };
}

/** The node's answer is a plan, which is run in its place. */
async function runWithin(begin: Begin, outer: PlanInput, made: Ending, desk: Desk): Promise<Ending> {
  const { budgetUsd, resumed } = begin;
  const left = budgetUsd === undefined ? undefined : budgetUsd - made.costUsd;
  if (isSpent(left)) return nothingLeft({ costUsd: made.costUsd, tokens: made.tokens });
  if (made.artifact) return tooLarge(made, made.artifact);
  const inner = resumed?.made ? elsewhere<PlanResult>(resumed, desk) : startWithin(begin, outer, made, left, desk);
  const result = await inner.catch((error) => failed(error, made));
  return 'counts' in result ? outcomeOf(made, result) : result;
}

async function startWithin(
  { node, attempt, limits, approval }: Begin,
  outer: PlanInput,
  made: Ending,
  budgetUsd: number | undefined,
  desk: Desk,
): Promise<PlanResult> {
  const { workflowId: parent } = workflowInfo();
  const written = withinLimits(made.output, limits);
  const input: PlanInput = {
    ...runOptions(outer, made.tainted),
    plan: { name: node.id.toLowerCase().replace(/[^a-z0-9-]/g, '-'), ...written },
    parent,
    nesting: nestingOf(outer) + 1,
    ...(budgetUsd !== undefined && { budgetUsd }),
    ...(approval && { amending: approval }),
  };
  const workflow = `${parent}${ID_SEPARATOR}${node.id}~plan-${attempt}`;
  const child = await startChild<typeof taskPlan>('taskPlan', {
    workflowId: workflow,
    args: [input],
    staticSummary: `plan of ${node.id}`,
    parentClosePolicy: 'ABANDON',
  });
  return workedOn({ workflow, costUsd: 0, tokens: 0, made }, desk, () => child.result());
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
  const { output, artifact } = result;
  if (result.status === 'completed') return { ...made, output, ...(artifact && { artifact }), ...spent };
  return { status: 'failed', reason: result.reason ?? result.status, ...spent };
}
