import type { LeaseShort, SummariseInput, SummariseResult } from '../protocol/activities';
import type { Failure } from '../protocol/failures';
import { addUsage } from '../protocol/usage';
import { usedVariables } from '../protocol/variables';
import { fallBack } from './degrade';
import { notSent, provide, settleCall, settleFailure } from './paying';
import type { Session } from './session';

/** Turns until a summary is tried again that could not be made. */
const TURNS_WITHOUT = 10;

export interface CompactionDeps {
  now(): number;
  summarise(input: SummariseInput, summary: string): Promise<SummariseResult | LeaseShort>;
  failureOf(error: unknown): Failure | undefined;
  lostUsd(error: unknown): number | undefined;
}

/** Whether a model call failed only because a summary is due first; it is noted then. */
export function noteSummaryDue({ progress, transcript }: Session, { details }: Failure): boolean {
  if (details?.summaryDue !== true) return false;
  progress.summaryDue = true;
  // The worker that refused the call has read as far.
  transcript.seen();
  return true;
}

/** Whether a summary can be made now: never between a call and its result, and calls that ride along have none yet. */
export function canSummarise({ given, progress: { summaryDue, quickCalls } }: Session): boolean {
  return !given.dryRun && summaryDue === true && quickCalls.length === 0;
}

/**
 * Whether what does not fit is dropped for now: no summary could be made, or quick reads of an earlier Temporal run ride along
 * with the call, which cannot be run without it.
 */
export function withoutSummary(session: Session): boolean {
  const { summaryFailedAt, turns, quickCalls } = session.progress;
  if (session.given.dryRun) return true;
  if (quickCalls.length > 0 && session.openCalls().length === 0) return true;
  return summaryFailedAt !== undefined && turns < summaryFailedAt + TURNS_WITHOUT;
}

/**
 * Replaces old messages, as the model sees them, by a summary: one more message of the transcript, which says what it stands
 * for. A summary is a convenience: where it cannot be made or paid for, the oldest messages are left out instead.
 */
export async function summarise(session: Session, deps: CompactionDeps): Promise<void> {
  const { progress, transcript } = session;
  delete progress.summaryDue;
  if (withoutSummary(session)) return;
  session.phase = 'model';
  try {
    const result = await paidSummary(session, deps);
    transcript.seen();
    if (result) record(session, result);
    else progress.summaryFailedAt = progress.turns;
  } catch (error) {
    settleFailure(session, deps.lostUsd(error));
    const failure = deps.failureOf(error);
    if (!failure) throw error;
    if (fallBack(session, failure, deps.now())) progress.summaryDue = true;
    else progress.summaryFailedAt = progress.turns;
  }
}

/** Undefined when there is no money for it. */
async function paidSummary(session: Session, deps: CompactionDeps): Promise<SummariseResult | undefined> {
  for (;;) {
    if (session.purse && (await provide(session, session.purse))) return undefined;
    const title = `turn ${session.progress.turns + 1} · summary of older messages`;
    const result = await deps.summarise({ ...inputOf(session), ...session.purse?.offer() }, title);
    if (!('short' in result)) return result;
    notSent(session, result);
  }
}

function record(session: Session, result: SummariseResult): void {
  const { progress, transcript } = session;
  const { message, usage, simulated } = result;
  progress.usage = addUsage(progress.usage, usage);
  settleCall(session, result);
  progress.simulated ||= simulated;
  if (!message?.summary) {
    progress.summaryFailedAt = progress.turns;
    return;
  }
  delete progress.summaryFailedAt;
  transcript.append(message);
  progress.contextFrom = message.summary.to;
}

function inputOf(session: Session): SummariseInput {
  const { agent, model, progress, limits, parameters, transcript } = session;
  const { contextTokens } = progress;
  const variables = usedVariables(agent.instructions, session.variables);
  return {
    transcript: transcript.pointer(),
    turn: progress.turns + 1,
    agent: agent.name,
    revision: agent.revision,
    model: model ?? agent.model,
    contextFrom: progress.contextFrom,
    ...(parameters && { parameters }),
    ...(variables && { variables }),
    ...(limits.costUsd !== undefined && { budgetUsd: limits.costUsd - progress.costUsd }),
    ...(contextTokens !== undefined && { contextTokens }),
    ...(progress.withoutFallback && { withoutFallback: true as const }),
  };
}
