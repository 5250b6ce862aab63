import type { ToolCallPart, ToolMessage } from '../protocol/messages';
import type { ToolSpec } from '../protocol/tool';
import { argumentsText } from './arguments-text';
import { answered } from './run-calls';
import type { Session } from './session';

/** Calls that are listed; a run that would make more is cut by its limits long before. */
const MAX_PLANNED = 500;

/** What a call would have been. The rules are asked as ever; nothing is done, and nobody is asked. */
export function notDone(session: Session, spec: ToolSpec, call: ToolCallPart): ToolMessage {
  const { verdict } = session.ruleOn(spec, call);
  const { progress } = session;
  progress.planned ??= [];
  if (progress.planned.length < MAX_PLANNED)
    progress.planned.push({ tool: spec.name, arguments: argumentsText(call), verdict });
  if (verdict === 'deny') return answered(call, 'denied', 'Not allowed.');
  return answered(call, 'ok', 'This is a dry run: nothing was done, and there is no result.');
}
