import type { Message, UserMessage } from '../../protocol/messages';
import type { LoadedTranscript } from '../transcript-cache';
import { type FitInput, type FittedContext, fitContext, wholeGroups } from './fit-context';

/** A conversation as the model may see it: what a summary stands in for is gone, and earlier summaries with it. */
export interface Conversation {
  /** Never dropped: the first messages, the latest summary, and what it keeps word by word. */
  head: Message[];
  /** How many messages of the session's start the head begins with. */
  first: number;
  /** The newer messages, oldest first. */
  rest: Message[];
  /** Where each of `rest` stands in the session. */
  positions: number[];
  /** Where the latest summary stands in the session. */
  summaryAt: number | undefined;
  summary: UserMessage | undefined;
}

/**
 * Arranges a transcript around its latest summary. The summary itself says what it stands for, so that a fork, another worker
 * or a later Temporal run arranges the same messages in the same way.
 */
export function conversationOf(loaded: LoadedTranscript, contextFrom: number, keepFirst: number): Conversation {
  const { head, messages } = loaded;
  const first = wholeGroups([...head, ...messages.slice(0, Math.max(0, keepFirst - contextFrom))]);
  const last = messages.findLastIndex((message) => summaryIn(message) !== undefined);
  const summary = summaryIn(messages[last]);
  const from = Math.max(first.length, summary?.summary?.to ?? 0, contextFrom);
  const rest = messages.flatMap((message, at) =>
    contextFrom + at < from || summaryIn(message) ? [] : [{ message, position: contextFrom + at }],
  );
  return {
    head: [...first, ...(summary ? [summary, ...(summary.summary?.kept ?? [])] : [])],
    first: first.length,
    rest: rest.map(({ message }) => message),
    positions: rest.map(({ position }) => position),
    summaryAt: summary && contextFrom + last,
    summary,
  };
}

/** As `fitContext`, of a conversation with a summary: that stays, and so `contextFrom` never goes beyond where it stands. */
export function fitConversation(
  { head, rest, positions, summaryAt = Number.POSITIVE_INFINITY }: Conversation,
  contextFrom: number,
  limits: Pick<FitInput, 'fixedTokens' | 'maxTokens' | 'tokensOf'>,
): FittedContext | undefined {
  const fitted = fitContext({ ...limits, head, keepFirst: 0, messages: rest, contextFrom: 0 });
  if (!fitted || fitted.contextFrom === 0) return fitted && { ...fitted, contextFrom };
  return { ...fitted, contextFrom: Math.min(positions[fitted.contextFrom] ?? contextFrom, summaryAt) };
}

function summaryIn(message: Message | undefined): UserMessage | undefined {
  return message?.role === 'user' && message.summary ? message : undefined;
}
