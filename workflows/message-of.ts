import type { UserMessage, UserPart } from '../protocol/messages';
import { expandVariables, type Variables } from '../protocol/variables';

/** The message with the conversation's variables where their names stand; files and what is JSON in the input alike. */
export function withVariables(message: UserMessage, variables: Variables | undefined): UserMessage {
  if (!variables) return message;
  const content = message.content.map((part) =>
    part.type === 'text' ? { ...part, text: expandVariables(part.text, variables) } : part,
  );
  return { ...message, content };
}

/** Text and parts go to the model as they are; any other value as JSON. */
export function messageOf(input: unknown): UserMessage {
  if (typeof input === 'string') return textMessage(input);
  if (isParts(input)) return { role: 'user', content: input };
  return textMessage(JSON.stringify(input ?? null, null, 2));
}

export function textMessage(text: string): UserMessage {
  return { role: 'user', content: [{ type: 'text', text }] };
}

/** By their whole shape: a list of things that happen to have a `type` is a JSON value like any other. */
function isParts(input: unknown): input is UserPart[] {
  return Array.isArray(input) && input.length > 0 && input.every(isPart);
}

function isPart(part: Partial<Record<string, unknown>> | null): boolean {
  if (part?.type === 'text') return typeof part.text === 'string';
  if (part?.type !== 'image' && part?.type !== 'file') return false;
  const named = part.type === 'image' || typeof part.name === 'string';
  return named && typeof part.mediaType === 'string' && (typeof part.data === 'string' || part.artifact !== undefined);
}
