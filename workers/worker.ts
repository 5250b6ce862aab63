import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { DEFAULT_TASK_QUEUE } from '../protocol/names';
import { HoldfastPlugin, type HoldfastPluginOptions } from './plugin';

/** Where the worker works, and what it has; all that `HoldfastPlugin` takes may be given. */
export interface CreateWorkerOptions extends HoldfastPluginOptions {
  /** To the Temporal server; whoever made it closes it. */
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

/**
 * A Temporal worker with Holdfast installed; `await worker.run()` runs it.
 *
 * @example
 * ```ts
 * import { NativeConnection } from '@temporalio/worker';
 * import { defineAgent } from 'holdfast';
 * import { createWorker } from 'holdfast/worker';
 *
 * const cashier = defineAgent({ name: 'cashier', instructions: 'You add up what people buy.', tools: ['calculator'] });
 * const connection = await NativeConnection.connect({ address: '127.0.0.1:7233' });
 * const worker = await createWorker({ connection, agents: [cashier] });
 * await worker.run();
 * ```
 */
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
