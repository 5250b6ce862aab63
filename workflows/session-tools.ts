import { ActivityFailure } from '@temporalio/common';
import { isCancellation, scheduleActivity, scheduleLocalActivity, workflowInfo } from '@temporalio/workflow';
import type { RunToolInput } from '../protocol/activities';
import type { EffectInput } from '../protocol/effect';
import type { ToolMessage } from '../protocol/messages';
import { toolActivityType } from '../protocol/names';
import type { ToolSpec } from '../protocol/tool';
import { quickToolOptions, toolOptions } from './activity-options';
import { argumentsText } from './arguments-text';
import { termsOf } from './authority';
import { bury } from './bury';
import { unavailable } from './degrade';
import { isExhausted, toolFailure } from './failures';
import { answered } from './run-calls';
import { effectIdOf, effectToolOf, type OnceDone, runOnce, scopeOf } from './run-once';
import type { Session } from './session';

/** How a session's tool calls are run: each where its effect belongs. What may have to be undone is noted. */
export async function runSessionTool(
  session: Session,
  spec: ToolSpec,
  input: RunToolInput,
  summary: string,
): Promise<ToolMessage> {
  if (spec.effect !== 'once') {
    const result = await runTool(session, spec, input, summary);
    if (session.compensates) session.effects.note(spec, input, result, input.idempotencyKey);
    return result;
  }
  const { message, key, own } = await runEffect(session, spec, input, summary);
  if (session.compensates && own) session.effects.note(spec, input, message, key);
  if (message.outcome !== 'unavailable') return message;
  return unavailable(session, { id: input.callId, name: input.name }, message.content, Date.now()) ?? message;
}

/** Quick reads run inside the workflow worker's own step; everything else is an activity of its own. */
function schedule(
  spec: ToolSpec,
  input: RunToolInput,
  summary: string,
  priority: number | undefined,
): Promise<ToolMessage> {
  const type = toolActivityType(spec.name);
  return spec.quick
    ? scheduleLocalActivity(type, [input], quickToolOptions(spec, summary))
    : scheduleActivity(type, [input], toolOptions(spec, summary, priority));
}

/** A tool's failure is a result the model sees; only cancellation and bugs go up. */
async function runTool(session: Session, spec: ToolSpec, input: RunToolInput, summary: string): Promise<ToolMessage> {
  try {
    return await schedule(spec, input, summary, session.priority);
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const { outcome, text } = toolFailure(spec, error);
    const exhausted = isExhausted(error);
    if (spec.effect === 'idempotent' && exhausted) await keepCall(session, spec, input, text);
    const without = exhausted && unavailable(session, { id: input.callId, name: input.name }, text, Date.now());
    return without || answered({ id: input.callId, name: input.name }, outcome, text);
  }
}

/** The run goes on without it; somebody may still want it done. */
function keepCall({ agent, given: { tenant } }: Session, spec: ToolSpec, call: RunToolInput, cause: string) {
  const { workflowId: run } = workflowInfo();
  const { name, timeoutMs, maxAttempts } = spec;
  const work = { activity: toolActivityType(name), input: { ...call, session: run }, timeoutMs, maxAttempts };
  const title = `${name} ${argumentsText(call)}`;
  const letter = { kind: 'tool' as const, title, cause, work, run, agent: agent.name, ...(tenant && { tenant }) };
  return bury(letter, call.idempotencyKey);
}

/** In a workflow of its own, claimed by what is done. */
function runEffect(session: Session, spec: ToolSpec, call: RunToolInput, summary: string): Promise<OnceDone> {
  const { workflowId: run } = workflowInfo();
  const { agent, given, layers } = session;
  const { requester, tenant, effectScope = run } = given;
  const input: EffectInput = {
    tool: effectToolOf(spec),
    call: { ...call, session: run },
    run,
    agent: agent.name,
    approval: termsOf(layers),
    ...(agent.degrade?.tools?.[spec.name] && { skips: true as const }),
    ...(requester !== undefined && { requester }),
    ...(tenant !== undefined && { tenant }),
  };
  return runOnce(effectIdOf(scopeOf(spec, effectScope, tenant), call), input, `${spec.name} · ${summary}`);
}
