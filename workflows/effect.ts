import { ActivityFailure, CancelledFailure } from '@temporalio/common';
import {
  CancellationScope,
  isCancellation,
  scheduleActivity,
  setCurrentDetails,
  sleep,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { ApprovalOutcome } from '../protocol/approval';
import { contentDigest } from '../protocol/content-digest';
import { type CheckedEffect, type EffectInput, SETTLEMENTS, type Settlement } from '../protocol/effect';
import type { ToolMessage } from '../protocol/messages';
import { checkActivityType, toolActivityType } from '../protocol/names';
import { checkOptions, onceOptions } from './activity-options';
import { argumentsText } from './arguments-text';
import { approvalIdOf, askApproval } from './ask-approval';
import { bury } from './bury';
import { toolFailure } from './failures';
import { answered } from './run-calls';
import { recordEffect } from './search-attributes';

/** Attempts that provably did nothing are repeated this often before a person is asked. */
const MOST_REPEATS = 5;
const FIRST_PAUSE_MS = 500;

/**
 * One call of a tool that takes effect once. Its workflow id is made of what is done, and the server lets an id be used once: that
 * is the claim. One attempt; when nobody knows what became of it, the tool's own check is asked, and then a person. Never a guess.
 */
export async function effect(input: EffectInput): Promise<ToolMessage> {
  recordEffect(input, 'running');
  try {
    const before = input.again ? await lookUp(input) : 'unknown';
    if (typeof before === 'object') return settled(input, before);
    for (let repeats = 0; ; repeats++) {
      const attempt = await attemptOnce(input, repeats);
      if (attempt !== 'unknown' && attempt !== 'not-done') return settled(input, attempt);
      const known = attempt === 'not-done' ? attempt : await lookUp(input);
      if (typeof known === 'object') return settled(input, known);
      if (known === 'not-done' && repeats < MOST_REPEATS) {
        await sleep(FIRST_PAUSE_MS * 2 ** repeats, { summary: 'before the next attempt' });
        continue;
      }
      if (known === 'not-done' && input.skips) return settled(input, skipped(input));
      const settlement = await askPeople(input, known, repeats);
      if (settlement === 'retry') continue;
      if (settlement.outcome !== 'ok') await keep(input, settlement);
      return settled(input, settlement);
    }
  } catch (error) {
    if (!isCancellation(error)) throw error;
    return CancellationScope.nonCancellable(() => cancelled(input));
  }
}

/** What an attempt came to: its result, or that it did nothing and may be repeated, or that nobody knows. */
async function attemptOnce(
  { tool, call }: EffectInput,
  repeats: number,
): Promise<ToolMessage | 'not-done' | 'unknown'> {
  const summary = repeats === 0 ? 'the one attempt' : `again: attempt ${repeats} did nothing`;
  try {
    const message = await scheduleActivity<ToolMessage>(
      toolActivityType(tool.name),
      [call],
      onceOptions(tool, summary),
    );
    // It was cut off, which says nothing about how far it came.
    if (message.outcome === 'cancelled') throw new CancelledFailure('the run was stopped');
    return message.outcome === 'timed-out' || message.outcome === 'outcome-unknown' ? 'unknown' : message;
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    const { outcome, retryLater } = toolFailure(tool, error);
    if (retryLater) return 'not-done';
    return outcome === 'failed'
      ? answered(messageKey(call), 'failed', error.cause?.message ?? error.message)
      : 'unknown';
  }
}

function skipped({ call }: EffectInput): ToolMessage {
  return answered(messageKey(call), 'unavailable', `It did nothing in ${MOST_REPEATS + 1} attempts.`);
}

/** The tool itself may know. */
async function lookUp({ tool, call }: EffectInput): Promise<ToolMessage | 'not-done' | 'unknown'> {
  if (!tool.checks) return 'unknown';
  try {
    const found = await scheduleActivity<CheckedEffect>(checkActivityType(tool.name), [call], checkOptions(tool));
    return found.outcome === 'done' ? found.message : found.outcome;
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    return 'unknown';
  }
}

async function askPeople(
  input: EffectInput,
  known: 'not-done' | 'unknown',
  repeats: number,
): Promise<ToolMessage | 'retry'> {
  const { workflowId } = workflowInfo();
  recordEffect(input, 'waiting');
  const request = questionOf(input, known, workflowId, repeats);
  setCurrentDetails(`**${request.title}**\n\n${request.body}`);
  const outcome = await askApproval(approvalIdOf(workflowId, repeats + 1), request, input.run);
  recordEffect(input, 'running');
  return resultOf(input, known, outcome);
}

function questionOf(
  { tool, call, agent, requester, tenant, approval }: EffectInput,
  known: string,
  id: string,
  asked: number,
) {
  const fact =
    known === 'not-done'
      ? `It did nothing in ${MOST_REPEATS + 1} attempts.`
      : 'The worker was lost, or the time was over, while it ran: it may or may not have taken effect.';
  // Where nobody knows who asked for the work nobody can be excluded, and somebody has to find out.
  const { excludeRequester, ...terms } = approval ?? {};
  return {
    ...terms,
    ...(excludeRequester !== undefined && requester !== undefined && { excludeRequester }),
    kind: 'effect' as const,
    title: `${tool.name}: ${known === 'not-done' ? 'cannot be done' : 'outcome unknown'}`,
    body: `${fact} Find out what became of it, then answer \`retry\` (it did not happen: do it now), \`done\` (it happened; say with what result in the reason) or \`abandon\`.`,
    tool: tool.name,
    callId: call.callId,
    options: [...SETTLEMENTS],
    digest: contentDigest([id, asked]),
    ...(call.arguments !== undefined && { arguments: call.arguments }),
    ...(agent !== undefined && { agent }),
    ...(requester !== undefined && { requester }),
    ...(tenant !== undefined && { tenant }),
  };
}

function resultOf(
  { call }: EffectInput,
  known: string,
  { verdict, answer, reason, votes }: ApprovalOutcome,
): ToolMessage | 'retry' {
  const settlement = verdict === 'approved' ? (answer as Settlement) : 'abandon';
  if (settlement === 'retry') return 'retry';
  const by = votes.at(-1)?.by;
  const said = reason === undefined ? '' : `: ${reason}`;
  if (settlement === 'done') return answered(messageKey(call), 'ok', `Done, as ${by} found out${said}.`);
  const who = by === undefined ? 'Given up' : `Given up by ${by}`;
  const fact = known === 'not-done' ? 'It did not take effect.' : 'It may or may not have taken effect.';
  return answered(messageKey(call), known === 'not-done' ? 'failed' : 'outcome-unknown', `${who}${said}. ${fact}`);
}

/** The run that wanted it is gone; what its attempt did is still worth knowing. */
async function cancelled(input: EffectInput): Promise<ToolMessage> {
  const known = await lookUp(input);
  if (typeof known === 'object') return settled(input, known);
  const text = 'Ended before it was finished.';
  if (known === 'not-done')
    return settled(input, answered(messageKey(input.call), 'cancelled', `${text} It did not take effect.`));
  const unknown = answered(messageKey(input.call), 'outcome-unknown', `${text} It may or may not have taken effect.`);
  await keep(input, unknown);
  return settled(input, unknown);
}

/** A dead letter, so that somebody can still see to it. What is done again from a letter has one already; an undo gets its own. */
async function keep(input: EffectInput, { content: cause }: ToolMessage): Promise<void> {
  if (input.again || input.call.undoes) return;
  const { tool, call, run, agent, tenant } = input;
  const title = `${tool.name} ${argumentsText(call)}`;
  const from = { run, ...(agent !== undefined && { agent }), ...(tenant !== undefined && { tenant }) };
  await bury({ kind: 'effect', title, cause, work: { effect: input }, ...from }, call.idempotencyKey);
}

function settled(input: EffectInput, message: ToolMessage): ToolMessage {
  recordEffect(
    input,
    message.outcome === 'ok' ? 'completed' : message.outcome === 'outcome-unknown' ? 'unknown' : 'failed',
  );
  upsertMemo({ outcome: message.outcome });
  return message;
}

function messageKey({ callId, name }: EffectInput['call']) {
  return { id: callId, name };
}
