import {
  isGrpcServiceError,
  NamespaceNotFoundError,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { HoldfastError, isFailureCode } from '../protocol/failures';
import { quoted } from '../protocol/quoted';

/** gRPC status numbers, https://grpc.io/docs/guides/status-codes/ */
const GRPC = {
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  FAILED_PRECONDITION: 9,
  RESOURCE_EXHAUSTED: 8,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/** What a failed request to the server means for the caller; errors that carry a code already pass unchanged. */
export function toClientError(error: unknown, subject: string): Error {
  if (HoldfastError.is(error)) return error;
  if (error instanceof WorkflowNotFoundError) {
    return new HoldfastError('Run.Unknown', `there is no run ${quoted(subject)}`, {
      hint: '`holdfast runs list` shows the runs there are.',
      cause: error,
    });
  }
  if (error instanceof ScheduleNotFoundError) {
    return new HoldfastError('Schedule.Unknown', `there is no schedule ${quoted(subject)}`, {
      hint: '`holdfast schedule list` shows the schedules there are.',
      cause: error,
    });
  }
  if (error instanceof ScheduleAlreadyRunning) {
    return new HoldfastError('Schedule.Exists', `there is a schedule ${quoted(subject)} already`, {
      hint: `Change it: holdfast schedule edit ${subject}. Or choose another id.`,
      cause: error,
    });
  }
  if (error instanceof NamespaceNotFoundError) {
    return new HoldfastError('Server.NamespaceUnknown', `the namespace "${error.namespace}" does not exist`, {
      hint: `Create it: temporal operator namespace create --namespace ${error.namespace}`,
      cause: error,
    });
  }
  const grpc = grpcErrorOf(error);
  const code = grpc?.code;
  const message = grpc?.details ?? String((error as Error)?.message ?? error);
  if ((code === GRPC.DEADLINE_EXCEEDED || code === GRPC.FAILED_PRECONDITION) && /worker|poller/i.test(message)) {
    return new HoldfastError('Server.Unreachable', `no worker answers for "${subject}": ${message}`, {
      hint: 'Start one: `holdfast worker`, or `holdfast dev`. What a run says of itself is answered by a worker.',
      cause: error,
    });
  }
  if (code === GRPC.UNAVAILABLE || code === GRPC.DEADLINE_EXCEEDED) {
    return new HoldfastError('Server.Unreachable', `the Temporal server does not answer: ${message}`, {
      hint: 'Start one with `holdfast dev`, or set TEMPORAL_ADDRESS.',
      cause: error,
    });
  }
  if (code === GRPC.PERMISSION_DENIED || code === GRPC.UNAUTHENTICATED) {
    return new HoldfastError('Server.Denied', `the Temporal server refuses this client: ${message}`, {
      hint: 'Check TEMPORAL_API_KEY, the client certificate and TEMPORAL_NAMESPACE: `holdfast doctor` shows what is used.',
      cause: error,
    });
  }
  if (code === GRPC.INVALID_ARGUMENT && /search attribute/i.test(message)) {
    return new HoldfastError('Server.AttributesMissing', message, {
      hint: 'Start a Holdfast worker once, which registers them, or see docs/errors/Server.AttributesMissing.md.',
      cause: error,
    });
  }
  if (isTooLarge(code, message)) {
    return new HoldfastError('Input.TooLarge', `the server refuses what was sent as too large: ${message}`, {
      hint: 'A payload may have 2 MB, a request 4 MB. Put large things in files and give the agent the folder.',
      cause: error,
    });
  }
  if (code === GRPC.INVALID_ARGUMENT) {
    return new HoldfastError('Input.Invalid', message, {
      hint: 'The Temporal server refused it with these words; nothing was changed.',
      cause: error,
    });
  }
  return error instanceof Error ? error : new Error(message);
}

/** Whether the server says that no worker answered it in time. */
export function isUnanswered(error: unknown): boolean {
  const { code, details = '' } = grpcErrorOf(error) ?? {};
  return code === GRPC.DEADLINE_EXCEEDED && details.includes('worker');
}

function grpcErrorOf(error: unknown): { code?: number; details?: string } | undefined {
  return [error, (error as Error | undefined)?.cause].find(isGrpcServiceError);
}

/** Temporal's words for its two limits: on a payload, and on a whole request. */
function isTooLarge(code: number | undefined, message: string): boolean {
  if (code === GRPC.RESOURCE_EXHAUSTED) return /larger than max/i.test(message);
  return code === GRPC.INVALID_ARGUMENT && /size exceeds limit/i.test(message);
}

/** Why a run gave no result. Undefined when it was cancelled, which is a result of its own. */
export function runFailure(error: unknown, id: string): Error | undefined {
  if (!(error instanceof WorkflowFailedError)) return toClientError(error, id);
  const { cause } = error;
  if (cause instanceof CancelledFailure) return undefined;
  if (cause instanceof ApplicationFailure && isFailureCode(cause.type)) {
    const { hint, ...details } = (cause.details?.[0] ?? {}) as { hint?: string };
    return new HoldfastError(cause.type, cause.message, {
      ...(hint !== undefined && { hint }),
      details: { ...details, id },
      cause: error,
    });
  }
  const how =
    cause instanceof TerminatedFailure ? 'was terminated' : cause instanceof TimeoutFailure ? 'timed out' : 'failed';
  return new HoldfastError('Run.Failed', `run "${id}" ${how}: ${cause?.message ?? error.message}`, {
    hint: `\`holdfast runs show ${id}\` and the Temporal Web UI tell where.`,
    cause: error,
  });
}
