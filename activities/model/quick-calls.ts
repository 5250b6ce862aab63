import { activityInfo } from '@temporalio/activity';
import { type InvokeModelInput, idempotencyKeyOf } from '../../protocol/activities';
import type { ResolvedAgent } from '../../protocol/agent';
import { HoldfastError } from '../../protocol/failures';
import type { Message, ToolCallPart, ToolMessage } from '../../protocol/messages';
import { callTool } from '../run-tool';
import type { ActivityServices } from '../services';

/**
 * Runs the quick reads that ride along with a model call, together, and gives their results in order. What a repeat would
 * cost decides how durable a call is: a read that answers at once is simply read again when this activity is.
 */
export async function runQuickCalls(
  input: InvokeModelInput,
  agent: ResolvedAgent,
  messages: readonly Message[],
  services: ActivityServices,
  signal: AbortSignal,
): Promise<ToolMessage[]> {
  const ids = input.quickCalls ?? [];
  const results = new Array<ToolMessage>(ids.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < ids.length; at = next++) {
      results[at] = await runOne(callOf(messages, ids[at] as string), input, agent, services, signal);
    }
  };
  await Promise.all(Array.from({ length: Math.min(agent.parallelToolCalls, ids.length) }, lane));
  return results;
}

async function runOne(
  call: ToolCallPart,
  input: InvokeModelInput,
  agent: ResolvedAgent,
  services: ActivityServices,
  signal: AbortSignal,
): Promise<ToolMessage> {
  const { firstRunId } = input.transcript;
  const turn = input.turn - 1;
  const { id: callId, name, arguments: args, artifact } = call;
  const toolInput = {
    turn,
    callId,
    name,
    ...(artifact ? { artifact } : { arguments: args }),
    idempotencyKey: idempotencyKeyOf(firstRunId, turn, callId),
    agent: agent.name,
    firstRunId,
    ...(input.mounts && { mounts: input.mounts }),
  };
  return callTool(services.tools.get(name), toolInput, services, signal, () => undefined).catch((error) => {
    const attempts = agent.tools.find((tool) => tool.name === name)?.maxAttempts ?? 1;
    if (!(error instanceof Error && error.name === 'RetryLater') || activityInfo().attempt < attempts) throw error;
    return failed(callId, name, error.message);
  });
}

function failed(callId: string, name: string, content: string): ToolMessage {
  return { role: 'tool', callId, name, outcome: 'failed', content, mediaType: 'text/plain' };
}

function callOf(messages: readonly Message[], id: string): ToolCallPart {
  for (const message of messages.toReversed()) {
    if (message.role !== 'assistant') continue;
    const call = message.content.find((part) => part.type === 'tool-call' && part.id === id);
    if (call?.type === 'tool-call') return call;
  }
  throw new HoldfastError('Transcript.Missing', `the transcript has no tool call "${id}"`);
}
