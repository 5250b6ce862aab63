/** The configuration that the server's image makes from its environment, for a server that is a plain process. */
import { freePort } from './processes.mjs';

const SERVICES = ['frontend', 'history', 'matching', 'worker'];
const HOST = '127.0.0.1';

/**
 * @param env the environment of the service `temporal` in docker-compose.yml
 * @returns the configuration (JSON is YAML) and the port of the frontend
 */
export async function serverConfig(env, dynamicConfigFile) {
  const services = Object.fromEntries(await Promise.all(SERVICES.map(async (name) => [name, await serviceConfig()])));
  const { grpcPort } = services.frontend.rpc;
  const store = (databaseName) => ({ sql: sqlStore(env, databaseName) });
  const config = {
    log: { stdout: true, level: env.LOG_LEVEL },
    persistence: {
      numHistoryShards: Number(env.NUM_HISTORY_SHARDS),
      defaultStore: 'default',
      visibilityStore: 'visibility',
      datastores: { default: store('temporal'), visibility: store('temporal_visibility') },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: HOST } },
    services,
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: { enabled: true, initialFailoverVersion: 1, rpcName: 'frontend', rpcAddress: `${HOST}:${grpcPort}` },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    archival: { history: { state: 'disabled' }, visibility: { state: 'disabled' } },
    namespaceDefaults: { archival: { history: { state: 'disabled' }, visibility: { state: 'disabled' } } },
    publicClient: { hostPort: `${HOST}:${grpcPort}` },
    dynamicConfigClient: { filepath: dynamicConfigFile, pollInterval: '60s' },
  };
  return { config, grpcPort };
}

async function serviceConfig() {
  return { rpc: { grpcPort: await freePort(), membershipPort: await freePort(), bindOnIP: HOST } };
}

function sqlStore(env, databaseName) {
  return {
    pluginName: env.DB,
    databaseName,
    connectAddr: `${env.POSTGRES_SEEDS}:${env.DB_PORT}`,
    connectProtocol: 'tcp',
    user: env.POSTGRES_USER,
    password: env.POSTGRES_PWD,
    maxConns: 20,
    maxIdleConns: 20,
    maxConnLifetime: '1h',
  };
}
