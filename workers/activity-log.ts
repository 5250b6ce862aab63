import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';
import type { InvokeModelResult } from '../protocol/activities';
import type { ToolMessage } from '../protocol/messages';

/**
 * Says in every log line of an activity which agent and turn it serves, and writes one line when a model or a tool has
 * answered. What was asked and answered is not logged: it may be long, and secret.
 */
export function logActivity({ log }: Context): ActivityInterceptors {
  let about: Record<string, unknown> = {};
  return {
    inbound: {
      async execute(input, next) {
        about = attributesOf(input.args[0]);
        const started = performance.now();
        const result = await next(input);
        const told = outcomeOf(result);
        if (told) log.info(told.message, { ...told.fields, ms: Math.round(performance.now() - started) });
        return result;
      },
    },
    outbound: { getLogAttributes: (input, next) => ({ ...next(input), ...about }) },
  };
}

/** What is known of a call from its input, whichever of our activities it is. */
function attributesOf(input: unknown): Record<string, unknown> {
  const { agent, turn, name } = (Object(input) ?? {}) as { agent?: unknown; turn?: unknown; name?: unknown };
  return {
    ...(typeof agent === 'string' && { agent }),
    ...(typeof turn === 'number' && { turn }),
    ...(typeof name === 'string' && { tool: name }),
  };
}

function outcomeOf(result: unknown): { message: string; fields: Record<string, unknown> } | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  if ('usage' in result && 'finish' in result) {
    const { model, usage, costUsd, finish, simulated } = result as InvokeModelResult;
    const { inputTokens, outputTokens } = usage;
    return { message: 'model answered', fields: { model, finish, inputTokens, outputTokens, costUsd, simulated } };
  }
  if ('outcome' in result && 'callId' in result) {
    const { outcome, content } = result as ToolMessage;
    return { message: 'tool answered', fields: { outcome, chars: content.length } };
  }
  return undefined;
}
