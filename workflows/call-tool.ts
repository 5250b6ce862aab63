import { proxyLocalActivities, scheduleActivity, uuid4, workflowInfo } from '@temporalio/workflow';
import type { HoldfastActivities, RunToolInput } from '../protocol/activities';
import type { ToolMessage } from '../protocol/messages';
import { toolActivityType } from '../protocol/names';
import type { Mount } from '../protocol/session';
import { LOOK_UP, toolOptions } from './activity-options';
import { failureOf, toApplicationFailure } from './failures';

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
  const message = await scheduleActivity<ToolMessage>(
    toolActivityType(name),
    [input],
    toolOptions(spec, options.summary ?? name),
  );
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
