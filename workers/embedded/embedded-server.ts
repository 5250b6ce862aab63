import { accessSync, constants, mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { storageError } from '../../protocol/storage';
import { awaitHealthy } from './await-healthy';
import { findTemporalCli } from './find-temporal-cli';
import { withLock } from './lock-file';
import { isAlive, type ProcessIdentity } from './process-identity';
import type { EmbeddedServer, ServerExit } from './server-handle';
import { addressOf, startOwned, viewOf } from './server-process';
import { type EmbeddedServerOptions, type Settings, settingsFrom } from './settings';
import { lockedOut, messageOf, silent, startFailed, USABLE_HOME } from './start-errors';
import { readState, type ServerState } from './state-file';

export type { EmbeddedServer };

const WATCH_MS = 500;

/**
 * Starts a Temporal server for this machine alone, or attaches to the one that already runs in this home. An owned server
 * dies with this process, however it ends; its database file stays.
 *
 * @throws HoldfastError `Server.NotFound` (no binary), `Server.PortBusy`, `Server.StartFailed` (home not writable, database
 * not readable, no answer in time), `Storage.Full`, `Config.Invalid` (a port that is none).
 *
 * @example
 * ```ts
 * import { Client, Connection } from '@temporalio/client';
 * import { startEmbeddedServer } from 'holdfast/testing';
 *
 * const server = await startEmbeddedServer({ home: '/tmp/holdfast-test', port: 0, uiPort: 0 });
 * const connection = await Connection.connect({ address: server.address });
 * const temporal = new Client({ connection });
 * await connection.close();
 * await server.stop();
 * ```
 */
export async function startEmbeddedServer(options: EmbeddedServerOptions = {}): Promise<EmbeddedServer> {
  const settings = settingsFrom(options);
  const running = await attachIfRunning(settings);
  if (running) return running;
  prepareHome(settings.home);
  // Before the lock: it may have to be built first, which takes minutes.
  const cli = await findTemporalCli({ env: settings.env, log: settings.log });
  const start = async () => (await attachIfRunning(settings)) ?? startOwned(cli.path, settings);
  try {
    return await withLock(settings.lockFile, settings.startTimeoutMs * 2, lockedOut(settings), start);
  } catch (error) {
    throw storageError(error) ?? error;
  }
}

async function attachIfRunning(settings: Settings): Promise<EmbeddedServer | undefined> {
  const state = readStateOf(settings);
  if (state === undefined || !isAlive(state.server)) return undefined;
  const { server, port } = state;
  const gone = () => !isAlive(server);
  const problem = await awaitHealthy(addressOf(port), settings.namespace, settings.startTimeoutMs, gone);
  if (gone()) return undefined;
  if (problem !== undefined) throw silent(settings, server.pid, addressOf(port), problem);
  settings.log(`Temporal already runs in ${settings.home} (process ${server.pid}); using it.`);
  const letGo = new AbortController();
  const exited = watch(server, letGo.signal);
  return { ...viewOf(settings, state), owned: false, exited, stop: async () => letGo.abort() };
}

/** Not our child, so the kernel does not tell us of its end: we look. */
async function watch(server: ProcessIdentity, letGo: AbortSignal): Promise<ServerExit> {
  try {
    while (isAlive(server)) await sleep(WATCH_MS, undefined, { signal: letGo, ref: false });
    return { reason: 'died' };
  } catch {
    return { reason: 'stopped' };
  }
}

function readStateOf(settings: Settings): ServerState | undefined {
  try {
    return readState(settings.stateFile);
  } catch (cause) {
    throw startFailed(`${settings.stateFile} cannot be read: ${messageOf(cause)}`, USABLE_HOME, cause);
  }
}

function prepareHome(home: string): void {
  try {
    mkdirSync(home, { recursive: true });
    accessSync(home, constants.W_OK);
  } catch (cause) {
    throw startFailed(`the folder ${home} cannot be used: ${messageOf(cause)}`, USABLE_HOME, cause);
  }
}
