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

const { resolveTool } = proxyLocalActivities<HoldfastActivities>(LOOK_UP);

export interface CallToolOptions {
  /** Folders of the worker's machine the tool may see. */
  mounts?: Mount[];
  /** One line for the Web UI. */
  summary?: string;
}

/**
 * Calls a tool of the worker's catalogue from a workflow, without a model. Gives what the tool returned (text over 64 kB: its
 * preview). Fails with `Tool.Failed` when the call ended in anything but success.
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
  const call = scheduleActivity<ToolMessage>(
    toolActivityType(name),
    [input],
    toolOptions(spec, options.summary ?? name),
  );
  const message = await call.catch((error) => withoutResult(spec, callId, error));
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

/** An activity that gave no result, after its attempts, as the result it comes to. */
function withoutResult(spec: ToolSpec, callId: string, error: unknown): ToolMessage {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
  const { outcome, text } = toolFailure(spec, error);
  return answered({ id: callId, name: spec.name }, outcome, text);
}
