import type {
  ContentBlockParam,
  MessageParam,
  TextBlockParam,
  ToolResultBlockParam,
} from '@anthropic-ai/sdk/resources/messages';
import type { AssistantMessage, Message, ReasoningPart, ToolMessage, UserPart } from '../../protocol/messages';
import { dataOf, fileKind, wellFormed, wireArguments, wireId, wireName } from './wire-text';

/** A cache breakpoint: the vendor keeps the prompt up to here for five minutes. */
export const cacheable = { cache_control: { type: 'ephemeral' as const } };

/** The vendor looks back 20 blocks for a cached prefix; marking two ends bridges a turn with many parallel calls. */
const BREAKPOINTS = 2;

/**
 * The conversation as Messages API messages. What lies between two answers becomes one user message, because the vendor
 * wants all results of an answer together. A longer conversation starts with the bytes of a shorter one, but for the
 * `cache_control` marks, which move with the end and are no part of the cached content.
 */
export function anthropicMessages(messages: readonly Message[], provider: string): MessageParam[] {
  const out: { role: 'user' | 'assistant'; content: ContentBlockParam[] }[] = [];
  for (const message of messages) {
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const blocks = blocksOf(message, provider);
    const last = out.at(-1);
    if (blocks.length === 0) continue;
    if (last?.role === role) last.content.push(...blocks);
    else out.push({ role, content: blocks });
  }
  return markEnds(out.map(resultsFirst));
}

function blocksOf(message: Message, provider: string): ContentBlockParam[] {
  if (message.role === 'assistant') return assistantBlocks(message, provider);
  if (message.role === 'tool') return [resultBlock(message)];
  const blocks = message.content.flatMap(userBlocks);
  return blocks.length > 0 ? blocks : [{ type: 'text', text: '(empty message)' }];
}

/** The vendor refuses texts without a visible character. */
function textBlocks(text: string): TextBlockParam[] {
  return text.trim() === '' ? [] : [{ type: 'text', text: wellFormed(text) }];
}

function userBlocks(part: UserPart): ContentBlockParam[] {
  if (part.type === 'text') return textBlocks(part.text);
  const data = dataOf(part);
  if (part.type === 'image') {
    return [{ type: 'image', source: { type: 'base64', media_type: part.mediaType, data } }];
  }
  const source =
    fileKind(part) === 'pdf'
      ? { type: 'base64' as const, media_type: 'application/pdf' as const, data }
      : {
          type: 'text' as const,
          media_type: 'text/plain' as const,
          data: wellFormed(Buffer.from(data, 'base64').toString('utf8')),
        };
  return [{ type: 'document', title: part.name, source }];
}

function resultBlock(message: ToolMessage): ToolResultBlockParam {
  return {
    type: 'tool_result',
    tool_use_id: wireId(message.callId),
    content: wellFormed(message.content),
    ...(message.outcome !== 'ok' && { is_error: true }),
  };
}

function assistantBlocks({ content }: AssistantMessage, provider: string): ContentBlockParam[] {
  const blocks = content.flatMap((part): ContentBlockParam[] => {
    if (part.type === 'text') return textBlocks(part.text);
    if (part.type === 'reasoning') return part.provider === provider ? thinkingBlock(part) : [];
    return [{ type: 'tool_use', id: wireId(part.id), name: wireName(part.name), input: wireArguments(part) }];
  });
  // An answer cut while thinking: the vendor refuses messages that end there.
  while (blocks.at(-1)?.type.endsWith('thinking')) blocks.pop();
  return blocks;
}

/** Exactly as it came: the vendor checks the signature. */
function thinkingBlock({ text, signature, encrypted }: ReasoningPart): ContentBlockParam[] {
  if (encrypted !== undefined) return [{ type: 'redacted_thinking', data: encrypted }];
  return signature === undefined ? [] : [{ type: 'thinking', thinking: text, signature }];
}

/** Results must come before anything else that was said in between. */
function resultsFirst(message: { role: 'user' | 'assistant'; content: ContentBlockParam[] }) {
  if (message.role === 'assistant') return message;
  const isResult = (block: ContentBlockParam): boolean => block.type === 'tool_result';
  const { content } = message;
  return { ...message, content: [...content.filter(isResult), ...content.filter((block) => !isResult(block))] };
}

function markEnds(messages: { role: 'user' | 'assistant'; content: ContentBlockParam[] }[]): MessageParam[] {
  const ends = new Set(messages.filter(({ role }) => role === 'user').slice(-BREAKPOINTS));
  return messages.map((message) => {
    const last = message.content.at(-1);
    if (!ends.has(message) || !last) return message;
    return { ...message, content: [...message.content.slice(0, -1), { ...last, ...cacheable } as ContentBlockParam] };
  });
}
