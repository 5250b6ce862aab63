import type {
  ResponseInputContent,
  ResponseInputItem,
  ResponseReasoningItem,
} from 'openai/resources/responses/responses';
import type { AssistantMessage, Message, ReasoningPart, UserPart } from '../../protocol/messages';
import { dataUrl, fileKind, fileText, flaggedResult, wellFormed, wireArguments, wireId, wireName } from './wire-text';

/** The conversation as Responses input items; item by item, so that a longer one starts with the bytes of a shorter one. */
export function responsesInput(messages: readonly Message[], provider: string): ResponseInputItem[] {
  return messages.flatMap((message): ResponseInputItem[] => {
    if (message.role === 'user') return [{ role: 'user', content: message.content.map(userContent) }];
    if (message.role === 'assistant') return assistantItems(message, provider);
    return [{ type: 'function_call_output', call_id: wireId(message.callId), output: flaggedResult(message) }];
  });
}

function userContent(part: UserPart): ResponseInputContent {
  if (part.type === 'text') return { type: 'input_text', text: wellFormed(part.text) };
  if (part.type === 'image') return { type: 'input_image', image_url: dataUrl(part), detail: 'auto' };
  return fileKind(part) === 'text'
    ? { type: 'input_text', text: fileText(part) }
    : { type: 'input_file', filename: part.name, file_data: dataUrl(part) };
}

function assistantItems({ content }: AssistantMessage, provider: string): ResponseInputItem[] {
  const items: ResponseInputItem[] = [];
  let reasoning: ResponseReasoningItem | undefined;
  for (const part of content) {
    if (part.type === 'reasoning') {
      if (part.provider !== provider) continue;
      reasoning = addReasoning(items, reasoning, part);
      continue;
    }
    reasoning = undefined;
    if (part.type === 'text') items.push({ role: 'assistant', content: wellFormed(part.text) });
    else {
      const args = JSON.stringify(wireArguments(part));
      items.push({ type: 'function_call', call_id: wireId(part.id), name: wireName(part.name), arguments: args });
    }
  }
  return items;
}

/** The vendor keeps nothing, so only reasoning that carries its encrypted content means anything to it. */
function addReasoning(
  items: ResponseInputItem[],
  open: ResponseReasoningItem | undefined,
  { id = '', text, encrypted }: ReasoningPart,
): ResponseReasoningItem | undefined {
  const summary = text === '' ? [] : [{ type: 'summary_text' as const, text }];
  if (open && open.id === id && !encrypted) {
    open.summary.push(...summary);
    return open;
  }
  if (!encrypted) return undefined;
  const item: ResponseReasoningItem = { type: 'reasoning', id, summary, encrypted_content: encrypted };
  items.push(item);
  return item;
}
