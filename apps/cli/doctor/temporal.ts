import { HoldfastError } from '../../../protocol/failures';
import { SEARCH_ATTRIBUTE } from '../../../protocol/names';
import { pollers } from '../carrier';
import type { Context } from '../context';
import { type Link, openLink } from '../link';
import { placeOf } from '../place';
import { type Check, fail, ok, warn } from './check';

/** A worker asks again at least once a minute. */
const RECENT_MS = 90_000;

export async function checkCli({ env }: Context): Promise<Check> {
  const { findTemporalCli } =
    require('../../../workers/embedded/find-temporal-cli') as typeof import('../../../workers/embedded/find-temporal-cli');
  const named = Boolean(env.TEMPORAL_ADDRESS || env.TEMPORAL_PROFILE || env.TEMPORAL_CONFIG_FILE);
  try {
    const { path, version } = await findTemporalCli({ env, obtain: false });
    return ok('temporal cli', `${path} (${version})`);
  } catch (error) {
    const message = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
    const fix = 'holdfast dev   # fetches or builds it once; or set HOLDFAST_TEMPORAL_CLI to its path';
    return named
      ? warn('temporal cli', `${message} A cluster is named, so it is not needed.`, fix)
      : warn('temporal cli', message, fix);
  }
}

/** Server, namespace, search attributes and worker: each is looked at only where the one before is well. */
export async function checkServer(context: Context): Promise<Check[]> {
  const place = placeOf(context);
  const dev = `holdfast dev${context.placeFlags}`;
  if (!place)
    return [
      warn(
        'server',
        `none runs in this home, and no cluster is named`,
        `${dev}   # \`holdfast run\` starts one by itself`,
      ),
    ];
  let link: Link;
  try {
    link = await openLink(place);
  } catch (error) {
    return [unreachable(error, place.address, place.namespace)];
  }
  try {
    return [
      ok('server', `${place.address}${place.kind === 'home' ? ' (embedded)' : ''}`),
      ok('namespace', place.namespace),
      await checkAttributes(link),
      await checkWorker(link, place.kind === 'home' ? dev : `holdfast worker${context.placeFlags}`),
    ];
  } finally {
    await link.close();
  }
}

function unreachable(error: unknown, address: string, namespace: string): Check {
  const message = error instanceof Error ? error.message : String(error);
  if (HoldfastError.is(error) && error.code === 'Server.NamespaceUnknown') {
    return fail(
      'namespace',
      message,
      `temporal operator namespace create --address ${address} --namespace ${namespace}`,
    );
  }
  const fix =
    'unset TEMPORAL_ADDRESS TEMPORAL_PROFILE TEMPORAL_CONFIG_FILE   # uses the embedded server; or mend the address';
  return fail('server', message, fix);
}

async function checkAttributes({ holdfast, place }: Link): Promise<Check> {
  const { createCommand } =
    require('../../../workers/search-attributes') as typeof import('../../../workers/search-attributes');
  const known = Object.values(SEARCH_ATTRIBUTE);
  try {
    const { connection } = holdfast.temporal;
    const answer = await connection.operatorService.listSearchAttributes({ namespace: place.namespace });
    const missing = known.filter(({ name }) => !(name in (answer.customAttributes ?? {})));
    if (missing.length === 0) return ok('attributes', known.map(({ name }) => name).join(', '));
    const names = missing.map(({ name }) => name).join(', ');
    return fail('attributes', `missing: ${names}`, createCommand(missing, place.namespace));
  } catch (error) {
    return warn('attributes', `cannot be listed: ${(error as Error).message}`, createCommand(known, place.namespace));
  }
}

async function checkWorker(link: Link, start: string): Promise<Check> {
  const polling = (await pollers(link)).filter(({ lastSeen }) => Date.now() - lastSeen < RECENT_MS);
  const queue = `task queue ${link.place.taskQueue}`;
  if (polling.length === 0) return warn('worker', `none polls the ${queue}; runs wait`, start);
  return ok('worker', `${polling.length} on ${queue}`);
}
