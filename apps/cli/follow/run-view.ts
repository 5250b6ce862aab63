import { HoldfastError } from '../../../protocol/failures';
import type { Carrier } from '../carrier';
import type { RunView } from './follow-run';
import { pendingAttempts } from './pending-attempts';

/** A worker that does not answer a query in this time is taken for missing. */
const QUERY_MS = 4_000;
/** The server itself answers in milliseconds. */
const DESCRIBE_MS = 8_000;
const LOOK_MS = 250;
const GIVE_UP_MS = 60_000;

/** The part of a carrier that a view needs. */
export type Carried = Pick<Carrier, 'link' | 'gone' | 'recover'>;

export interface RunViewOptions {
  signal: AbortSignal;
  /** Told once when the connection is lost, with what is tried. */
  onLost: () => void;
}

/** One run as its follower sees it. A lost connection is found again; only a long silence is an error. */
export function runView(carrier: Carried, id: string, { signal, onLost }: RunViewOptions): RunView {
  const { toClientError } = require('../../../client/errors') as typeof import('../../../client/errors');
  const temporal = () => carrier.link.holdfast.temporal;

  async function describe() {
    try {
      const get = () => temporal().workflow.getHandle(id).describe();
      const { status, raw } = await temporal().withDeadline(Date.now() + DESCRIBE_MS, get);
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

/** Asks again for as long as it is worth it. */
async function patiently<T>(
  ask: () => Promise<T>,
  carrier: Carried,
  signal: AbortSignal,
  onLost: () => void,
): Promise<T> {
  const deadline = performance.now() + GIVE_UP_MS;
  for (let tries = 0; ; tries++) {
    try {
      return await unlessGone(ask, carrier);
    } catch (error) {
      const lost = HoldfastError.is(error) && error.code === 'Server.Unreachable';
      if (!lost || signal.aborted || performance.now() > deadline) throw error;
      if (tries === 0) onLost();
      await carrier.recover();
    }
  }
}

/** That the server of this home was stopped is seen sooner from here than from a client, which goes on trying. */
async function unlessGone<T>(ask: () => Promise<T>, carrier: Carried): Promise<T> {
  if (carrier.gone) throw gone();
  let watch: NodeJS.Timeout | undefined;
  const vanished = new Promise<never>((_, reject) => {
    watch = setInterval(() => carrier.gone && reject(gone()), LOOK_MS);
  });
  try {
    return await Promise.race([ask(), vanished]);
  } finally {
    clearInterval(watch);
  }
}

function gone(): HoldfastError {
  return new HoldfastError('Server.Unreachable', 'the server of this home was stopped', {
    hint: '`holdfast dev` starts it again; the run is kept.',
  });
}
