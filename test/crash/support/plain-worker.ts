import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import type { PriceOverrides } from '../../../activities/providers/prices';
import type { AgentDefinition } from '../../../protocol/agent';
import { watch } from './processes';

export interface PlainWorkerSettings {
  address: string;
  taskQueue: string;
  /** Folder of the worker's artifacts and workspaces. */
  home: string;
  agents: AgentDefinition[];
  env: Record<string, string>;
  prices: PriceOverrides;
}

/** A worker of some agents and the usual tools, in a process of its own that may be killed; resolves once it takes work. */
export async function startPlainWorker(settings: PlainWorkerSettings): Promise<ChildProcess> {
  const child = fork(path.join(__dirname, 'plain-worker-process.cjs'), [], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, HOLDFAST_PLAIN_WORKER: JSON.stringify(settings) },
    execArgv: [],
  });
  watch(child.pid, 'worker');
  await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
  });
  return child;
}
