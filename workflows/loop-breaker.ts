import { rollDigest } from '../protocol/digest';
import { canonicalJson } from '../protocol/json';
import type { ToolCallPart } from '../protocol/messages';
import type { SessionProgress } from '../protocol/session';

/**
 * Counts equal replies: the same tool calls with the same arguments, nothing else in between. Deterministic and part of the
 * session's state, so a loop is found across restarts and continue-as-new.
 */
export function countRepeats(previous: SessionProgress['repeats'], calls: ToolCallPart[]): SessionProgress['repeats'] {
  const asked = calls.map(({ name, arguments: args, malformed, artifact }) => [
    name,
    args ?? null,
    malformed ?? null,
    artifact?.id ?? null,
  ]);
  // A digest, because arguments may be large and the key is carried into the next Temporal run.
  const key = rollDigest('', canonicalJson(asked));
  return key === previous.key ? { key, count: previous.count + 1 } : { key, count: 1 };
}
