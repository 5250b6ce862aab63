import path from 'node:path';
import type { ClusterOptions } from '../../workers/connect-options';
import type { Context } from './context';

/** A Temporal server that runs now. */
export interface Place extends ClusterOptions {
  /** `cluster`: named by the environment or `--address`. `home`: the embedded one of this home. */
  kind: 'cluster' | 'home';
  /** Where runs of this project wait for a worker. */
  taskQueue: string;
  /** Of the Temporal Web UI, where it is known. */
  uiUrl?: string;
}

/**
 * The cluster that is named, else the embedded server that runs in this home, else undefined.
 * @throws HoldfastError `Config.Invalid`.
 */
export function placeOf(context: Context): Place | undefined {
  return clusterOf(context) ?? homeServer(context);
}

export function clusterOf({ env, config }: Context): Place | undefined {
  const { connectOptions } = require('../../workers/connect-options') as typeof import('../../workers/connect-options');
  const cluster = connectOptions(env);
  if (!cluster) return undefined;
  const uiUrl = env.HOLDFAST_TEMPORAL_UI_URL ?? cloudUi(cluster.address);
  return { ...cluster, kind: 'cluster', taskQueue: config.settings.worker.taskQueue, ...(uiUrl && { uiUrl }) };
}

export function homeServer({ home, env, config }: Context): Place | undefined {
  const { readState } =
    require('../../workers/embedded/state-file') as typeof import('../../workers/embedded/state-file');
  const identity =
    require('../../workers/embedded/process-identity') as typeof import('../../workers/embedded/process-identity');
  const state = readState(path.join(home, 'server.json'));
  if (!state || !identity.isAlive(state.server)) return undefined;
  const { port, uiPort } = state;
  return {
    kind: 'home',
    address: `${LOOPBACK}:${port}`,
    namespace: env.TEMPORAL_NAMESPACE || 'default',
    taskQueue: config.settings.worker.taskQueue,
    uiUrl: `http://${LOOPBACK}:${uiPort}`,
  };
}

const LOOPBACK = '127.0.0.1';

export function isTls({ tls }: ClusterOptions): boolean {
  return tls !== undefined && tls !== null && tls !== false;
}

function cloudUi(address: string): string | undefined {
  return /\.(tmprl\.cloud|api\.temporal\.io)(:\d+)?$/.test(address) ? 'https://cloud.temporal.io' : undefined;
}

/** The page of one run in the Temporal Web UI. */
export function webUrl(
  { uiUrl, namespace }: Pick<Place, 'uiUrl' | 'namespace'>,
  id: string,
  runId?: string,
): string | undefined {
  if (!uiUrl) return undefined;
  const page = `${uiUrl}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(id)}`;
  return runId ? `${page}/${runId}/history` : page;
}
