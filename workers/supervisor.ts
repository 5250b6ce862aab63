import { setTimeout as sleep } from 'node:timers/promises';
import { type EmbeddedServer, startEmbeddedServer } from './embedded/embedded-server';
import type { EmbeddedServerOptions } from './embedded/settings';
import { keepRunning, type Running } from './keep-running';

/** Starts a worker or another service that needs the server. */
export interface Startable {
  /** For the log. */
  name: string;
  /**
   * @param server the embedded server, undefined against a cluster. After a restart it has the same address.
   */
  start(server: EmbeddedServer | undefined): Promise<Running>;
}

export interface SupervisorOptions {
  /** Undefined against a real cluster. */
  server?: EmbeddedServerOptions;
  /** Started one after the other in this order, once the server answers; stopped in the opposite order. */
  services: readonly Startable[];
  /** How long a service may take to stop, in ms: long enough for the model call it is in. Default: 60,000. */
  graceMs?: number;
  /** First signal: stop in order; second: now. Empty for none. Default: SIGINT, SIGTERM and SIGHUP. */
  signals?: readonly NodeJS.Signals[];
  /** How restarts are paced; see `KeepOptions`. */
  restart?: { backoffMs?: number; stableMs?: number; giveUpMs?: number };
  /** Progress, a line at a time. Default: nowhere. */
  log?: (line: string) => void;
}

/** How it ended: `forced` when something had not stopped within its grace, or was told to stop twice. */
export type SupervisorEnd = 'stopped' | 'forced';

export interface Supervisor {
  /** The server of this moment: another after a restart, at the same address. Undefined against a cluster. */
  server(): EmbeddedServer | undefined;
  /**
   * Settles when everything has ended; rejects with the reason when the server or a service was given up, after the rest has been
   * stopped. After `forced` a service may still run in this process: exit it.
   */
  readonly done: Promise<SupervisorEnd>;
  /** Stops services, then the server. A second call forces. */
  stop(): Promise<SupervisorEnd>;
}

const DEFAULT_GRACE_MS = 60_000;
const STAY_MS = 60_000;
const DEFAULT_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Owns the embedded server and what runs on it. Starts them in order; starts again what dies, at the same address and on
 * the same database file, so that runs go on; takes the server over when its owner died; stops them in order.
 *
 * @throws what the first start of the server or of a service threw, after what had been started is stopped.
 */
export async function supervise(options: SupervisorOptions): Promise<Supervisor> {
  const { log = () => undefined, graceMs = DEFAULT_GRACE_MS, signals = DEFAULT_SIGNALS } = options;
  const pace = { log, ...options.restart };
  const server =
    options.server && (await keepRunning(serverStart({ log, ...options.server }), { name: 'Temporal', ...pace }));
  const services: Running[] = [];
  const stopAll = (force: AbortSignal) => stopInOrder(services, server, graceMs, force);
  try {
    for (const { name, start } of options.services) {
      services.unshift(await keepRunning(() => start(server?.current.server), { name, ...pace }));
    }
  } catch (error) {
    await stopAll(new AbortController().signal);
    throw error;
  }
  const everything = server ? [...services, server] : services;
  return { ...untilAsked(everything, stopAll, signals), server: () => server?.current.server };
}

interface RunningServer extends Running {
  server: EmbeddedServer;
}

/** Where the server was, it comes back: workers and clients keep their connections to it. */
function serverStart(options: EmbeddedServerOptions) {
  return async (before: RunningServer | undefined): Promise<RunningServer> => {
    const place = before && { port: before.server.port, uiPort: before.server.uiPort };
    const server = await startEmbeddedServer({ ...options, ...place });
    return { server, stop: () => server.stop(), done: server.exited.then(() => undefined) };
  };
}

/** Runs until `stop()`, a signal, or something that was given up; then stops all. */
function untilAsked(
  everything: readonly Running[],
  stopAll: (force: AbortSignal) => Promise<SupervisorEnd>,
  signals: readonly NodeJS.Signals[],
): Pick<Supervisor, 'done' | 'stop'> {
  const [asked, force] = [new AbortController(), new AbortController()];
  const askedOnce = new Promise<void>((resolve) => asked.signal.addEventListener('abort', () => resolve()));
  const ask = () => (asked.signal.aborted ? force.abort() : asked.abort());
  for (const signal of signals) process.on(signal, ask);
  // Neither a guarded server nor a promise keeps a process running.
  const stay = setInterval(() => undefined, STAY_MS);
  // What is kept running ends only when it is stopped, or with the reason it was given up for.
  const givenUp = Promise.all(everything.map((running) => running.done)).then(() => askedOnce);
  const done = Promise.race([askedOnce, givenUp])
    .then(
      () => stopAll(force.signal),
      async (reason: unknown) => {
        await stopAll(force.signal);
        throw reason;
      },
    )
    .finally(() => {
      clearInterval(stay);
      for (const signal of signals) process.off(signal, ask);
    });
  done.catch(() => undefined);
  const stop = () => {
    ask();
    return done;
  };
  return { done, stop };
}

/** Services first, the latest first; one that does not stop in time is left behind. Then the server. */
async function stopInOrder(
  services: readonly Running[],
  server: Running | undefined,
  graceMs: number,
  force: AbortSignal,
): Promise<SupervisorEnd> {
  let end: SupervisorEnd = 'stopped';
  for (const service of services) {
    if (!(await stopsWithin(service, graceMs, force))) end = 'forced';
  }
  await server?.stop();
  return end;
}

async function stopsWithin(service: Running, graceMs: number, force: AbortSignal): Promise<boolean> {
  const patience = new AbortController();
  const tooLate = sleep(graceMs, false, { signal: AbortSignal.any([patience.signal, force]) }).catch(() => false);
  const stopped = service.stop().then(() => true);
  const inTime = await Promise.race([stopped, tooLate]);
  patience.abort();
  return inTime;
}
