import { ApplicationFailure } from '@temporalio/common';
import type { InvokeModelInput } from '../../protocol/activities';
import type { ResolvedAgent } from '../../protocol/agent';
import type { FailureCode } from '../../protocol/failures';
import { namesModel } from '../../protocol/permissions/verdict';

/** Attempts after which a model counts as unavailable that has somebody to stand in for it. */
const ATTEMPTS = 4;
/** A vendor that asks for a longer wait than this is not waited for. */
const LONGEST_WAIT_MS = 30_000;

/** Worth another attempt, if nobody can stand in. */
const AWAY: readonly FailureCode[] = [
  'Model.RateLimited',
  'Model.Overloaded',
  'Model.Timeout',
  'Model.Unavailable',
  'Model.BadResponse',
];
/** No attempt helps until a person does something. */
const SHUT: readonly FailureCode[] = ['Model.Auth', 'Model.QuotaExhausted', 'Model.MissingKey', 'Model.NotFound'];

export interface Standing {
  agent: ResolvedAgent | undefined;
  /** The route that failed. */
  route: string | undefined;
  attempt: number;
  input: Pick<InvokeModelInput, 'withoutFallback' | 'models'>;
}

/**
 * The failure of a model call, and for good once another model is to stand in: the agent declares which (`degrade.model`), and the
 * workflow goes over to it. Any other failure as it is.
 */
export function withFallbacks(failure: unknown, { agent, route, attempt, input }: Standing): unknown {
  const declared = agent?.degrade?.model;
  if (!declared || route === undefined || input.withoutFallback || !(failure instanceof ApplicationFailure))
    return failure;
  const fallbacks = declared.slice(declared.indexOf(route) + 1).filter((one) => one !== route && permitted(one));
  if (fallbacks.length === 0 || !isOver(failure, attempt)) return failure;
  const [first, ...rest] = failure.details ?? [];
  return ApplicationFailure.create({
    message: failure.message,
    ...(failure.type != null && { type: failure.type }),
    nonRetryable: true,
    details: [{ ...(first as object | undefined), route, fallbacks }, ...rest],
    ...(failure.cause && { cause: failure.cause }),
  });

  /** The workflow knows the agent's own lists only once it is pinned. */
  function permitted(one: string): boolean {
    const lists = [...(input.models ?? []), ...(agent?.permissions?.models ? [agent.permissions.models] : [])];
    return lists.every((list) => namesModel(list, one));
  }
}

function isOver({ type, nextRetryDelay }: ApplicationFailure, attempt: number): boolean {
  const code = type as FailureCode;
  if (SHUT.includes(code)) return true;
  return AWAY.includes(code) && (attempt >= ATTEMPTS || Number(nextRetryDelay ?? 0) > LONGEST_WAIT_MS);
}
