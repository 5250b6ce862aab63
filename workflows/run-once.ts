import { ActivityFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { isCancellation, scheduleActivity, startChild } from '@temporalio/workflow';
import { contentDigest } from '../protocol/content-digest';
import type { EffectInput, EffectTool } from '../protocol/effect';
import type { ToolMessage } from '../protocol/messages';
import { rootIdOf } from '../protocol/names';
import type { ToolSpec } from '../protocol/tool';
import { AWAIT_EFFECT } from './activity-options';
import type { effect } from './effect';
import { answered } from './run-calls';

/** The id a call of a `once` tool is claimed by: the same scope, tool and arguments give the same one. */
export function effectIdOf(scope: string, { name, arguments: args, artifact }: EffectInput['call']): string {
  return `effect/${name}/${contentDigest([scope, name, args ?? null, artifact?.id ?? null]).slice(0, 40)}`;
}

/**
 * Runs a `once` tool in a workflow of its own, which the server starts once for each content. Whoever comes later, from wherever,
 * gets the first one's result.
 */
export async function runOnce(id: string, input: EffectInput, summary: string): Promise<ToolMessage> {
  const own = { ...input, call: { ...input.call, idempotencyKey: id } };
  try {
    const child = await startChild<typeof effect>('effect', {
      workflowId: id,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      args: [own],
      staticSummary: summary,
      // What was begun is brought to a known end, also when the run that wanted it was terminated.
      parentClosePolicy: 'ABANDON',
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    });
    return await child.result();
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  return repeated(id, input);
}

async function repeated(id: string, { call }: EffectInput): Promise<ToolMessage> {
  try {
    const { mark: _mark, ...first } = await scheduleActivity<ToolMessage>('awaitEffect', [id], AWAIT_EFFECT);
    const note = 'The same call was made before and is not run again. Its result was:';
    return {
      ...first,
      callId: call.callId,
      name: call.name,
      content: `${note}\n${first.content}`,
      mediaType: 'text/plain',
    };
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const text = `The same call was made before, and what became of it could not be read: ${error.cause?.message}.`;
    return answered({ id: call.callId, name: call.name }, 'outcome-unknown', text);
  }
}

/** Within what equal calls of a tool count as one. */
export function scopeOf({ scope = 'run' }: Pick<ToolSpec, 'scope'>, run: string, tenant = ''): string {
  if (scope === 'organisation') return `organisation ${tenant}`;
  return scope === 'task' ? `task ${rootIdOf(run)}` : `run ${run}`;
}

/** What the effect's workflow needs to know of a tool. */
export function effectToolOf({ name, effect, timeoutMs, maxAttempts, checks }: ToolSpec): EffectTool {
  return { name, effect, timeoutMs, maxAttempts, ...(checks && { checks }) };
}
