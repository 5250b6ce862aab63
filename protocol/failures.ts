/**
 * Failure codes. A code is stable: it is the `type` of an `ApplicationFailure`, the `code` of a `HoldfastError`, the
 * `code` of the CLI's JSON errors and the name of a page in `docs/errors/`.
 */

/** What may be done about a failure; decides retry, fallback or stop. */
export type FailureClass = 'transient' | 'throttled' | 'invalid' | 'denied' | 'needs-human' | 'bug';

export const FAILURE = {
  'Model.RateLimited': 'throttled',
  'Model.Overloaded': 'transient',
  'Model.Timeout': 'transient',
  'Model.Unavailable': 'transient',
  'Model.BadResponse': 'transient',
  'Model.InvalidRequest': 'invalid',
  'Model.NotFound': 'invalid',
  'Model.ContextTooLong': 'invalid',
  'Model.AnswerTooLong': 'invalid',
  'Model.Auth': 'denied',
  'Model.Refused': 'denied',
  'Model.QuotaExhausted': 'needs-human',
  'Model.UnknownPrice': 'needs-human',
  'Model.MissingKey': 'needs-human',
  'Model.UnknownProvider': 'invalid',
  'Limit.Cost': 'needs-human',
  'Limit.Deadline': 'invalid',
  'Agent.Unknown': 'invalid',
  'Agent.Invalid': 'invalid',
  'Agent.Stopped': 'invalid',
  'Tool.Unknown': 'invalid',
  'Tool.Invalid': 'invalid',
  'Tool.Failed': 'invalid',
  'Input.Invalid': 'invalid',
  'Input.TooLarge': 'invalid',
  'Transcript.Missing': 'transient',
  'Artifact.Missing': 'needs-human',
  'Workspace.Invalid': 'invalid',
  'Storage.Full': 'transient',
  'Storage.ReadOnly': 'transient',
  'Config.Invalid': 'invalid',
  'Workflow.Reserved': 'invalid',
  'Chat.Closed': 'invalid',
  'Chat.QueueFull': 'throttled',
  'Control.Illegal': 'invalid',
  'Permission.Denied': 'denied',
  'Secret.Missing': 'needs-human',
  'Secret.Unavailable': 'transient',
  'Approval.Unknown': 'invalid',
  'Approval.Decided': 'invalid',
  'Approval.Expired': 'invalid',
  'Approval.NotApprover': 'denied',
  'Approval.AlreadyVoted': 'invalid',
  'Approval.Signature': 'denied',
  'Approval.Stale': 'invalid',
  'Approval.Denied': 'denied',
  'Budget.Unknown': 'invalid',
  'Budget.Exists': 'invalid',
  'Budget.Invalid': 'invalid',
  'Budget.Frozen': 'invalid',
  'Plan.Invalid': 'invalid',
  'Plan.Cycle': 'invalid',
  'Plan.UnknownNode': 'invalid',
  'Plan.UnknownAgent': 'invalid',
  'Plan.UnknownCapability': 'invalid',
  'Plan.AgentPaused': 'invalid',
  'Plan.TypeMismatch': 'invalid',
  'Plan.TooLarge': 'invalid',
  'Plan.TooDeep': 'invalid',
  'Plan.TooWide': 'invalid',
  'Plan.TooExpensive': 'invalid',
  'Plan.DeadlineImpossible': 'invalid',
  'Plan.Illegal': 'invalid',
  'Plan.Denied': 'denied',
  'Registry.Unknown': 'invalid',
  'Registry.Conflict': 'invalid',
  'Registry.Full': 'needs-human',
  'Registry.NoCandidate': 'invalid',
  'Notice.Undelivered': 'transient',
  'Supervision.Escalated': 'needs-human',
  'Run.Ended': 'invalid',
  'Run.Unknown': 'invalid',
  'Run.AlreadyStarted': 'invalid',
  'Run.Failed': 'needs-human',
  'Schedule.Unknown': 'invalid',
  'Schedule.Exists': 'invalid',
  'Schedule.Conflict': 'transient',
  'Server.Unreachable': 'transient',
  'Server.Denied': 'denied',
  'Server.NotFound': 'needs-human',
  'Server.PortBusy': 'needs-human',
  'Server.StartFailed': 'needs-human',
  'Server.NamespaceUnknown': 'invalid',
  'Server.AttributesMissing': 'needs-human',
  'Internal.Bug': 'bug',
} as const satisfies Record<string, FailureClass>;

/** Every code a failure can have, e.g. `Model.RateLimited`; each has a page in `docs/errors/`. */
export type FailureCode = keyof typeof FAILURE;

export function isFailureCode(code: unknown): code is FailureCode {
  return typeof code === 'string' && Object.hasOwn(FAILURE, code);
}

/** Only these classes are worth a second attempt with the same input. */
export function isRetryable(code: FailureCode): boolean {
  const failureClass: FailureClass = FAILURE[code];
  return failureClass === 'transient' || failureClass === 'throttled' || failureClass === 'bug';
}

/** A classified failure as data: what crosses from an activity to its workflow, and from a run to its client. */
export interface Failure {
  code: FailureCode;
  message: string;
  hint?: string;
  details?: Record<string, unknown>;
}

export interface FailureOptions {
  /** What the reader can do about it. */
  hint?: string;
  cause?: unknown;
  /** Machine-readable particulars; must be JSON. */
  details?: Record<string, unknown>;
}

/**
 * An error a user can meet: stable code, the cause in `message`, and a hint.
 *
 * @example
 * ```ts
 * import { HoldfastError } from 'holdfast/client';
 *
 * try {
 *   await holdfast.start('analyst', { input: 'Why did churn rise?', id: 'q3-churn' });
 * } catch (error) {
 *   if (!HoldfastError.is(error) || error.code !== 'Run.AlreadyStarted') throw error;
 *   console.error(error.message, error.hint);
 * }
 * ```
 */
export class HoldfastError extends Error {
  readonly code: FailureCode;
  readonly hint: string | undefined;
  readonly details: Record<string, unknown> | undefined;

  constructor(code: FailureCode, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HoldfastError';
    this.code = code;
    this.hint = options.hint;
    this.details = options.details;
  }

  /** Recognised by shape, not by `instanceof`: two copies of the package may be loaded. */
  static is(error: unknown): error is HoldfastError {
    return error instanceof Error && error.name === 'HoldfastError' && isFailureCode((error as HoldfastError).code);
  }
}

/** The address of the page that explains a code. */
export function docsPathOf(code: FailureCode): string {
  return `docs/errors/${code}.md`;
}
