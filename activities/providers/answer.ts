import { jsonrepair } from 'jsonrepair';
import type { FinishReason } from '../../protocol/activities';
import type { AssistantPart, ToolCallPart } from '../../protocol/messages';
import { ProviderError } from './provider';

/** What the adapters share in putting an answer together. */

const DEFAULT_MAX_CHARS = 1_000_000;

/** Counts an answer while it arrives. */
export class AnswerSize {
  private chars = 0;

  constructor(private readonly max: number = DEFAULT_MAX_CHARS) {}

  /** @throws ProviderError `Model.AnswerTooLong`; thrown out of the stream's loop, it also ends the request. */
  add(text: string | null | undefined): void {
    this.chars += text?.length ?? 0;
    if (this.chars <= this.max) return;
    throw new ProviderError('Model.AnswerTooLong', `the answer is longer than ${this.max} characters`, {
      hint: 'Ask for less at once, or raise `maxAnswerChars` in the provider’s settings.',
    });
  }
}

/** A tool call from its complete text. Text that is not JSON even after repair is kept as `malformed`: it must not run. */
export function toolCall(id: string, name: string, text: string): ToolCallPart {
  if (text.trim() === '') return { type: 'tool-call', id, name, arguments: {} };
  for (const read of [JSON.parse, repaired]) {
    try {
      return { type: 'tool-call', id, name, arguments: read(text) };
    } catch {
      // Repair is more lenient; what it cannot read either is malformed.
    }
  }
  return { type: 'tool-call', id, name, malformed: text };
}

/** Whether the text is a whole JSON value as it stands, without repair. */
export function isWholeJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return text.trim() === '';
  }
}

/** Repair closes what is open, which would turn the first half of a call into a call of its own: whole text only. */
function repaired(text: string): unknown {
  if (!isClosed(text)) throw new SyntaxError('the text ends inside a value');
  const value: unknown = JSON.parse(jsonrepair(text));
  if (Array.isArray(value)) throw new SyntaxError('more than one value');
  return value;
}

const QUOTES = new Set(['"', "'", '`']);

/** Whether an object is open at the start and everything is closed at the end. */
function isClosed(text: string): boolean {
  const trimmed = text.trim();
  if (!trimmed.startsWith('{')) return false;
  let depth = 0;
  let quote: string | undefined;
  for (let at = 0; at < trimmed.length; at++) {
    const char = trimmed.charAt(at);
    if (quote) {
      if (char === '\\') at++;
      else if (char === quote) quote = undefined;
    } else if (QUOTES.has(char)) quote = char;
    else if (char === '{' || char === '[') depth++;
    else if ((char === '}' || char === ']') && --depth === 0) return at === trimmed.length - 1;
  }
  return false;
}

/** Gives empty and repeated call ids a name of their own: the same answer always gets the same ids. */
export function withUniqueIds(parts: AssistantPart[]): AssistantPart[] {
  const taken = new Set<string>();
  let calls = 0;
  return parts.map((part) => {
    if (part.type !== 'tool-call') return part;
    const base = part.id || `call_${calls}`;
    calls++;
    let id = base;
    for (let n = 2; taken.has(id); n++) id = `${base}_${n}`;
    taken.add(id);
    return id === part.id ? part : { ...part, id };
  });
}

/** Why an answer ended, from what the vendor said and what is there. A refused answer's calls must not run. */
export function finishOf(parts: AssistantPart[], said: 'end' | 'length' | 'refusal'): FinishReason {
  if (said === 'refusal') return 'refusal';
  return parts.some((part) => part.type === 'tool-call') ? 'tool-calls' : said;
}

/** Empty texts say nothing and some vendors refuse them in the next request. */
export function withoutEmptyText(parts: AssistantPart[]): AssistantPart[] {
  return parts.filter((part) => part.type !== 'text' || part.text !== '');
}

/** A stream that ended before the vendor said that the answer is complete. */
export function cutStream(provider: string): ProviderError {
  return new ProviderError('Model.BadResponse', `${provider}: the answer ended before it was complete`, {
    hint: 'The call is tried again; when it keeps happening, check that the base URL speaks this protocol.',
  });
}
