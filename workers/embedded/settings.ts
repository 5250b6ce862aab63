import path from 'node:path';
import { HoldfastError } from '../../protocol/failures';

/** Where the server keeps its data and listens; everything has a default. */
export interface EmbeddedServerOptions {
  /** Folder of the database, the log and the state file; made when missing. Default: `HOLDFAST_HOME`, else `.holdfast`. */
  home?: string;
  /** gRPC port; 0 takes a free one. Default: `HOLDFAST_TEMPORAL_PORT`, else 7233. */
  port?: number;
  /** Web UI port; 0 takes a free one. Default: `HOLDFAST_TEMPORAL_UI_PORT`, else 8233. */
  uiPort?: number;
  /** Made when missing. Default: `default`. */
  namespace?: string;
  /** False starts the stock development server, to compare with. Default: true. */
  tuned?: boolean;
  /** Flags for `temporal server start-dev`, after ours. */
  extraFlags?: readonly string[];
  /** How long the server may take until it answers, in ms. Default: 30,000. */
  startTimeoutMs?: number;
  /** Where settings and the binary are looked up. Default: `process.env`. */
  env?: NodeJS.ProcessEnv;
  /** Progress, a line at a time. Default: nowhere. */
  log?: (line: string) => void;
}

export interface Settings extends Required<EmbeddedServerOptions> {
  stateFile: string;
  lockFile: string;
  logFile: string;
  databaseFile: string;
}

export const PORT_SETTING = 'HOLDFAST_TEMPORAL_PORT';
export const UI_PORT_SETTING = 'HOLDFAST_TEMPORAL_UI_PORT';

const DEFAULT_PORT = 7233;
const DEFAULT_UI_PORT = 8233;

/** @throws HoldfastError `Config.Invalid` for a port that is none. */
export function settingsFrom(options: EmbeddedServerOptions): Settings {
  const env = options.env ?? process.env;
  const home = homeFrom(env, options.home);
  return {
    home,
    port: options.port ?? portFrom(env, PORT_SETTING, DEFAULT_PORT),
    uiPort: options.uiPort ?? portFrom(env, UI_PORT_SETTING, DEFAULT_UI_PORT),
    namespace: options.namespace ?? 'default',
    tuned: options.tuned ?? true,
    extraFlags: options.extraFlags ?? [],
    startTimeoutMs: options.startTimeoutMs ?? 30_000,
    env,
    log: options.log ?? (() => undefined),
    stateFile: path.join(home, 'server.json'),
    lockFile: path.join(home, 'server.lock'),
    logFile: path.join(home, 'temporal.log'),
    databaseFile: path.join(home, 'temporal.db'),
  };
}

/** The absolute path of the folder that holds everything Holdfast keeps on this machine. */
export function homeFrom(env: NodeJS.ProcessEnv, given?: string): string {
  return path.resolve(given ?? (env.HOLDFAST_HOME || '.holdfast'));
}

function portFrom(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new HoldfastError('Config.Invalid', `${name} is "${text}", which is not a port`, {
    hint: 'Give a whole number from 0 to 65535; 0 takes any free port.',
  });
}
