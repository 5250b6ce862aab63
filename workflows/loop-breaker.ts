import { rollDigest } from '../protocol/digest';
import { canonicalJson } from '../protocol/json';
import type { Message, ToolCallPart } from '../protocol/messages';
import type { Repeats } from '../protocol/session';

/** Alternations that are looked for: this many different replies, over and over. */
const LONGEST_PERIOD = 4;
/** Replies, with what came of them, that are remembered to tell whether anything is new. */
const REMEMBERED = 64;
/** Replies in a row that bring nothing new, for each equal one that is allowed. */
const STALE_FACTOR = 4;
/** Of a long result both ends count: reading all of it would be the slowest thing a workflow does. */
const READ_CHARS = 500;

export const NO_REPEATS: Repeats = { key: '', count: 0 };

/**
 * Counts how a session goes round: equal replies (the same tool calls with the same arguments), two to four that alternate, and
 * replies that bring nothing new. Deterministic and part of the session's state, so a loop is found across restarts and
 * continue-as-new. Ping-pong between agents is `hand-over-breaker.ts`.
 * @param before what came of the reply before, in the conversation.
 */
export function countRepeats(previous: Repeats, calls: ToolCallPart[], before: readonly Message[] = []): Repeats {
  const asked = calls.map(({ name, arguments: args, malformed, artifact }) => [
    name,
    args ?? null,
    malformed ?? null,
    artifact?.id ?? null,
  ]);
  // A digest, because arguments may be large and the key is carried into the next Temporal run.
  const key = rollDigest('', canonicalJson(asked));
  const { last = [], runs = [] } = previous;
  return {
    key,
    count: key === previous.key ? previous.count + 1 : 1,
    last: [key, ...last].slice(0, LONGEST_PERIOD),
    runs: last.map((earlier, at) => (earlier === key ? (runs[at] ?? 0) + 1 : 0)),
    ...staleness(previous, before),
  };
}

/** A reply and its results, looked at once the results are there: when the next reply comes. */
function staleness(
  { key, seen = [], stale = 0 }: Repeats,
  before: readonly Message[],
): Pick<Repeats, 'seen' | 'stale'> {
  const results = before.flatMap((message) => (message.role === 'tool' ? [message] : []));
  if (key === '' || results.length === 0) return { seen, stale: 0 };
  const outcome = results.reduce((digest, { outcome, content }) => {
    const ends = content.length > 2 * READ_CHARS ? content.slice(0, READ_CHARS) + content.slice(-READ_CHARS) : content;
    return rollDigest(digest, `${outcome} ${content.length} ${ends}`);
  }, key);
  if (!seen.includes(outcome)) return { seen: [outcome, ...seen].slice(0, REMEMBERED), stale: 0 };
  return { seen, stale: stale + 1 };
}

/** How the session goes round, in words; undefined while it does not. @param allowed equal replies in a row. */
export function loopOf({ count, runs = [], stale = 0 }: Repeats, allowed: number): string | undefined {
  if (count > allowed) return `the same tool call was made ${count} times in a row`;
  for (const [at, equal] of runs.entries()) {
    const period = at + 1;
    const times = Math.floor(equal / period) + 1;
    if (period > 1 && times > allowed) return `the same ${period} replies alternated ${times} times in a row`;
  }
  if (stale > STALE_FACTOR * allowed) return `${stale} replies in a row repeated earlier calls with the same results`;
  return undefined;
}
