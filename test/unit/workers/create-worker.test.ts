import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { HoldfastPlugin } from '../../../workers/plugin';
import { type CreateWorkerOptions, createWorker } from '../../../workers/worker';

/** What `createWorker` asks of Temporal; the workers themselves are made in the suites of workflows. */

const connection = {} as NativeConnection;

async function askedFor(options: Partial<CreateWorkerOptions> = {}): Promise<WorkerOptions> {
  const create = jest.spyOn(Worker, 'create').mockResolvedValue({} as Worker);
  try {
    await createWorker({ connection, ...options });
    return create.mock.calls[0]?.[0] as WorkerOptions;
  } finally {
    create.mockRestore();
  }
}

test('with nothing named: the queue clients use, and Holdfast alone', async () => {
  const options = await askedFor();
  expect(options).toMatchObject({ connection, taskQueue: 'holdfast', plugins: [expect.any(HoldfastPlugin)] });
  // Left to Temporal's own defaults.
  expect(options).not.toHaveProperty('namespace');
  expect(options).not.toHaveProperty('workflowsPath');
});

test('what is named here is above the same among the other options, whose rest is kept', async () => {
  const own = { name: 'own' };
  const worker = { taskQueue: 'theirs', namespace: 'theirs', maxCachedWorkflows: 7, plugins: [own] };
  expect(await askedFor({ worker })).toMatchObject({
    taskQueue: 'theirs',
    namespace: 'theirs',
    maxCachedWorkflows: 7,
    plugins: [expect.any(HoldfastPlugin), own],
  });
  expect(await askedFor({ worker, taskQueue: 'mine', namespace: 'ours', workflowsPath: './own' })).toMatchObject({
    taskQueue: 'mine',
    namespace: 'ours',
    workflowsPath: './own',
    maxCachedWorkflows: 7,
  });
});

test('agents, tools and providers go to the plugin, not to Temporal', async () => {
  const options = await askedFor({ agents: [], tools: [], providers: [] });
  for (const name of ['agents', 'tools', 'providers']) expect(options).not.toHaveProperty(name);
});
