import { FAILURE, type FailureClass, isFailureCode } from '../../protocol/failures';
import type { Ending } from '../../protocol/plan/state';
import type { Outcome } from '../../protocol/registry/standing';
import type { Begin } from './plan-desk';

/** Ends that were somebody else's doing: an outage, a missing key, a bug of ours. */
const NOT_ITS_OWN: readonly FailureClass[] = ['transient', 'throttled', 'needs-human', 'bug'];
/** Stop reasons and codes of an agent that went beyond what it may. */
const BEYOND = /^(max-|repeated-call|Permission\.|Limit\.)/;

/** Who was to do what. */
interface Attempted {
  agent: string;
  node: Pick<Begin['node'], 'estimate'>;
}

/** What the end of an attempt says about its agent; null where it says nothing. */
export function outcomeOf({ agent, node }: Attempted, ending: Ending, ms: number, kind: string): Outcome | null {
  const { status, reason = '', costUsd, recalled } = ending;
  if (status === 'cancelled' || recalled) return null;
  const success = status === 'done';
  const [code] = reason.split(':', 1);
  const violation = !success && BEYOND.test(reason);
  if (!success && !violation && isFailureCode(code) && NOT_ITS_OWN.includes(FAILURE[code])) return null;
  return {
    agent,
    kind,
    success,
    ms,
    usd: costUsd,
    ...(node.estimate !== undefined && { expectedMs: node.estimate }),
    ...(violation && { violation: true as const }),
  };
}
