import { createLogging, installLogging, type Logging } from '../../workers/logging';
import { projectWorker, type ReadyWorker } from '../../workers/project-worker';
import { type Startable, type Supervisor, supervise } from '../../workers/supervisor';
import type { Context } from './context';
import { logFormat } from './log-line';
import { clusterOf, homeServer, type Place } from './place';

/** A server, where none is named, and a worker, in this process. */
export interface LocalCluster {
  place: Place;
  supervisor: Supervisor;
  /** True when this process started the server. */
  owned: boolean;
}

export interface LocalOptions {
  /** What is logged unless HOLDFAST_LOG says otherwise. */
  level: string;
  /** How long running calls may take to end when it stops, in ms. */
  graceMs: number;
  onReady?: (worker: ReadyWorker) => void;
  /** False starts only the server. */
  worker?: boolean;
}

let logging: Logging | undefined;

/** Temporal's runtime takes its logger once in a process. */
export function logTo(context: Context, level: string): Logging {
  if (logging) return logging;
  const { out, env } = context;
  const format = logFormat(out);
  logging = createLogging({
    levels: env.HOLDFAST_LOG || level,
    write: (text) => out.log(text),
    ...(format && { format }),
  });
  installLogging(logging);
  return logging;
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
  const services: Startable[] = options.worker === false ? [] : [workerOf(context, options, cluster)];
  const server = { home, env, namespace: env.TEMPORAL_NAMESPACE || 'default' };
  const supervisor = await supervise({
    ...(!cluster && { server }),
    services,
    signals: [],
    graceMs: options.graceMs + 2_000,
    log: (line) => logger.info(line),
  });
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

function workerOf({ project, home, env }: Context, options: LocalOptions, cluster: Place | undefined): Startable {
  const { graceMs, onReady } = options;
  return projectWorker({ root: project, home, env, graceMs, ...(cluster && { cluster }), ...(onReady && { onReady }) });
}
