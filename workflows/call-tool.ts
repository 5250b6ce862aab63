import { ActivityFailure } from '@temporalio/common';
import { isCancellation, proxyLocalActivities, scheduleActivity, uuid4, workflowInfo } from '@temporalio/workflow';
import type { HoldfastActivities, RunToolInput } from '../protocol/activities';
import type { ToolMessage } from '../protocol/messages';
import { toolActivityType } from '../protocol/names';
import type { Mount } from '../protocol/session';
import type { ToolSpec } from '../protocol/tool';
import { LOOK_UP, toolOptions } from './activity-options';
import { failureOf, toApplicationFailure, toolFailure } from './failures';
import { answered } from './run-calls';
import { effectIdOf, effectToolOf, runOnce, scopeOf } from './run-once';

const { resolveTool } = proxyLocalActivities<HoldfastActivities>(LOOK_UP);

/** How a workflow calls a tool; nothing is needed. */
export interface CallToolOptions {
  /** Folders of the worker's machine the tool may see. */
  mounts?: Mount[];
  /** One line for the Web UI. */
  summary?: string;
}

/**
 * Calls a tool of the worker's catalogue from a workflow, without a model. Gives what the tool returned (text over 64 kB: its
 * preview). Fails with `Tool.Failed` when the call ended in anything but success.
 *
 * @example
 * ```ts
 * import { callTool } from 'holdfast/workflow';
 *
 * export async function reserve(sku: string, quantity: number): Promise<string> {
 *   const { id } = await callTool<{ id: string }>('reserve_stock', { sku, quantity }, { summary: `${quantity} of ${sku}` });
 *   return id;
 * }
 * ```
 */
export async function callTool<Output = unknown>(
  name: string,
  args: unknown,
  options: CallToolOptions = {},
): Promise<Output> {
  const spec = await resolveTool(name).catch((error) => {
    const failure = failureOf(error);
    throw failure ? toApplicationFailure(failure) : error;
  });
  if (spec.runsIn === 'workflow') {
    throw toApplicationFailure({
      code: 'Tool.Unknown',
      message: `the tool "${name}" is state of a session and can be used by an agent only`,
    });
  }
  const { firstExecutionRunId } = workflowInfo();
  const callId = uuid4();
  const input: RunToolInput = {
    turn: 0,
    callId,
    name,
    arguments: args,
    idempotencyKey: `${firstExecutionRunId}:${callId}`,
    agent: '',
    firstRunId: firstExecutionRunId,
    ...(options.mounts && { mounts: options.mounts }),
  };
  const message = await runCall(spec, input, options.summary ?? name);
  if (message.outcome !== 'ok') {
    throw toApplicationFailure({
      code: 'Tool.Failed',
      message: `${name}: ${message.content}`,
      details: { outcome: message.outcome },
    });
  }
  const isJson = message.mediaType === 'application/json' && message.artifact === undefined;
  return (isJson ? JSON.parse(message.content) : message.content) as Output;
}

/** A workflow's own code needs nobody's permission; a `once` tool still acts once for what it is given. */
async function runCall(spec: ToolSpec, input: RunToolInput, summary: string): Promise<ToolMessage> {
  if (spec.effect === 'once') {
    const { workflowId: run } = workflowInfo();
    const effect = { tool: effectToolOf(spec), call: { ...input, session: run }, run };
    return (await runOnce(effectIdOf(scopeOf(spec, run), input), effect, summary)).message;
  }
  const call = scheduleActivity<ToolMessage>(toolActivityType(spec.name), [input], toolOptions(spec, summary));
  return call.catch((error) => withoutResult(spec, input.callId, error));
}

/** An activity that gave no result, after its attempts, as the result it comes to. */
function withoutResult(spec: ToolSpec, callId: string, error: unknown): ToolMessage {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
  const { outcome, text } = toolFailure(spec, error);
  return answered({ id: callId, name: spec.name }, outcome, text);
}
