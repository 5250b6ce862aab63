import { activityInfo, getClient } from '@temporalio/activity';
import type { AwaitedEffect, RunToolInput } from '../protocol/activities';
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
        const current = services.tools.get(tool.name) ?? tool;
        return checkToolCall(current, await toolCallOf(current, input, services, signal, tell));
      });
    } catch (error) {
      throw toFailure(error, activityInfo().attempt);
    }
  };
}

/**
 * Waits for an effect that somebody else asked for first; for as long as that takes, attempt after attempt.
 * @param undo the id its undo has, where it can have one.
 */
export async function awaitEffect(id: string, undo?: string): Promise<AwaitedEffect> {
  try {
    return await withHeartbeat(({ signal }) => {
      const ended = new Promise<never>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
      const first = getClient().workflow.getHandle(id).result() as Promise<ToolMessage>;
      const found = first.then(async (message) => {
        const undone = undo !== undefined && (await wasUndone(undo));
        return undone ? { ...message, undone: true as const } : message;
      });
      return Promise.race([found, ended]);
    });
  } catch (error) {
    throw toFailure(error, activityInfo().attempt);
  }
}

/** One that is just being undone is waited for. */
async function wasUndone(id: string): Promise<boolean> {
  try {
    const { outcome } = (await getClient().workflow.getHandle(id).result()) as ToolMessage;
    return outcome === 'ok';
  } catch (error) {
    const { name } = Object(error) as Error;
    if (name === 'WorkflowNotFoundError' || name === 'WorkflowFailedError') return false;
    throw error;
  }
}
