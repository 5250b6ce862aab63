import { userInfo } from 'node:os';
import type { HoldfastClient } from '../../client';
import { HoldfastError } from '../../protocol/failures';
import type { Context } from './context';
import { isTls, type Place, placeOf } from './place';
import { requireListening } from './reachable';

/** An open connection to a server. */
export interface Link {
  holdfast: HoldfastClient;
  place: Place;
  close(): Promise<void>;
}

/** @throws HoldfastError `Server.Unreachable`, `Server.NamespaceUnknown`. */
export async function openLink(place: Place, approvalKey?: string): Promise<Link> {
  // First, because the client's code takes longer to load than a refusal to arrive.
  await requireListening(place.address, process.env, isTls(place));
  const { Client } = require('@temporalio/client') as typeof import('@temporalio/client');
  const { HoldfastClient } = require('../../client') as typeof import('../../client');
  const { openConnection } = require('../../workers/connection') as typeof import('../../workers/connection');
  const { requestRetries } = require('./request-retries') as typeof import('./request-retries');
  const { interceptor, settle } = requestRetries();
  const connection = await openConnection(place, { interceptors: [interceptor] });
  const { namespace, taskQueue } = place;
  const holdfast = new HoldfastClient(new Client({ connection, namespace }), {
    by: operator(),
    taskQueue,
    ...(approvalKey !== undefined && { approvalKey }),
  });
  return { holdfast, place, close: () => settle().then(() => connection.close()) };
}

/** Who acts, as the history says it: `HOLDFAST_USER`, else the account. */
function operator(): string {
  const named = process.env.HOLDFAST_USER?.trim();
  if (named) return named;
  try {
    return userInfo().username;
  } catch {
    // A container may run under an id no account has.
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}

/** What decisions on approvals made here are signed with. */
export function approvalKeyFor({ config, env }: Context): string | undefined {
  const { approvalKeyOf } = require('../../workers/config/apply') as typeof import('../../workers/config/apply');
  return approvalKeyOf(config.settings, env);
}

/**
 * For commands that only look: they need a server that runs already.
 * @throws HoldfastError `Server.Unreachable` also when nothing runs.
 */
export async function linkTo(context: Context): Promise<Link> {
  const place = placeOf(context);
  if (place) return openLink(place, approvalKeyFor(context));
  throw new HoldfastError('Server.Unreachable', `no Temporal server runs in ${context.home}, and none is named`, {
    hint: `Start one: holdfast dev${context.placeFlags}. Or name a cluster: --address HOST:PORT, TEMPORAL_ADDRESS.`,
  });
}

/** Runs the work on an open connection and closes it whatever happens. */
export async function withLink<T>(context: Context, work: (link: Link) => Promise<T>): Promise<T> {
  const link = await linkTo(context);
  try {
    return await work(link);
  } finally {
    await link.close();
  }
}
