import { type Degraded, unavailableText } from '../protocol/degrade';
import type { Failure } from '../protocol/failures';
import type { ToolCallPart, ToolMessage } from '../protocol/messages';
import { mayUseModel } from '../protocol/permissions/verdict';
import type { SessionProgress } from '../protocol/session';
import { answered } from './run-calls';
import type { Session } from './session';

const SHOWN_REASON = 500;

/** The answer of a tool that cannot be reached and that the agent can do without; undefined where it declares nothing. */
export function unavailable(
  session: Session,
  call: Pick<ToolCallPart, 'id' | 'name'>,
  reason: string,
  now: number,
): ToolMessage | undefined {
  const how = session.agent.degrade?.tools?.[call.name];
  if (how === undefined) return undefined;
  note(session, { dependency: dependencyOf(call.name), reason, since: now });
  return answered(call, 'unavailable', unavailableText(call.name, reason, how));
}

/** A tool that was found unavailable is not tried again in the run, nor in the exchange of a chat. */
export function stillUnavailable(session: Session, call: Pick<ToolCallPart, 'id' | 'name'>): ToolMessage | undefined {
  const how = session.agent.degrade?.tools?.[call.name];
  const found = how && session.progress.degraded?.find(({ dependency }) => dependency === dependencyOf(call.name));
  if (!found || found.exchange !== session.progress.exchange?.number) return undefined;
  return answered(call, 'unavailable', unavailableText(call.name, found.reason, how));
}

/** What an activity found out beside its other work: reads that ride along with a model call. */
export function noteUnavailable(session: Session, { name, outcome, content }: ToolMessage, now: number): void {
  if (outcome === 'unavailable') note(session, { dependency: dependencyOf(name), reason: content, since: now });
}

/**
 * Goes over to the next model the agent declares, once the activity says that this one is unavailable (`details.fallbacks`), with
 * the run's permissions and limits as they are. Where none is permitted, this one is waited for as if none had been declared.
 */
export function fallBack(session: Session, { code, message, details }: Failure, now: number): boolean {
  const { fallbacks, route } = details ?? {};
  if (!Array.isArray(fallbacks)) return false;
  const instead = fallbacks.find((one): one is string => typeof one === 'string' && mayUseModel(session.layers, one));
  const { progress, given } = session;
  if (instead === undefined) {
    progress.withoutFallback = true;
    return true;
  }
  note(session, { dependency: `model ${route}`, reason: `${code}: ${message}`, since: now, instead });
  const { fellBackFrom = given.model ?? String(route) } = progress;
  session.change({ model: instead });
  progress.fellBackFrom = fellBackFrom;
  return true;
}

/** The next exchange of a chat tries the model again that the run was to use. */
export function tryFirstModel(session: Session): void {
  const { progress, given } = session;
  const { fellBackFrom } = progress;
  forgetFallback(progress);
  if (fellBackFrom === undefined) return;
  session.given = { ...given, model: fellBackFrom };
}

/** Somebody chose a model: what was found out about others no longer counts. */
export function forgetFallback(progress: SessionProgress): void {
  delete progress.fellBackFrom;
  delete progress.withoutFallback;
}

function dependencyOf(tool: string): string {
  return `tool ${tool}`;
}

function note({ progress }: Session, found: Degraded): void {
  const exchange = progress.exchange && { exchange: progress.exchange.number };
  const others = (progress.degraded ?? []).filter(({ dependency }) => dependency !== found.dependency);
  progress.degraded = [...others, { ...found, reason: found.reason.slice(0, SHOWN_REASON), ...exchange }];
}
