import { setTimeout as sleep } from 'node:timers/promises';
import { awaitHealthy } from './await-healthy';
import { type GuardedProcess, spawnGuarded } from './guard';
import { freePort, LOOPBACK, requireFreePort } from './ports';
import { identify, type ProcessIdentity, signalProcess } from './process-identity';
import type { EmbeddedServer, ServerExit } from './server-handle';
import { rotateLog } from './server-log';
import { PORT_SETTING, type Settings, UI_PORT_SETTING } from './settings';
import { messageOf, neverHealthy, startFailed } from './start-errors';
import { removeState, type ServerState, writeState } from './state-file';
import { searchAttributeFlags, tuningFlags } from './tuning';

const STOP_GRACE_MS = 5_000;

/** Starts the server as a guarded child of this process and waits until it answers. The caller holds the home's lock. */
export async function startOwned(cliPath: string, settings: Settings): Promise<EmbeddedServer> {
  const ports = await choosePorts(settings);
  rotateLog(settings.logFile);
  const child = await spawnGuarded(cliPath, flagsOf(settings, ports), settings.logFile).catch((cause) => {
    throw startFailed(`the Temporal server cannot be started: ${messageOf(cause)}`, 'Run `holdfast doctor`.', cause);
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
  return { ...viewOf(settings, state), owned: true, exited, stop };
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

/** What every handle tells about the server behind it. */
export function viewOf(settings: Settings, { server, port, uiPort }: ServerState) {
  const { namespace } = settings;
  return { address: addressOf(port), namespace, uiUrl: `http://${LOOPBACK}:${uiPort}`, port, uiPort, pid: server.pid };
}

export function addressOf(port: number): string {
  return `${LOOPBACK}:${port}`;
}
