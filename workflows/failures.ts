import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { type Failure, isFailureCode } from '../protocol/failures';
import type { ToolOutcome } from '../protocol/messages';
import type { ToolSpec } from '../protocol/tool';

/** The classified failure inside an activity's or a child's failure; undefined for anything that carries no known code. */
export function failureOf(error: unknown): Failure | undefined {
  const cause = error instanceof ActivityFailure || error instanceof ChildWorkflowFailure ? error.cause : error;
  if (!(cause instanceof ApplicationFailure) || !isFailureCode(cause.type)) return undefined;
  const extra = (cause.details?.[0] ?? {}) as { hint?: string };
  const { hint, ...details } = extra;
  return { code: cause.type, message: cause.message, ...(hint !== undefined && { hint }), details };
}

/** US dollars a model call may have cost that ended without a result; undefined when it does not say. */
export function lostUsdOf(error: unknown): number | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (!(cause instanceof ApplicationFailure || cause instanceof CancelledFailure)) return undefined;
  const { lostUsd } = (cause.details?.[0] ?? {}) as { lostUsd?: unknown };
  return typeof lostUsd === 'number' ? lostUsd : undefined;
}

/** A failure as Temporal carries it: the code is its type, so that clients in any language can match on it. */
export function toApplicationFailure(failure: Failure): ApplicationFailure {
  const { code, message, hint, details } = failure;
  return ApplicationFailure.create({
    type: code,
    message,
    nonRetryable: true,
    details: [{ ...details, ...(hint && { hint }) }],
  });
}

/** Whether the tool's own code failed in a known way; a lost or stopped worker and a bug leave open how far it came. */
function isAnswer(cause: Error | undefined): boolean {
  if (!(cause instanceof ApplicationFailure)) return false;
  return cause.type === 'Tool.RetryLater' || (isFailureCode(cause.type) && cause.type !== 'Internal.Bug');
}

/** Whether attempts were used up by lost workers, timeouts or outages: not what a tool's own code answered. */
export function isExhausted(error: ActivityFailure): boolean {
  const { cause } = error;
  return !isAnswer(cause) || (cause instanceof ApplicationFailure && cause.type === 'Tool.RetryLater');
}

/** What the model is told of a tool activity that gave no result, after its attempts. */
export function toolFailure(
  spec: Pick<ToolSpec, 'effect' | 'timeoutMs' | 'maxAttempts'>,
  error: ActivityFailure,
): { outcome: ToolOutcome; text: string; retryLater?: true } {
  const cause = error.cause;
  if (cause instanceof ApplicationFailure && cause.type === 'Tool.RetryLater') {
    return { outcome: 'failed', text: cause.message, retryLater: true };
  }
  if (spec.effect === 'once' && !isAnswer(cause)) {
    return {
      outcome: 'outcome-unknown',
      text: 'The worker was lost while this ran. It may or may not have taken effect and was not tried again; check before repeating it.',
    };
  }
  if (cause instanceof TimeoutFailure) return { outcome: 'timed-out', text: timeoutText(spec, cause) };
  return { outcome: 'failed', text: cause?.message ?? error.message };
}

/** Who takes a lost worker for a slow tool asks for less, or waits, and is none the wiser. */
function timeoutText(
  { effect, timeoutMs, maxAttempts }: Pick<ToolSpec, 'effect' | 'timeoutMs' | 'maxAttempts'>,
  { timeoutType }: TimeoutFailure,
): string {
  if (timeoutType !== 'HEARTBEAT') return `No answer within ${timeoutMs} ms after ${maxAttempts} attempts.`;
  const attempts = maxAttempts === 1 ? 'Its one attempt is used up' : `Its ${maxAttempts} attempts are used up`;
  const effects = effect === 'read' ? '' : ' It may have taken effect: check before repeating it.';
  return `The worker that ran it was lost: it gave no sign of life any more. ${attempts}. The tool itself was not too slow, and its arguments need not be at fault.${effects}`;
}
