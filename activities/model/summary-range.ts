import type { SummaryPolicy } from '../../protocol/agent';
import type { Message } from '../../protocol/messages';
import type { Conversation } from './conversation';
import { groupStarts, sum } from './fit-context';

/** What a summary must free of the threshold to be worth a model call. */
const LEAST_GAIN = 0.1;

/** What is to be summarised: the first `count` messages of a conversation's `rest`, positions `[from, to)` of the session. */
export interface SummaryRange {
  count: number;
  from: number;
  to: number;
}

/** Tokens of context at which a summary is due, in a window of so many. */
export function thresholdOf({ at }: SummaryPolicy, windowTokens: number): number {
  return Math.min(at <= 1 ? at * windowTokens : at, windowTokens);
}

/**
 * What a summary should take the place of: all but the newest groups of messages, which keep `keep` of the threshold and are
 * at least one, so that a tool call is never parted from its results. Undefined when that would gain too little.
 */
export function summaryRange(
  { rest, positions, first }: Conversation,
  { keep }: SummaryPolicy,
  threshold: number,
  tokensOf: (message: Message) => number,
): SummaryRange | undefined {
  const tokens = rest.map(tokensOf);
  const starts = groupStarts(rest);
  let count = starts.at(-1) ?? 0;
  let kept = sum(tokens.slice(count));
  for (const start of starts.toReversed().slice(1)) {
    kept += sum(tokens.slice(start, count));
    if (kept > keep * threshold) break;
    count = start;
  }
  const to = positions[count];
  if (to === undefined || sum(tokens.slice(0, count)) < LEAST_GAIN * threshold) return undefined;
  return { count, from: first, to };
}
