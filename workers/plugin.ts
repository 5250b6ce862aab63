import { getHeapStatistics } from 'node:v8';
import type {
  BundleOptions,
  BundlerPlugin,
  ReplayWorkerOptions,
  Worker,
  WorkerOptions,
  WorkerPlugin,
} from '@temporalio/worker';
import { DEFAULT_TASK_QUEUE } from '../protocol/names';
import { logActivity } from './activity-log';
import { type Assembly, type AssemblyOptions, assemble } from './assemble';
import { ownWorkflows, withInterceptors, withUserWorkflows } from './bundler';
import { withProjectSettings } from './config/project-settings';
import { Registrar, registrySinks } from './registry/registrar';
import { ensureSearchAttributes } from './search-attributes';

/** What agents, tools and providers a worker has. */
export interface HoldfastPluginOptions extends AssemblyOptions {
  /**
   * A folder whose `holdfast.yaml` gives prices, providers, models' windows and the default model, with its profile and the
   * environment as for `holdfast worker`. What is given here in code counts above it. Default: no file is read.
   */
  project?: string;
  /** Which profile of the project's settings. Default `HOLDFAST_PROFILE`, else `development`. */
  profile?: string;
}

/**
 * Workflow code that runs for so long is taken for an endless loop. Ending it can abort the whole process (nodejs/node#38503), and the
 * SDK's five seconds also pass where a machine is busy: with 200 runs at load 20 workers aborted in a way that fits. Not in the SDK's types.
 */
const PATIENCE = { isolateExecutionTimeout: '30s' };

/**
 * Runs that a worker keeps in memory, where its heap has room for so many by the SDK's own rule (600 for each GB above 200 MB). A run that
 * waits takes about a quarter of a MB, so that a worker with a thousand parked sessions stays below 512 MB; one that was let go is
 * loaded from its history when something happens to it.
 */
const KEPT_RUNS = 600;
const keptRuns = (): number =>
  Math.min(KEPT_RUNS, Math.max(10, Math.floor(((getHeapStatistics().heap_size_limit / 2 ** 20 - 200) * 600) / 1024)));

/**
 * Installs Holdfast on a Temporal worker: `plugins: [new HoldfastPlugin({ agents, tools })]`. The worker keeps its own
 * `workflowsPath` and activities; ours are added, and the namespace gets the search attributes that runs are found by. Every hook may run twice on the same options (a plugin on the connection
 * and on the worker does) without effect.
 *
 * @example
 * ```ts
 * import { NativeConnection, Worker } from '@temporalio/worker';
 * import { HoldfastPlugin, loadProject } from 'holdfast/worker';
 *
 * const { agents, tools, providers } = await loadProject('.');
 * const plugin = new HoldfastPlugin({ agents: agents.map(({ definition }) => definition), tools, providers });
 * const connection = await NativeConnection.connect();
 * const worker = await Worker.create({ connection, taskQueue: 'holdfast', plugins: [plugin] });
 * await worker.run();
 * ```
 */
export class HoldfastPlugin implements WorkerPlugin, BundlerPlugin {
  readonly name = 'holdfast';
  // Really private: the SDK writes a worker's options, its plugins among them, to the log, and these hold the whole environment.
  readonly #options: HoldfastPluginOptions;
  #assembly: Assembly | undefined;
  private running = 0;
  /** By task queue: one for each worker that tells a registry. */
  private readonly registrars = new Map<string, Registrar>();

  /** @throws HoldfastError for agents or tools that could not run, or settings that cannot be used; see `docs/errors/`. */
  constructor(options: HoldfastPluginOptions = {}) {
    this.#options = options;
  }

  /** What this plugin's workers know; made on first use, shared by all of them. */
  get contents(): Assembly {
    this.#assembly ??= assemble(withProjectSettings(this.#options));
    return this.#assembly;
  }

  /** Adds ours to a worker's options; what is given there is kept. Called by Temporal. */
  async configureWorker(options: WorkerOptions): Promise<WorkerOptions> {
    if (options.connection) await ensureSearchAttributes(options.connection, options.namespace ?? 'default');
    const hasWorkflows = options.workflowsPath !== undefined || options.workflowBundle !== undefined;
    const taskQueue = options.taskQueue ?? DEFAULT_TASK_QUEUE;
    this.prepareRegistrar(options, taskQueue);
    return {
      ...PATIENCE,
      ...options,
      ...(hasWorkflows ? {} : ownWorkflows()),
      taskQueue,
      sinks: { ...options.sinks, ...registrySinks(() => this.registrars.get(taskQueue)?.reporter) },
      activities: { ...options.activities, ...this.contents.activities },
      interceptors: { ...options.interceptors, activity: withActivityLog(options.interceptors?.activity) },
      // Heartbeats leave every half second, so that the 3 s heartbeat timeout leaves room for a busy event loop.
      maxHeartbeatThrottleInterval: options.maxHeartbeatThrottleInterval ?? 500,
      defaultHeartbeatThrottleInterval: options.defaultHeartbeatThrottleInterval ?? 500,
      maxCachedWorkflows: options.maxCachedWorkflows ?? keptRuns(),
      // A worker that went away must not keep its sessions waiting for its private queue.
      stickyQueueScheduleToStartTimeout: options.stickyQueueScheduleToStartTimeout ?? '3s',
      // A model call may end before the worker does.
      shutdownGraceTime: options.shutdownGraceTime ?? '60s',
    };
  }

  /** Agents have come, changed or gone: the registry is told. */
  agentsChanged(): void {
    for (const registrar of this.registrars.values()) registrar.changed();
  }

  private prepareRegistrar({ connection, namespace = 'default', identity }: WorkerOptions, taskQueue: string): void {
    const { registry } = this.#options;
    if (!registry || !connection || this.registrars.has(taskQueue)) return;
    const by = identity ?? `worker of ${taskQueue}`;
    const at = { connection, namespace, taskQueue, registry, by };
    this.registrars.set(taskQueue, new Registrar(this.contents.services, at));
  }

  /** The last worker to end closes what they share. */
  async runWorker(worker: Worker, next: (worker: Worker) => Promise<void>): Promise<void> {
    this.running++;
    const registrar = this.registrars.get(worker.options.taskQueue ?? DEFAULT_TASK_QUEUE);
    registrar?.start();
    try {
      await next(worker);
    } finally {
      await registrar?.stop();
      if (--this.running === 0) await this.contents.services.streams.close();
    }
  }

  /** The same for a worker that replays histories: workflows and sinks, nothing that acts. Called by Temporal. */
  configureReplayWorker(options: ReplayWorkerOptions): ReplayWorkerOptions {
    const hasWorkflows = options.workflowsPath !== undefined || options.workflowBundle !== undefined;
    const sinks = { ...options.sinks, ...registrySinks(() => undefined) };
    return { ...options, ...(hasWorkflows ? {} : ownWorkflows()), sinks };
  }

  /** Bundles our workflows beside the user's own. Called by Temporal. */
  configureBundler(options: BundleOptions): BundleOptions {
    return withInterceptors(withUserWorkflows(options));
  }
}

type ActivityInterceptors = NonNullable<WorkerOptions['interceptors']>['activity'];

function withActivityLog(given: ActivityInterceptors = []): ActivityInterceptors {
  return given.includes(logActivity) ? given : [...given, logActivity];
}
