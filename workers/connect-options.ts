import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { HoldfastError } from '../protocol/failures';
import { quoted } from '../protocol/quoted';

/** Which cluster to use, and how to show who we are. */
export interface ClusterOptions {
  /** `HOST:PORT` */
  address: string;
  namespace: string;
  apiKey?: string;
  /** True for TLS with the system's certificates; false or missing for plain text. */
  tls?: NativeConnectionOptions['tls'];
  /** Sent with every request. */
  metadata?: NativeConnectionOptions['metadata'];
}

const NAMING_A_CLUSTER = ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'] as const;

/**
 * The cluster that the environment names, or undefined when it names none and the embedded server is meant: one of
 * `TEMPORAL_ADDRESS`, `TEMPORAL_PROFILE` or `TEMPORAL_CONFIG_FILE` must be set. A profile that merely exists in the
 * user's configuration is not enough, so that trying something out never reaches a production cluster by accident. Everything
 * else (`TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS_…`, TOML profiles) means what it means to the Temporal
 * CLI.
 *
 * @throws HoldfastError `Config.Invalid` for a profile or certificate file that cannot be read, or an address that is none.
 */
export function connectOptions(env: NodeJS.ProcessEnv = process.env): ClusterOptions | undefined {
  if (!NAMING_A_CLUSTER.some((name) => env[name])) return undefined;
  const { connectionOptions, namespace } = load(env);
  const { address = 'localhost:7233', apiKey, tls, metadata } = connectionOptions;
  return {
    address: hostAndPort(address),
    namespace: namespace ?? 'default',
    ...(typeof apiKey === 'string' && { apiKey }),
    ...(tls !== undefined && { tls }),
    ...(metadata !== undefined && { metadata }),
  };
}

/** A name, an IPv4 address, or an IPv6 one in brackets. */
const ADDRESS = /^(\[[0-9a-f:.%]+\]|[^\s:/@[\]]+)(?::(\d{1,5}))?$/i;

function hostAndPort(address: string): string {
  const [, host, port = '7233'] = ADDRESS.exec(address) ?? [];
  if (host !== undefined && Number(port) >= 1 && Number(port) <= 65_535) return `${host}:${port}`;
  throw new HoldfastError('Config.Invalid', `not the address of a Temporal server: ${quoted(address)}`, {
    hint: 'Write host:port as in localhost:7233 or [::1]:7233, without http://, in TEMPORAL_ADDRESS, --address or the profile.',
  });
}

function load(env: NodeJS.ProcessEnv) {
  // An empty variable means an unset one, as in every shell script.
  const set = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  );
  try {
    return loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(set) });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastError('Config.Invalid', `Temporal's configuration cannot be used: ${message}`, {
      hint: 'Check TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE and the TEMPORAL_TLS_… variables.',
      cause,
    });
  }
}
