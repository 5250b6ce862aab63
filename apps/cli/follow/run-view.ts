import { HoldfastError } from '../../../protocol/failures';
import type { Carrier } from '../carrier';
import type { RunView } from './follow-run';
import { pendingAttempts } from './pending-attempts';

/** A worker that does not answer a query in this time is taken for missing. */
const QUERY_MS = 4_000;
const GIVE_UP_MS = 60_000;

export interface RunViewOptions {
  signal: AbortSignal;
  /** Told once when the connection is lost, with what is tried. */
  onLost: () => void;
}

/** One run as its follower sees it. A lost connection is found again; only a long silence is an error. */
export function runView(carrier: Carrier, id: string, { signal, onLost }: RunViewOptions): RunView {
  const { toClientError } = require('../../../client/errors') as typeof import('../../../client/errors');
  const temporal = () => carrier.link.holdfast.temporal;

  async function describe() {
    try {
      const { status, raw } = await temporal().workflow.getHandle(id).describe();
      return { open: status.name === 'RUNNING', pending: pendingAttempts(raw.pendingActivities ?? [], Date.now()) };
    } catch (error) {
      throw toClientError(error, id);
    }
  }

  /** Queries fail when no worker answers; whether the server is there, `describe` tells. */
  async function ask<T>(query: () => Promise<T>): Promise<T | undefined> {
    try {
      return await temporal().withDeadline(Date.now() + QUERY_MS, query);
    } catch {
      return undefined;
    }
  }

  return {
    describe: () => patiently(describe, carrier, signal, onLost),
    state: () => ask(() => carrier.link.holdfast.get(id).state()),
    transcript: (from) => ask(() => carrier.link.holdfast.get(id).transcript(from)),
  };
}

const GONE = { hint: '`holdfast dev` starts it again; the run is kept.' };

async function patiently<T>(
  ask: () => Promise<T>,
  carrier: Carrier,
  signal: AbortSignal,
  onLost: () => void,
): Promise<T> {
  const deadline = Date.now() + GIVE_UP_MS;
  for (let tries = 0; ; tries++) {
    try {
      if (carrier.gone) throw new HoldfastError('Server.Unreachable', 'the server of this home was stopped', GONE);
      return await ask();
    } catch (error) {
      const lost = HoldfastError.is(error) && error.code === 'Server.Unreachable';
      if (!lost || signal.aborted || Date.now() > deadline) throw error;
      if (tries === 0) onLost();
      await carrier.recover();
    }
  }
}
