import { Connection, type ConnectionOptions } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { HoldfastError } from '../protocol/failures';
import type { ClusterOptions } from './connect-options';

/** A command that cannot connect says so within ten seconds, its own start included. */
const CONNECT_TIMEOUT_MS = 5_000;
/** For the one request that is made then. */
const REQUEST_TIMEOUT_MS = 2_000;

/**
 * A worker's connection; `new Client({ connection, namespace })` takes it too. The namespace is known to exist.
 *
 * @throws HoldfastError `Server.Unreachable` (nobody answers, or it refuses us), `Server.NamespaceUnknown`.
 */
export function openNativeConnection(cluster: ClusterOptions): Promise<NativeConnection> {
  // Loaded here, because whoever only wants a client's connection should not wait for the worker's native core.
  const worker = require('@temporalio/worker') as typeof import('@temporalio/worker');
  return open(cluster, () => inTime(worker.NativeConnection.connect(settingsOf(cluster))));
}

/**
 * A client's connection: pure JavaScript, quick to load. The namespace is known to exist.
 *
 * @param more replaces the SDK's own retries of single requests.
 * @throws HoldfastError `Server.Unreachable` (nobody answers, or it refuses us), `Server.NamespaceUnknown`.
 */
export function openConnection(
  cluster: ClusterOptions,
  more: Pick<ConnectionOptions, 'interceptors'> = {},
): Promise<Connection> {
  const settings = { ...settingsOf(cluster), ...more, connectTimeout: CONNECT_TIMEOUT_MS };
  return open(cluster, () => Connection.connect(settings));
}

/** The native core has no limit of its own. What comes too late is closed again. */
async function inTime(connecting: Promise<NativeConnection>): Promise<NativeConnection> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `no connection within ${CONNECT_TIMEOUT_MS / 1_000} s`;
    timer = setTimeout(() => reject(new Error(message)), CONNECT_TIMEOUT_MS);
  });
  try {
    return await Promise.race([connecting, late]);
  } catch (error) {
    connecting.then((connection) => connection.close()).catch(() => undefined);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function settingsOf({ address, apiKey, tls, metadata }: ClusterOptions) {
  return { address, ...(apiKey && { apiKey }), ...(tls !== undefined && { tls }), ...(metadata && { metadata }) };
}

async function open<C extends Connection | NativeConnection>(
  cluster: ClusterOptions,
  connect: () => Promise<C>,
): Promise<C> {
  let connection: C | undefined;
  try {
    connection = await connect();
    const { namespace } = cluster;
    const { workflowService } = connection;
    await connection.withDeadline(Date.now() + REQUEST_TIMEOUT_MS, () =>
      workflowService.describeNamespace({ namespace }),
    );
    return connection;
  } catch (error) {
    await connection?.close();
    throw toConnectError(error, cluster);
  }
}

/** gRPC status numbers, https://grpc.io/docs/guides/status-codes/ */
const NOT_FOUND = 5;
const REFUSED: readonly unknown[] = [7, 16];

/** The same failure comes as a gRPC error from the client and as a transport error from the worker's core. */
export function toConnectError(error: unknown, { address, namespace, tls }: ClusterOptions): HoldfastError {
  const { code, details, message } = error as { code?: unknown; details?: string; message?: string };
  const why = details || message || String(error);
  if (code === NOT_FOUND) {
    return new HoldfastError('Server.NamespaceUnknown', `the namespace "${namespace}" does not exist at ${address}`, {
      hint: `Set TEMPORAL_NAMESPACE, or create it: temporal operator namespace create --address ${address} --namespace ${namespace}`,
      cause: error,
    });
  }
  if (REFUSED.includes(code)) {
    return new HoldfastError('Server.Unreachable', `the Temporal server at ${address} refuses us: ${why}`, {
      hint: 'Check TEMPORAL_API_KEY, TEMPORAL_NAMESPACE and the client certificate.',
      cause: error,
    });
  }
  return new HoldfastError('Server.Unreachable', `no Temporal server answers at ${address}: ${why}`, {
    hint: `Is it running, is TEMPORAL_ADDRESS right, does it want ${tls ? 'plain text instead of TLS' : 'TLS (TEMPORAL_TLS=true)'}? Without TEMPORAL_ADDRESS an embedded one is started.`,
    cause: error,
  });
}
