import { activityInfo, getClient } from '@temporalio/activity';
import type { RunToolInput } from '../protocol/activities';
import type { CheckedEffect } from '../protocol/effect';
import type { ToolMessage } from '../protocol/messages';
import { withHeartbeat } from './heartbeat';
import { toolCallOf } from './run-tool';
import type { ActivityServices } from './services';
import { toFailure } from './to-failure';
import { checkToolCall } from './tools/check-tool-call';
import type { Tool } from './tools/define-tool';

/** Asks a tool whether a call took effect that nobody heard from again. */
export function createCheckActivity(tool: Tool, services: ActivityServices) {
  return async function checkTool(input: RunToolInput): Promise<CheckedEffect> {
    try {
      return await withHeartbeat(async ({ signal, tell }) => {
        const call = await toolCallOf(input, services, signal, tell);
        return checkToolCall(services.tools.get(tool.name) ?? tool, call);
      });
    } catch (error) {
      throw toFailure(error, activityInfo().attempt);
    }
  };
}

/** Waits for an effect that somebody else asked for first; for as long as that takes, attempt after attempt. */
export async function awaitEffect(id: string): Promise<ToolMessage> {
  try {
    return await withHeartbeat(({ signal }) => {
      const ended = new Promise<never>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
      return Promise.race([getClient().workflow.getHandle(id).result() as Promise<ToolMessage>, ended]);
    });
  } catch (error) {
    throw toFailure(error, activityInfo().attempt);
  }
}
