import { setImmediate as breathe } from 'node:timers/promises';
import type { AssistantPart, Message } from '../../protocol/messages';
import type { ModelCall, ModelProvider, ModelReply, ModelRequest } from './provider';
import { firstStep, nextStep } from './simulated/decide';
import { type Notes, notesPart, PROVIDER, readNotes } from './simulated/notes';
import type { Outcome, Situation, Step } from './simulated/rule';
import { countRequestTokens, estimateText } from './tokens';

/** Pieces a text arrives in, as a vendor's would. */
const DELTAS = 4;
/** As large as a common vendor's, so that fitting a conversation is exercised. */
const CONTEXT_TOKENS = 200_000;

/**
 * The model that answers when there is no key: fixed rules that use the agent's real tools on the real input. The same
 * request always gives the same reply. It reads nothing but the last user message and the last reply with its results; how
 * far it has come travels in the reply itself, so dropped messages, restarts and other workers change nothing.
 */
export function createSimulatedProvider(): ModelProvider {
  const countTokens = (request: ModelRequest): number => countRequestTokens(request, { provider: PROVIDER });
  return {
    name: PROVIDER,
    simulated: true,
    countTokens,
    describeModel: () => ({ contextTokens: CONTEXT_TOKENS }),
    listModels: () => Promise.resolve(['rules']),
    checkHealth: () => Promise.resolve(),
    async complete(request, call) {
      call.signal.throwIfAborted();
      const reply = replyTo(request, countTokens(request));
      await stream(reply, call);
      return reply;
    },
  };
}

function replyTo(request: ModelRequest, inputTokens: number): ModelReply {
  const content = contentOf(request);
  const outputTokens = estimateText(JSON.stringify(content));
  return {
    message: { role: 'assistant', content },
    finish: content.some((part) => part.type === 'tool-call') ? 'tool-calls' : 'end',
    usage: { inputTokens, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens, reasoningTokens: 0 },
    model: request.model,
  };
}

function contentOf({ messages, tools, outputSchema }: ModelRequest): AssistantPart[] {
  const { notes, outcomes } = progressOf(messages);
  const situation: Situation = {
    task: lastText(messages) || (notes?.task ?? ''),
    heard: heardIn(messages),
    tools: new Map(tools.map((tool) => [tool.name, tool.inputSchema])),
    ...(outputSchema && { outputSchema }),
  };
  const { rule, step } = notes ? nextStep(notes, outcomes, situation) : firstStep(situation);
  return partsOf(step, { rule, step: (notes?.step ?? 0) + 1, task: situation.task, state: undefined });
}

function partsOf(step: Step<unknown>, notes: Notes): AssistantPart[] {
  if ('answer' in step) return [{ type: 'text', text: step.answer }];
  const calls = step.calls.map(
    (use, index): AssistantPart => ({ type: 'tool-call', id: `sim-${notes.step}-${index + 1}`, ...use }),
  );
  return [notesPart({ ...notes, state: step.state }), { type: 'text', text: step.say }, ...calls];
}

/** The last reply's notes and what came of its calls; none when the conversation waits for an answer to a user. */
function progressOf(messages: readonly Message[]): { notes?: Notes; outcomes: Outcome[] } {
  const at = messages.findLastIndex(({ role }) => role === 'assistant');
  const reply = messages[at];
  const after = messages.slice(at + 1);
  if (reply?.role !== 'assistant' || after.some(({ role }) => role === 'user')) return { outcomes: [] };
  const notes = reply.content.map((part) => (part.type === 'reasoning' ? readNotes(part) : undefined)).find(Boolean);
  const outcomes = reply.content.flatMap((part): Outcome[] => {
    if (part.type !== 'tool-call') return [];
    const result = after.find((message) => message.role === 'tool' && message.callId === part.id);
    const args = (part.arguments ?? {}) as Record<string, unknown>;
    return [{ name: part.name, arguments: args, result: result?.role === 'tool' ? result : undefined }];
  });
  return { ...(notes && { notes }), outcomes };
}

function lastText(messages: readonly Message[]): string {
  return textOf(messages.findLast((message) => message.role === 'user' && !message.summary));
}

function heardIn(messages: readonly Message[]): string {
  return messages
    .filter((message) => message.role === 'user' && !message.summary)
    .map(textOf)
    .join('\n\n');
}

function textOf(message: Message | undefined): string {
  if (message?.role !== 'user') return '';
  return message.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}

async function stream({ message }: ModelReply, { signal, onDelta }: ModelCall): Promise<void> {
  for (const part of message.content) {
    if (part.type === 'tool-call') onDelta?.({ type: 'tool-call', name: part.name });
    if (part.type !== 'text') continue;
    const size = Math.ceil(part.text.length / DELTAS);
    for (let at = 0; at < part.text.length; at += size) {
      await breathe();
      signal.throwIfAborted();
      onDelta?.({ type: 'text', text: part.text.slice(at, at + size) });
    }
  }
}
