import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Notice } from '../../protocol/notice';
import { AgentFiles } from '../../workers/agent-files';
import { createLogging, installLogging, type Logging } from '../../workers/logging';
import type { ReadyWorker, ReloadListener } from '../../workers/project-worker';
import { RotatingFile } from '../../workers/rotating-file';
import { type Startable, type Supervisor, supervise } from '../../workers/supervisor';
import type { Context } from './context';
import { logFormat } from './log-line';
import { clusterOf, homeServer, isTls, type Place } from './place';
import { requireListening } from './reachable';

/** A server, where none is named, and a worker, in this process. */
export interface LocalCluster {
  place: Place;
  supervisor: Supervisor;
  /** True when this process started the server. */
  owned: boolean;
}

export interface LocalOptions {
  /** What is logged unless the settings say otherwise. */
  level: string;
  /** How long running calls may take to end when it stops, in ms. */
  graceMs: number;
  onReady?: (worker: ReadyWorker) => void;
  /** Told of every request for an approval. */
  onNotice?: (notice: Notice) => void;
  /** Changes of the project are taken over while the worker runs. */
  reload?: ReloadListener;
  /** False starts only the server. */
  worker?: boolean;
}

/** After the grace, for what does not react. */
const FORCE_AFTER_MS = 2_000;

let logging: Logging | undefined;

/**
 * One log for the process: Temporal's runtime takes its logger once.
 * @param toFile whether the files of the settings are written too; only by what stays, so that it has one writer.
 */
export function logTo({ out, project, config }: Context, level: string, toFile = false): Logging {
  if (logging) return logging;
  const { levels, format: wanted } = config.settings.log;
  const format = logFormat(out, wanted);
  const files = toFile ? logFiles(project, config.settings.log) : [];
  logging = createLogging({
    levels: levels ?? level,
    write: (text) => out.log(text),
    ...(format && { format }),
    ...(files.length > 0 && {
      file: {
        write(line) {
          for (const file of files) file.write(line);
        },
      },
    }),
  });
  return logging;
}

function logFiles(project: string, log: Context['config']['settings']['log']): { write(line: string): void }[] {
  const { file, agents, maxMegabytes, maxAge, keep } = log;
  const options = { maxBytes: maxMegabytes * 1_000_000, keep, ...(maxAge !== undefined && { maxAgeMs: maxAge }) };
  return [
    ...(file === undefined ? [] : [new RotatingFile(path.resolve(project, file), options)]),
    ...(agents === undefined ? [] : [new AgentFiles(path.resolve(project, agents), options)]),
  ];
}

/**
 * Starts a worker of the project and, where no cluster is named, the embedded server, or uses the one that runs. The caller
 * stops it; signals are left alone.
 * @throws HoldfastError of the server or of the project.
 */
export async function openLocal(context: Context, options: LocalOptions): Promise<LocalCluster> {
  const { home, env, out } = context;
  const { logger } = logTo(context, options.level);
  const cluster = clusterOf(context);
  if (cluster) await requireListening(cluster.address, env, isTls(cluster));
  const services = options.worker === false ? [] : [workerOf(context, options, cluster)];
  const server = { home, env, namespace: env.TEMPORAL_NAMESPACE || 'default' };
  const starting = supervise({
    ...(!cluster && { server }),
    services,
    signals: [],
    graceMs: options.graceMs + FORCE_AFTER_MS,
    log: (line) => logger.info(line),
  });
  if (services.length > 0) await loadMeanwhile(context, starting);
  const supervisor = await starting;
  const own = supervisor.server();
  out.phase('server and worker are ready');
  const place = cluster ?? homeServer(context);
  if (!place) throw new Error('the embedded server ended while it was started');
  return {
    place: own ? { ...place, address: own.address, uiUrl: own.uiUrl } : place,
    supervisor,
    owned: own?.owned ?? false,
  };
}

/** A server process takes about a second until it answers; in that second the worker's code is loaded. */
async function loadMeanwhile(context: Context, starting: Promise<unknown>): Promise<void> {
  let settled = false;
  const settle = (): void => {
    settled = true;
  };
  starting.then(settle, settle);
  while (!settled && !homeServer(context)) await sleep(10);
  if (!settled) loadWorker();
}

function loadWorker(): typeof import('../../workers/project-worker') {
  return require('../../workers/project-worker') as typeof import('../../workers/project-worker');
}

let installed = false;

function workerOf(context: Context, options: LocalOptions, cluster: Place | undefined): Startable {
  const { project, home, env, out, readConfig } = context;
  const { graceMs, onReady, onNotice, reload } = options;
  return {
    name: 'worker',
    start(server) {
      out.phase('server is ready');
      const { projectWorker } = loadWorker();
      if (!installed) {
        installLogging(logTo(context, options.level));
        installed = true;
      }
      out.phase('worker code is loaded');
      const optional = {
        ...(cluster && { cluster }),
        ...(onReady && { onReady }),
        ...(onNotice && { onNotice }),
        ...(reload && { reload }),
      };
      return projectWorker({ root: project, home, env, readConfig, graceMs, ...optional }).start(server);
    },
  };
}
