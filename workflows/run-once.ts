import { ActivityFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { isCancellation, scheduleActivity, startChild } from '@temporalio/workflow';
import type { AwaitedEffect } from '../protocol/activities';
import { undoNameOf } from '../protocol/compensation';
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

/** The id the undo of an effect is claimed by. @param key what the effect took effect under. */
export function undoIdOf(tool: string, key: string): string {
  return `effect/${undoNameOf(tool)}/${contentDigest([key]).slice(0, 40)}`;
}

/** What came of an effect. */
export interface OnceDone {
  message: ToolMessage;
  /** What it took effect under. */
  key: string;
  /** Whether it was this call that did it, and not an equal one before. */
  own: boolean;
}

/**
 * Runs a `once` tool in a workflow of its own, which the server starts once for each content. Whoever comes later, from wherever,
 * gets the first one's result; what was undone since is done again, under the next key.
 */
export async function runOnce(id: string, input: EffectInput, summary: string): Promise<OnceDone> {
  for (let generation = 1; ; generation++) {
    const key = generation === 1 ? id : `${id}/${generation}`;
    try {
      const child = await startChild<typeof effect>('effect', {
        workflowId: key,
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        args: [{ ...input, call: { ...input.call, idempotencyKey: key } }],
        staticSummary: summary,
        // What was begun is brought to a known end, also when the run that wanted it was terminated.
        parentClosePolicy: 'ABANDON',
        cancellationType: 'WAIT_CANCELLATION_COMPLETED',
      });
      return { message: await child.result(), key, own: true };
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    const message = await repeated(key, input);
    if (message) return { message, key, own: false };
  }
}

/** The result of the first; undefined when there is none that counts. */
async function repeated(id: string, { tool, call }: EffectInput): Promise<ToolMessage | undefined> {
  const asked = tool.undoes ? [id, undoIdOf(tool.name, id)] : [id];
  try {
    const found = await scheduleActivity<AwaitedEffect>('awaitEffect', asked, AWAIT_EFFECT);
    const { mark: _mark, undone, ...first } = found;
    // What could not be reached then may be there now: nothing was done under that key.
    if (undone || first.outcome === 'unavailable') return undefined;
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
export function effectToolOf({ name, effect, timeoutMs, maxAttempts, checks, undoes }: ToolSpec): EffectTool {
  return { name, effect, timeoutMs, maxAttempts, ...(checks && { checks }), ...(undoes && { undoes }) };
}
