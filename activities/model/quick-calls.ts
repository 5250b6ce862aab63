import { setMaxListeners } from 'node:events';
import { activityInfo } from '@temporalio/activity';
import { type InvokeModelInput, idempotencyKeyOf } from '../../protocol/activities';
import type { ResolvedAgent } from '../../protocol/agent';
import { unavailableText } from '../../protocol/degrade';
import { HoldfastError, isRetryable } from '../../protocol/failures';
import type { Message, ToolCallPart, ToolMessage, ToolOutcome } from '../../protocol/messages';
import type { PartStore } from '../offload';
import { callTool } from '../run-tool';
import type { ActivityServices } from '../services';
import { newMark, scopedParts, sessionKey } from '../session-key';
import { previewText } from '../tools/preview';

/** Bytes of all quick results of one call together; the rest of the event's 256 kB is the reply's. */
const TOGETHER_BYTES = 80 * 1024;

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
  // Each call listens for the end of all; Node takes more than ten listeners for a leak.
  setMaxListeners(0, signal);
  const results = new Array<ToolMessage>(ids.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < ids.length; at = next++) {
      results[at] = await runOne(callOf(messages, ids[at] as string), input, agent, services, signal);
    }
  };
  await Promise.all(Array.from({ length: Math.min(agent.parallelToolCalls, ids.length) }, lane));
  return capTogether(results, input, services);
}

/** Each result alone is small enough for the history; many in one event need not be: the largest are stored instead. */
async function capTogether(
  results: ToolMessage[],
  { transcript }: InvokeModelInput,
  services: ActivityServices,
): Promise<ToolMessage[]> {
  const key = sessionKey(transcript.firstRunId);
  const capped = [...results];
  let total = capped.reduce((sum, result) => sum + sizeOf(result), 0);
  for (const result of results.toSorted((a, b) => sizeOf(b) - sizeOf(a))) {
    if (total <= TOGETHER_BYTES) break;
    const smaller = await stored(result, scopedParts(services.artifacts, key));
    services.transcripts.keep(key, smaller);
    capped[results.indexOf(result)] = smaller;
    total += sizeOf(smaller) - sizeOf(result);
  }
  return capped;
}

async function stored(result: ToolMessage, parts: PartStore): Promise<ToolMessage> {
  const bytes = Buffer.from(result.content);
  const artifact = result.artifact ?? (await parts.put(bytes, result.mediaType));
  const half = Math.floor(bytes.length / 2);
  const content = previewText({
    head: bytes.subarray(0, half),
    tail: bytes.subarray(half),
    kept: bytes.length,
    artifactId: artifact.id,
    notes: ['It was too large beside the other results.'],
  });
  return { ...result, content, mediaType: 'text/plain', artifact, mark: newMark() };
}

function sizeOf({ content }: ToolMessage): number {
  return Buffer.byteLength(content);
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
    const retryLater = error instanceof Error && error.name === 'RetryLater' && activityInfo().attempt < attempts;
    // As for a tool with an activity of its own: what no second attempt can mend is a result, not the end of the run.
    const lasting = HoldfastError.is(error) ? !isRetryable(error.code) : error.name === 'RetryLater';
    if (retryLater || !lasting) throw error;
    const how = error.name === 'RetryLater' ? agent.degrade?.tools?.[name] : undefined;
    if (how === undefined) return answer(callId, name, 'failed', error.message);
    return answer(callId, name, 'unavailable', unavailableText(name, error.message, how));
  });
}

function answer(callId: string, name: string, outcome: ToolOutcome, content: string): ToolMessage {
  return { role: 'tool', callId, name, outcome, content, mediaType: 'text/plain' };
}

function callOf(messages: readonly Message[], id: string): ToolCallPart {
  for (const message of messages.toReversed()) {
    if (message.role !== 'assistant') continue;
    const call = message.content.find((part) => part.type === 'tool-call' && part.id === id);
    if (call?.type === 'tool-call') return call;
  }
  throw new HoldfastError('Transcript.Missing', `the transcript has no tool call "${id}"`);
}
