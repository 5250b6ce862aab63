import { accessSync, constants, mkdirSync } from 'node:fs';
import { type NativeConnection, Worker } from '@temporalio/worker';
import { createLateTools } from '../activities';
import type { Notice } from '../activities/notifiers/notifier';
import { terminal } from '../activities/notifiers/terminal';
import { HoldfastError } from '../protocol/failures';
import { storageError } from '../protocol/storage';
import { type AssemblyOptions, reassemble } from './assemble';
import { assemblySettings, defaultModelOf, workerSettings } from './config/apply';
import { keyText } from './config/keys';
import type { Config } from './config/load-config';
import type { ClusterOptions } from './connect-options';
import { openNativeConnection } from './connection';
import { HoldfastPlugin } from './plugin';
import { type LoadedAgent, loadProject } from './project/load-project';
import { projectState, watchProject } from './project/watch-project';
import { ensureSearchAttributes } from './search-attributes';
import type { Startable } from './supervisor';

export interface ProjectWorkerOptions {
  /** The project's folder. */
  root: string;
  /** Where workspaces and artifacts are kept. */
  home: string;
  /** The project's settings, as they are now. */
  readConfig: () => Config;
  /** Where to work when there is no embedded server. */
  cluster?: ClusterOptions;
  /** How long running model and tool calls may take to end when the worker stops, in ms. Default: as the settings say. */
  graceMs?: number;
  env?: NodeJS.ProcessEnv;
  /** Told each time it polls, with what it can do. */
  onReady?: (worker: ReadyWorker) => void;
  /** Told of every request for an approval, besides whom the settings name. */
  onNotice?: (notice: Notice) => void;
  /** Changes of the project are taken over while it runs, and told here. Default: they are not. */
  reload?: ReloadListener;
}

export interface ReadyWorker {
  agents: readonly LoadedAgent[];
  tools: string[];
  builtInAgents: boolean;
  /** `provider/model` of agents that name none; null where they cannot run. */
  defaultModel: string | null;
}

export interface ReloadListener {
  /** @param later keys of settings that changed too, and count from the next start. */
  onReloaded(files: string[], worker: ReadyWorker, later: string[]): void;
  /** The change was not taken over: the worker goes on as before. */
  onRefused(files: string[], error: unknown): void;
}

/** What a project comes down to at one moment. */
interface Loaded {
  config: Config;
  contents: AssemblyOptions;
  ready: ReadyWorker;
}

/** The worker of a project's agents and tools, for a supervisor. Reads the project anew each time it starts. */
export function projectWorker(options: ProjectWorkerOptions): Startable {
  let last: Loaded | undefined;
  /** Started again while a change is refused, it is what it was before. */
  const loadOrLast = (): Promise<Loaded> =>
    load(options).catch((error: unknown) => {
      if (!last || !options.reload) throw error;
      options.reload.onRefused([], error);
      return last;
    });
  return {
    name: 'worker',
    async start(server) {
      const cluster = server ?? options.cluster;
      if (!cluster) throw new Error('a worker needs an embedded server or a cluster');
      requireWritable(options.home);
      const state = await projectState(options.root);
      const [loaded, connection] = await Promise.all([loadOrLast(), openNativeConnection(cluster)]);
      last = loaded;
      try {
        // The embedded server is started with them.
        if (!server) await ensureSearchAttributes(connection, cluster.namespace);
        const plugin = new HoldfastPlugin(loaded.contents);
        const worker = await createWorker(plugin, loaded.config, connection, cluster.namespace, options.graceMs);
        const done = worker.run().finally(() => connection.close());
        options.onReady?.(loaded.ready);
        const { root, reload } = options;
        const unwatch =
          reload &&
          watchProject(
            root,
            state,
            reloading(options, plugin, loaded.config, (changed) => {
              last = changed;
            }),
          );
        const stop = async (): Promise<void> => {
          if (worker.getState() === 'RUNNING') worker.shutdown();
          await done;
        };
        return { done: done.finally(() => unwatch?.()), stop };
      } catch (error) {
        await connection.close();
        throw error;
      }
    },
  };
}

/** A worker that can keep no files would fail call after call. @throws HoldfastError `Storage.*`. */
function requireWritable(home: string): void {
  try {
    mkdirSync(home, { recursive: true });
    accessSync(home, constants.W_OK);
  } catch (error) {
    const { message } = error as Error;
    throw (
      storageError(error) ??
      new HoldfastError('Storage.ReadOnly', `${home} is no folder to keep files in: ${message}`, {
        hint: 'Set HOLDFAST_HOME to a folder that may be written.',
        cause: error,
      })
    );
  }
}

async function load({ root, home, readConfig, onNotice, env = process.env }: ProjectWorkerOptions): Promise<Loaded> {
  const { agents, tools, providers, builtInAgents } = await loadProject(root);
  const config = readConfig();
  const definitions = agents.map(({ definition }) => definition);
  const { settings } = config;
  const assembled = assemblySettings(settings, env);
  return {
    config,
    contents: {
      ...assembled,
      notifiers: [...(onNotice ? [terminal(onNotice)] : []), ...(assembled.notifiers ?? [])],
      agents: definitions,
      tools,
      providers,
      home,
      env,
    },
    ready: {
      agents,
      tools: tools.map(({ name }) => name),
      builtInAgents,
      defaultModel: defaultModelOf(settings, env) ?? null,
    },
  };
}

function createWorker(
  plugin: HoldfastPlugin,
  { settings }: Config,
  connection: NativeConnection,
  namespace: string,
  graceMs?: number,
): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    ...workerSettings(settings),
    ...(graceMs !== undefined && { shutdownGraceTime: graceMs }),
    plugins: [plugin],
    activities: { default: createLateTools(plugin.contents.services) },
  });
}

/** Whatever is wrong with a change, the worker goes on as it was. */
function reloading(
  options: ProjectWorkerOptions,
  plugin: HoldfastPlugin,
  started: Config,
  taken: (loaded: Loaded) => void,
) {
  return async (files: string[]): Promise<void> => {
    try {
      const loaded = await load(options);
      reassemble(plugin.contents, loaded.contents);
      plugin.agentsChanged();
      taken(loaded);
      options.reload?.onReloaded(files, loaded.ready, startSettings(started, loaded.config));
    } catch (error) {
      options.reload?.onRefused(files, error);
    }
  };
}

/** Where, how and how much a process works is fixed when it starts. */
const AT_START = ['worker', 'temporal', 'log'];

function startSettings(before: Config, after: Config): string[] {
  const [old, now] = [before, after].map(
    ({ entries }) => new Map(entries.map(({ path, value }) => [keyText(path), value])),
  ) as [Map<string, unknown>, Map<string, unknown>];
  const keys = [...new Set([...old.keys(), ...now.keys()])].filter((key) => old.get(key) !== now.get(key));
  return keys.filter((key) => AT_START.includes(key.split('.')[0] as string));
}
