import type { Message, ToolMessage } from '../../protocol/messages';

export interface FitInput {
  /** The first messages, where `messages` starts later. Never dropped: the task. */
  head: readonly Message[];
  /** How many messages at the start of the session are never dropped. */
  keepFirst: number;
  /** Messages from `contextFrom` on. */
  messages: readonly Message[];
  /** Position of `messages[0]` in the session. */
  contextFrom: number;
  /** Tokens of everything that is always sent: instructions, tools, output schema. */
  fixedTokens: number;
  /** Tokens the whole input may have. */
  maxTokens: number;
  tokensOf(message: Message): number;
}

export interface FittedContext {
  messages: Message[];
  /** Where the context starts now; handed back next time, so that the prompt prefix stays the same between drops. */
  contextFrom: number;
  tokens: number;
}

/** When something must go, go down to this part of the limit: dropping a little each turn would miss the prompt cache each turn. */
const KEEP_AFTER_DROP = 0.6;
/** A tool result is never shrunk below this many characters. */
const SHORTEST_RESULT = 400;

/**
 * Chooses what the model sees, never over the limit. The oldest messages go first, in whole groups, so that a tool call is
 * never parted from its results; the head stays. When even head and last group are too large, their tool results are
 * shortened for this call. Undefined when nothing helps: the caller reports the context as too long.
 */
export function fitContext(input: FitInput): FittedContext | undefined {
  const { contextFrom, maxTokens } = input;
  const head = wholeGroups([...input.head, ...input.messages.slice(0, Math.max(0, input.keepFirst - contextFrom))]);
  // What the head takes of the messages is sent with it and never dropped.
  const taken = Math.max(0, head.length - input.head.length);
  const messages = input.messages.slice(taken);
  const tokens = messages.map(input.tokensOf);
  const always = input.fixedTokens + sum(head.map(input.tokensOf));
  let total = always + sum(tokens);
  if (total <= maxTokens) return { messages: [...head, ...messages], contextFrom, tokens: total };

  const starts = groupStarts(messages);
  let from = 0;
  for (const start of starts.slice(1)) {
    if (total <= maxTokens * KEEP_AFTER_DROP) break;
    total -= sum(tokens.slice(from, start));
    from = start;
  }
  const kept = [...head, ...messages.slice(from)];
  const fitting = total <= maxTokens ? { messages: kept, tokens: total } : shorten(kept, input);
  if (!fitting) return undefined;
  return { ...fitting, contextFrom: from === 0 ? contextFrom : contextFrom + taken + from };
}

/** Without a last assistant message whose tool results are not all there: they may be dropped, and it must go with them. */
export function wholeGroups(messages: readonly Message[]): readonly Message[] {
  const last = messages.findLastIndex((message) => message.role !== 'tool');
  const opener = messages[last];
  if (opener?.role !== 'assistant') return messages;
  const calls = opener.content.filter((part) => part.type === 'tool-call').length;
  return messages.length - last - 1 < calls ? messages.slice(0, last) : messages;
}

/** Positions where a context may start: anywhere but on a tool result, whose call would be missing. */
export function groupStarts(messages: readonly Message[]): number[] {
  return messages.flatMap((message, at) => (message.role === 'tool' ? [] : [at]));
}

/** Cuts the longest tool results in half, again and again, until all fits or nothing is left to cut. */
function shorten(messages: readonly Message[], { fixedTokens, tokensOf, maxTokens }: FitInput) {
  const shortened = [...messages];
  for (;;) {
    const tokens = fixedTokens + sum(shortened.map(tokensOf));
    if (tokens <= maxTokens) return { messages: shortened, tokens };
    const longest = shortened.reduce(
      (best, message, at) => (lengthOf(message) > lengthOf(shortened[best]) ? at : best),
      0,
    );
    const result = shortened[longest];
    if (result?.role !== 'tool' || result.content.length <= SHORTEST_RESULT) return undefined;
    shortened[longest] = halved(result);
  }
}

function lengthOf(message: Message | undefined): number {
  return message?.role === 'tool' ? message.content.length : 0;
}

function halved(result: ToolMessage): ToolMessage {
  const keep = Math.floor(result.content.length / 4);
  const head = wellFormed(result.content.slice(0, keep));
  const tail = wellFormed(result.content.slice(-keep));
  return { ...result, mediaType: 'text/plain', content: `${head}\n[… shortened to fit the context …]\n${tail}` };
}

/** A cut may part a surrogate pair; the half that is left is dropped. */
export function wellFormed(text: string): string {
  return text.replace(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/g, '');
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
