import type { ToolCallPart } from '../protocol/messages';

const MAX_CHARS = 120;

/** What a call is about, in one line. */
export function argumentsText({ arguments: args }: Pick<ToolCallPart, 'arguments'>): string {
  const text = JSON.stringify(args ?? {});
  return text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS - 1)}…` : text;
}
