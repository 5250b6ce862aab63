import { createHash } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import type { ModelCall, ModelProvider, ModelReply, ModelRequest } from '../../../activities/providers/provider';
import type { AssistantPart, Message } from '../../../protocol/messages';
import type { Failpoints } from './failpoints';
import { callLedger } from './ledger-calls';
import { planOf, SCRIPTS, type Step, turnOf } from './scripts';

/** Models: one that never has to forget, one with the window of an ordinary model. */
const WINDOWS: Record<string, number> = { wide: 50_000_000, narrow: 128_000 };

/** A model that follows the script named in the conversation's first message, and is billed at the ledger. */
export function ledgerModel(ledger: string, points: Failpoints): ModelProvider {
  return {
    name: 'ledger',
    async complete(request, call) {
      const plan = planOf(request.messages);
      const turn = turnOf(request.messages);
      const step = SCRIPTS[plan.script](turn, request.messages, plan);
      await ask(ledger, request, call, turn, step, plan.hashed ?? true, points);
      return replyOf(request, step);
    },
    countTokens: ({ instructions, messages }) =>
      messages.reduce((sum, message) => sum + tokensOf(message), Math.ceil(instructions.length / 4)),
    describeModel: (model) => ({ contextTokens: WINDOWS[model] ?? 128_000 }),
  };
}

const counted = new WeakMap<Message, number>();

/** Counted once, as the adapters of the vendors do. */
function tokensOf(message: Message): number {
  const known = counted.get(message) ?? Math.ceil(JSON.stringify(message).length / 4);
  counted.set(message, known);
  return known;
}

async function ask(
  ledger: string,
  { messages, ...before }: ModelRequest,
  { signal, correlationId: session, onDelta }: ModelCall,
  turn: number,
  step: Step,
  hashed: boolean,
  points: Failpoints,
): Promise<void> {
  const key = `turn-${turn}`;
  await points.cross(session, 'model-asking', key);
  const { attempt } = activityInfo();
  const seen = hashed && { hashes: messages.map((message) => digest(message)), preamble: digest(before) };
  const { delayMs = 0 } = step;
  await callLedger(ledger, 'model', { session, key, name: before.model, attempt, delayMs, ...seen }, signal);
  onDelta?.({ type: 'text', text: step.text ?? '' });
  await points.cross(session, 'model-answered', key);
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}

function replyOf({ model, messages }: ModelRequest, { text, calls = [] }: Step): ModelReply {
  const content: AssistantPart[] = [
    ...(text === undefined ? [] : [{ type: 'text' as const, text }]),
    ...calls.map((call) => ({ type: 'tool-call' as const, ...call })),
  ];
  return {
    message: { role: 'assistant', content },
    finish: calls.length > 0 ? 'tool-calls' : 'end',
    usage: {
      inputTokens: messages.length * 10,
      cachedInputTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: 10,
      reasoningTokens: 0,
    },
    model,
  };
}
