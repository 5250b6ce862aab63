import type { Worker } from 'node:worker_threads';
import {
  ThreadedVMWorkflowCreator as Creator,
  type ThreadedVMWorkflowCreatorOptions as CreatorOptions,
  type WorkerThreadClient as Thread,
} from '@temporalio/worker/lib/workflow/threaded-vm';

/**
 * Threads that execute workflows, kept from one worker of a test file for the next: what a thread loads before it can begin takes
 * several times as long as all else of a worker. A thread serves one worker at a time, and each worker gets a sandbox of its own.
 * To be called at the top of a test file.
 */
export function useWorkflowThreads(): void {
  const idle: Thread[] = [];
  const make = Creator.create.bind(Creator);
  let isOver = false;

  const create = async (options: CreatorOptions): Promise<Creator> => {
    if (options.threadPoolSize !== 1 || !options.reuseV8Context) return make(options);
    const kept = idle.pop();
    const creator = kept ? await begin(kept, options) : await make(options);
    const [thread] = threadsOf(creator);
    const destroy = creator.destroy.bind(creator);
    creator.destroy = async () => {
      // What still runs in it would run on beside the next worker's.
      if (isOver || thread === undefined || thread.getActiveWorkflowCount() > 0) return destroy();
      await thread.send({ type: 'destroy' });
      idle.push(thread);
    };
    return creator;
  };

  beforeAll(() => {
    Creator.create = create;
  });

  afterAll(async () => {
    isOver = true;
    await Promise.all(idle.map((thread) => end(thread)));
  });
}

async function begin(thread: Thread, options: CreatorOptions): Promise<Creator> {
  const { logger, patchActivationCallback, threadPoolSize: _one, ...settings } = options;
  Object.assign(thread, { logger, patchActivationCallback });
  const hasPatchActivationCallback = patchActivationCallback !== undefined;
  await thread.send({ type: 'init', ...settings, hasPatchActivationCallback });
  return new Creator([thread]);
}

// What the SDK keeps to itself.
const threadsOf = (creator: Creator) => (creator as unknown as { workerThreadClients: Thread[] }).workerThreadClients;
const end = (thread: Thread) => (thread as unknown as { workerThread: Worker }).workerThread.terminate();
