import type { Message, ToolMessage } from '../../protocol/messages';

export interface FitInput {
  /** Messages that are never dropped: the task. */
  head: readonly Message[];
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
 * never parted from its results; the head stays. When even the last group is too large, its tool results are shortened for
 * this call. Undefined when nothing helps: the caller reports the context as too long.
 */
export function fitContext(input: FitInput): FittedContext | undefined {
  const { head, messages, contextFrom, maxTokens } = input;
  const tokens = messages.map(input.tokensOf);
  const always = input.fixedTokens + sum(head.map(input.tokensOf));
  let total = always + sum(tokens);
  if (total <= maxTokens) return { messages: [...head, ...messages], contextFrom, tokens: total };

  const starts = groupStarts(messages);
  let from = starts[0] ?? 0;
  total -= sum(tokens.slice(0, from));
  for (const start of starts.slice(1)) {
    if (total <= maxTokens * KEEP_AFTER_DROP) break;
    total -= sum(tokens.slice(from, start));
    from = start;
  }
  const kept = messages.slice(from);
  const fitting = total <= maxTokens ? { messages: kept, tokens: total } : shorten(kept, always, input);
  if (!fitting) return undefined;
  return { messages: [...head, ...fitting.messages], contextFrom: contextFrom + from, tokens: fitting.tokens };
}

/** Positions where a context may start: anywhere but on a tool result, whose call would be missing. */
function groupStarts(messages: readonly Message[]): number[] {
  return messages.flatMap((message, at) => (message.role === 'tool' ? [] : [at]));
}

/** Cuts the longest tool results in half, again and again, until all fits or nothing is left to cut. */
function shorten(messages: readonly Message[], always: number, { tokensOf, maxTokens }: FitInput) {
  const shortened = [...messages];
  for (;;) {
    const tokens = always + sum(shortened.map(tokensOf));
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
function wellFormed(text: string): string {
  return text.replace(/^[\uDC00-\uDFFF]|[\uD800-\uDBFF]$/g, '');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
