import { defaultModelRoute } from '../activities/providers';
import type { ClusterOptions } from './connect-options';
import { openNativeConnection } from './connection';
import { type LoadedAgent, loadProject } from './project/load-project';
import { ensureSearchAttributes } from './search-attributes';
import type { Startable } from './supervisor';
import { createWorker } from './worker';

export interface ProjectWorkerOptions {
  /** The project's folder. */
  root: string;
  /** Where workspaces and artifacts are kept. */
  home: string;
  /** Where to work when there is no embedded server. */
  cluster?: ClusterOptions;
  taskQueue?: string;
  /** How long running model and tool calls may take to end when the worker stops, in ms. Default: 60,000. */
  graceMs?: number;
  env?: NodeJS.ProcessEnv;
  /** Told each time it polls, with what it can do. */
  onReady?: (worker: ReadyWorker) => void;
}

export interface ReadyWorker {
  agents: readonly LoadedAgent[];
  tools: string[];
  builtInAgents: boolean;
  /** `provider/model` of agents that name none. */
  defaultModel: string;
}

/** The worker of a project's agents and tools, for a supervisor. Reads the project anew each time it starts. */
export function projectWorker(options: ProjectWorkerOptions): Startable {
  const { root, home, taskQueue, graceMs = 60_000, env = process.env } = options;
  return {
    name: 'worker',
    async start(server) {
      const cluster = server ?? options.cluster;
      if (!cluster) throw new Error('a worker needs an embedded server or a cluster');
      const [project, connection] = await Promise.all([loadProject(root), openNativeConnection(cluster)]);
      try {
        // The embedded server is started with them.
        if (!server) await ensureSearchAttributes(connection, cluster.namespace);
        const worker = await createWorker({
          connection,
          namespace: cluster.namespace,
          agents: project.agents.map(({ definition }) => definition),
          tools: project.tools,
          home,
          env,
          ...(taskQueue && { taskQueue }),
          worker: { shutdownGraceTime: graceMs },
        });
        const done = worker.run().finally(() => connection.close());
        const { agents, tools, builtInAgents } = project;
        options.onReady?.({
          agents,
          tools: tools.map(({ name }) => name),
          builtInAgents,
          defaultModel: defaultModelRoute(env),
        });
        const stop = async (): Promise<void> => {
          if (worker.getState() === 'RUNNING') worker.shutdown();
          await done;
        };
        return { done, stop };
      } catch (error) {
        await connection.close();
        throw error;
      }
    },
  };
}
