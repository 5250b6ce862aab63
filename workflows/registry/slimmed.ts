import type { RegistryState } from '../../protocol/registry/registry';
import { utf8 } from '../../protocol/sha256';

/** The server carries 2 MB when a workflow continues as new. */
const MOST_CARRIED_BYTES = 1_700_000;

export function bytesOf(value: unknown): number {
  return utf8(JSON.stringify(value)).length;
}

/** As it is carried: where it is too large, agents give up what is known of the kinds of work they have least behind them. */
export function slimmed(state: RegistryState, most = MOST_CARRIED_BYTES): RegistryState {
  for (const kinds of [4, 2, 1, 0]) {
    if (bytesOf(state) <= most) return state;
    for (const kept of Object.values(state.agents)) {
      delete kept.remarks;
      if (!kept.standing) continue;
      const best = Object.entries(kept.standing.kinds).sort(
        ([a, one], [b, other]) => other.n - one.n || (a < b ? -1 : 1),
      );
      kept.standing.kinds = Object.fromEntries(best.slice(0, kinds));
    }
  }
  return state;
}
