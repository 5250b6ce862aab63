import { accessSync, constants, mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError } from '../../protocol/failures';
import { awaitHealthy } from './await-healthy';
import { findTemporalCli } from './find-temporal-cli';
import { type GuardedProcess, spawnGuarded } from './guard';
import { withLock } from './lock-file';
import { freePort, LOOPBACK, requireFreePort } from './ports';
import { identify, isAlive, type ProcessIdentity, signalProcess } from './process-identity';
import { rotateLog, tailOfLog } from './server-log';
import { type EmbeddedServerOptions, PORT_SETTING, type Settings, settingsFrom, UI_PORT_SETTING } from './settings';
import { readState, removeState, type ServerState, writeState } from './state-file';
import { searchAttributeFlags, tuningFlags } from './tuning';

/** Why a server is no longer there for this handle. */
export interface ServerExit {
  /** `stopped`: by `stop()` on this handle. `died`: anything else, its owner's `stop()` included. */
  reason: 'stopped' | 'died';
  /** The exit code, where this process was the parent; 128 + the signal's number for a signal. */
  code?: number;
}

export interface EmbeddedServer {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string;
  readonly port: number;
  readonly uiPort: number;
  /** Of the server. */
  readonly pid: number;
  /** False when another process started it and this one only uses it. */
  readonly owned: boolean;
  /**
   * Settles when the server is gone, or when `stop()` let go of one that is not owned. Never rejects. Waiting for it does
   * not keep the process running.
   */
  readonly exited: Promise<ServerExit>;
  /** Stops an owned server; lets go of another's. May be called again. */
  stop(): Promise<void>;
}

const LOCK_SLACK_MS = 5_000;
const STOP_GRACE_MS = 5_000;
const WATCH_MS = 500;

/**
 * Starts a Temporal server for this machine alone, or attaches to the one that already runs in this home. An owned server
 * dies with this process, however it ends; its database file stays.
 *
 * @throws HoldfastError `Server.NotFound` (no binary), `Server.PortBusy`, `Server.StartFailed` (home not writable, database
 * not readable, no answer in time), `Config.Invalid` (a port that is none).
 */
export async function startEmbeddedServer(options: EmbeddedServerOptions = {}): Promise<EmbeddedServer> {
  const settings = settingsFrom(options);
  const running = await attachIfRunning(settings);
  if (running) return running;
  prepareHome(settings.home);
  // Before the lock: it may have to be built first, which takes minutes.
  const cli = await findTemporalCli({ env: settings.env, log: settings.log });
  return withLock(settings.lockFile, settings.startTimeoutMs + LOCK_SLACK_MS, lockedOut(settings), async () => {
    return (await attachIfRunning(settings)) ?? start(cli.path, settings);
  });
}

async function attachIfRunning(settings: Settings): Promise<EmbeddedServer | undefined> {
  const state = readStateOf(settings);
  if (state === undefined || !isAlive(state.server)) return undefined;
  const { server, port } = state;
  const gone = () => !isAlive(server);
  const problem = await awaitHealthy(addressOf(port), settings.namespace, settings.startTimeoutMs, gone);
  if (gone()) return undefined;
  if (problem !== undefined) throw silent(settings, state, problem);
  settings.log(`Temporal already runs in ${settings.home} (process ${server.pid}); using it.`);
  const letGo = new AbortController();
  const exited = watch(server, letGo.signal);
  return { ...describe(settings, state), owned: false, exited, stop: async () => letGo.abort() };
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

async function start(cliPath: string, settings: Settings): Promise<EmbeddedServer> {
  const ports = await choosePorts(settings);
  rotateLog(settings.logFile);
  const child = await spawnGuarded(cliPath, flagsOf(settings, ports), settings.logFile).catch((cause) => {
    throw startFailed(`The Temporal server cannot be started: ${messageOf(cause)}.`, SEE_DOCTOR, cause);
  });
  let ended = false;
  child.exited.then(() => {
    ended = true;
  });
  const state: ServerState = { server: identify(child.pid) ?? { pid: child.pid, startedAt: '' }, ...ports };
  writeState(settings.stateFile, state);
  const problem = await awaitHealthy(addressOf(ports.port), settings.namespace, settings.startTimeoutMs, () => ended);
  if (problem === undefined) return own(child, settings, state);
  const died = ended;
  await endProcess(child, state.server);
  removeState(settings.stateFile, state.server);
  // The port may have been taken between our look and the server's.
  await requirePorts(ports);
  throw neverHealthy(settings, died, problem);
}

function own(child: GuardedProcess, settings: Settings, state: ServerState): EmbeddedServer {
  let stopping: Promise<void> | undefined;
  const exited = child.exited.then((code): ServerExit => {
    // When the guard was killed and not the server, the server must not outlive its handle.
    signalProcess(state.server, 'SIGKILL');
    removeState(settings.stateFile, state.server);
    return { reason: stopping ? 'stopped' : 'died', code };
  });
  const stop = () => {
    stopping ??= endProcess(child, state.server).then(async () => void (await exited));
    return stopping;
  };
  return { ...describe(settings, state), owned: true, exited, stop };
}

/** Politely, then not. Nothing is lost either way: what the server has answered is in its database. */
async function endProcess(child: GuardedProcess, server: ProcessIdentity): Promise<void> {
  signalProcess(server, 'SIGTERM');
  const patience = new AbortController();
  const late = sleep(STOP_GRACE_MS, 'late', { signal: patience.signal }).catch(() => 'ended');
  if ((await Promise.race([child.exited, late])) === 'late') signalProcess(server, 'SIGKILL');
  patience.abort();
  child.release();
  await child.exited;
}

interface Ports {
  port: number;
  uiPort: number;
}

async function choosePorts(settings: Settings): Promise<Ports> {
  const { port, uiPort } = settings;
  await requirePorts(settings);
  return { port: port === 0 ? await freePort() : port, uiPort: uiPort === 0 ? await freePort() : uiPort };
}

async function requirePorts({ port, uiPort }: Ports): Promise<void> {
  await requireFreePort(port, 'Temporal', PORT_SETTING);
  await requireFreePort(uiPort, 'the Temporal Web UI', UI_PORT_SETTING);
}

function flagsOf(settings: Settings, ports: Ports): string[] {
  return [
    ...[
      'server',
      'start-dev',
      '--ip',
      LOOPBACK,
      '--log-level',
      'warn',
      '--disable-config-file',
      '--disable-config-env',
    ],
    ...['--port', String(ports.port), '--ui-port', String(ports.uiPort)],
    ...['--namespace', settings.namespace, '--db-filename', settings.databaseFile],
    ...searchAttributeFlags(),
    ...(settings.tuned ? tuningFlags() : []),
    ...settings.extraFlags,
  ];
}

function describe(settings: Settings, { server, port, uiPort }: ServerState) {
  const { namespace } = settings;
  return { address: addressOf(port), namespace, uiUrl: `http://${LOOPBACK}:${uiPort}`, port, uiPort, pid: server.pid };
}

function addressOf(port: number): string {
  return `${LOOPBACK}:${port}`;
}

function readStateOf(settings: Settings): ServerState | undefined {
  try {
    return readState(settings.stateFile);
  } catch (cause) {
    throw startFailed(`${settings.stateFile} cannot be read: ${messageOf(cause)}.`, USABLE_HOME, cause);
  }
}

function prepareHome(home: string): void {
  try {
    mkdirSync(home, { recursive: true });
    accessSync(home, constants.W_OK);
  } catch (cause) {
    throw startFailed(`The folder ${home} cannot be used: ${messageOf(cause)}.`, USABLE_HOME, cause);
  }
}

const USABLE_HOME = 'Set HOLDFAST_HOME to a folder you may write to.';
const SEE_DOCTOR = 'Run `holdfast doctor`.';

function neverHealthy(settings: Settings, died: boolean, problem: unknown): HoldfastError {
  const what = died
    ? 'ended at once'
    : `did not answer within ${settings.startTimeoutMs / 1000} s (${messageOf(problem)})`;
  const tail = tailOfLog(settings.logFile);
  const hint = /not a database|malformed|corrupt/i.test(tail)
    ? `The database is damaged. Move ${settings.databaseFile} away to start with an empty one.`
    : `The whole log is ${settings.logFile}.`;
  return startFailed(`The Temporal server ${what}. Its last words:\n${tail}`, hint, problem);
}

function silent(settings: Settings, state: ServerState, problem: unknown): HoldfastError {
  return startFailed(
    `Temporal runs in ${settings.home} as process ${state.server.pid}, but does not answer at ${addressOf(state.port)} (${messageOf(problem)}).`,
    `End process ${state.server.pid} and try again.`,
    problem,
  );
}

function lockedOut({ home, lockFile }: Settings) {
  return (holder: ProcessIdentity) =>
    startFailed(
      `Process ${holder.pid} has been starting Temporal in ${home} for too long.`,
      `End process ${holder.pid}, or remove ${lockFile} if it is not Holdfast.`,
    );
}

function startFailed(message: string, hint: string, cause?: unknown): HoldfastError {
  return new HoldfastError('Server.StartFailed', message, { hint, cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
