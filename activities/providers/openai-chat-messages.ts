import type {
  ChatCompletionAssistantMessageParam,
  ChatCompletionContentPart,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions';
import type { AssistantMessage, Message, UserPart } from '../../protocol/messages';
import { dataUrl, fileKind, fileText, flaggedResult, wellFormed, wireArguments, wireId, wireName } from './wire-text';

/** The conversation as chat messages, one by one, so that a longer one starts with the bytes of a shorter one. */
export function chatMessages(
  messages: readonly Message[],
  provider: string,
  returnReasoning: boolean,
): ChatCompletionMessageParam[] {
  return messages.flatMap((message): ChatCompletionMessageParam[] => {
    if (message.role === 'user') return [{ role: 'user', content: userContent(message.content) }];
    if (message.role === 'tool') {
      return [{ role: 'tool', tool_call_id: wireId(message.callId), content: flaggedResult(message) }];
    }
    return assistantMessage(message, returnReasoning ? provider : undefined);
  });
}

/** Plain text goes as a string, which even the simplest servers read. */
function userContent(parts: UserPart[]): string | ChatCompletionContentPart[] {
  const [only] = parts;
  return parts.length === 1 && only?.type === 'text' ? wellFormed(only.text) : parts.map(contentPart);
}

function contentPart(part: UserPart): ChatCompletionContentPart {
  if (part.type === 'text') return { type: 'text', text: wellFormed(part.text) };
  if (part.type === 'image') return { type: 'image_url', image_url: { url: dataUrl(part) } };
  return fileKind(part) === 'text'
    ? { type: 'text', text: fileText(part) }
    : { type: 'file', file: { filename: part.name, file_data: dataUrl(part) } };
}

function assistantMessage(
  { content }: AssistantMessage,
  reasoningOf: string | undefined,
): ChatCompletionMessageParam[] {
  const text = content.map((part) => (part.type === 'text' ? part.text : '')).join('');
  const reasoning = content
    .map((part) => (part.type === 'reasoning' && part.provider === reasoningOf ? part.text : ''))
    .join('');
  const calls = content.flatMap((part) =>
    part.type === 'tool-call'
      ? [
          {
            id: wireId(part.id),
            type: 'function' as const,
            function: { name: wireName(part.name), arguments: JSON.stringify(wireArguments(part)) },
          },
        ]
      : [],
  );
  if (!text && calls.length === 0) return [];
  const message: ChatCompletionAssistantMessageParam & { reasoning_content?: string } = {
    role: 'assistant',
    content: text ? wellFormed(text) : null,
    ...(reasoning && { reasoning_content: reasoning }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  return [message];
}
