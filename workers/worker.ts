import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { DEFAULT_TASK_QUEUE } from '../protocol/names';
import { HoldfastPlugin, type HoldfastPluginOptions } from './plugin';

export interface CreateWorkerOptions extends HoldfastPluginOptions {
  connection: NativeConnection;
  /** Default `default`. */
  namespace?: string;
  /** Default `holdfast`. */
  taskQueue?: string;
  /** Your own workflows, beside ours. */
  workflowsPath?: string;
  /** Any other option of a Temporal worker. */
  worker?: Partial<WorkerOptions>;
}

/** A Temporal worker with Holdfast installed; `await worker.run()` runs it. */
export function createWorker(options: CreateWorkerOptions): Promise<Worker> {
  const { connection, namespace, taskQueue, workflowsPath, worker, ...contents } = options;
  return Worker.create({
    ...worker,
    connection,
    ...(namespace && { namespace }),
    ...(workflowsPath && { workflowsPath }),
    taskQueue: taskQueue ?? worker?.taskQueue ?? DEFAULT_TASK_QUEUE,
    plugins: [new HoldfastPlugin(contents), ...(worker?.plugins ?? [])],
  });
}
