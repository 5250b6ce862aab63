import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import { HoldfastClient } from '../../client';
import { HoldfastPlugin, type HoldfastPluginOptions } from '../../workers/plugin';
import { addWorkflowCoverage, bundleForTests, withCoverageSinks } from './workflow-coverage';
import { useWorkflowThreads } from './workflow-threads';

const OURS = require.resolve('../../workflows/index');
type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

const quiet = new DefaultLogger('ERROR');

export interface TestWorkerOptions extends HoldfastPluginOptions {
  /** Workflows of a user, beside ours. */
  workflowsPath?: string;
  /** Default: the suite's own. */
  taskQueue?: string;
  worker?: Partial<WorkerOptions>;
}

/** The suite's server, and the one way in which tests make workers for it. */
export interface TestTemporal {
  readonly taskQueue: string;
  readonly namespace: string;
  readonly client: Client;
  readonly holdfast: HoldfastClient;
  readonly native: NativeConnection;
  /** A folder that is gone after the suite. */
  folder(): string;
  /** A worker that does not run yet. */
  worker(options?: TestWorkerOptions): Promise<Worker>;
  /** Runs a worker for as long as `work` takes. */
  during<T>(options: TestWorkerOptions, work: () => Promise<T>): Promise<T>;
  /** All events of a run; without a run id, of its latest Temporal run. */
  events(id: string, runId?: string): Promise<HistoryEvent[]>;
}

/** Bundled once for all test files, beside the server's data: webpack takes longer than most tests. */
async function bundleOf(workflowsPath: string): Promise<WorkflowBundleOption> {
  const folder = process.env.HOLDFAST_TEST_BUNDLES ?? '';
  const codePath = path.join(folder, `${createHash('sha256').update(workflowsPath).digest('hex')}.js`);
  if (!existsSync(codePath)) {
    const plugins = [new HoldfastPlugin({ env: {} })];
    const { code } = await bundleWorkflowCode(bundleForTests({ workflowsPath, plugins, logger: quiet }));
    mkdirSync(folder, { recursive: true });
    // Two files may make it at once: either is whole.
    const made = `${codePath}.${process.pid}`;
    writeFileSync(made, code);
    renameSync(made, codePath);
  }
  return { codePath };
}

/** To be called at the top of a test file. Every file has a task queue of its own, so that files may run together. */
export function useTemporal(name: string): TestTemporal {
  const address = process.env.HOLDFAST_TEST_ADDRESS ?? '';
  const namespace = process.env.HOLDFAST_TEST_NAMESPACE ?? 'default';
  const taskQueue = `${name}-${process.pid}-${Date.now().toString(36)}`;
  const folders: string[] = [];
  useWorkflowThreads();
  let connected: { connection: Connection; native: NativeConnection; client: Client } | undefined;

  beforeAll(async () => {
    Runtime.install({ logger: quiet });
    const [connection, native] = await Promise.all([
      Connection.connect({ address }),
      NativeConnection.connect({ address }),
    ]);
    connected = { connection, native, client: new Client({ connection, namespace }) };
  });

  afterAll(async () => {
    addWorkflowCoverage();
    await connected?.connection.close();
    await connected?.native.close();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  const open = () => {
    if (!connected) throw new Error('the suite is not connected yet: use this inside a test');
    return connected;
  };
  const folder = (): string => {
    const made = mkdtempSync(path.join(tmpdir(), `holdfast-${name}-`));
    folders.push(made);
    return made;
  };
  const worker = async ({ workflowsPath, taskQueue: queue, worker: more, ...contents }: TestWorkerOptions = {}) =>
    Worker.create({
      connection: open().native,
      namespace,
      taskQueue: queue ?? taskQueue,
      shutdownGraceTime: '1s',
      ...(more?.workflowsPath === undefined && {
        workflowBundle: await bundleOf(workflowsPath ?? OURS),
        ...withCoverageSinks(),
      }),
      ...more,
      plugins: [
        new HoldfastPlugin({ home: folder(), env: {}, permissions: { profile: 'owner' }, ...contents }),
        ...(more?.plugins ?? []),
      ],
    });
  return {
    taskQueue,
    namespace,
    get client() {
      return open().client;
    },
    get native() {
      return open().native;
    },
    get holdfast() {
      return new HoldfastClient(open().client, { taskQueue });
    },
    folder,
    worker,
    during: async (options, work) => (await worker(options)).runUntil(work),
    async events(id, runId) {
      const history = await open().client.workflow.getHandle(id, runId).fetchHistory();
      return history.events ?? [];
    },
  };
}
