import { openSync } from 'node:fs';
import type { Context } from '@temporalio/activity';
import {
  type ActivityInterceptors,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import { HoldfastPlugin } from 'holdfast/worker';
import { AGENTS } from './agents';
import { Failpoints } from './failpoints';
import type { FromWorker, ToWorker, WorkerSettings } from './ipc';
import { ledgerModel } from './ledger-model';
import { aboutInput, crossNative, sessionOfInput } from './native-crossings';
import { callRunning, createTools } from './tools';
import { untilUp } from './until-up';

/** The process under test: a real plugin on a real worker, with failpoints wherever it awaits something. */
export async function main(): Promise<void> {
  const settings = JSON.parse(process.env.HOLDFAST_CRASH_WORKER ?? '') as WorkerSettings;
  // The tests hold the other end of the channel: when they are gone, so are we.
  process.on('disconnect', () => process.exit(0));
  Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: ['SIGTERM'] });
  const points = new Failpoints(settings.unwatched ? undefined : openSync(settings.crossings, 'a'), askForServerKill);
  const plugin = new HoldfastPlugin({
    home: settings.home,
    env: {},
    agents: AGENTS,
    tools: createTools(settings.ledger, points),
    providers: [ledgerModel(settings.ledger, points)],
    defaultModel: 'ledger/wide',
    permissions: { profile: 'owner' },
  });
  crossServices(plugin, points);
  const connection = await untilUp(() => NativeConnection.connect({ address: settings.address }));
  const polling = new Promise<void>((resolve) => onMessage(points, resolve));
  tell({ type: 'loaded' });
  await polling;
  const options: WorkerOptions = {
    connection,
    taskQueue: settings.queue,
    plugins: [plugin],
    interceptors: { activity: [(context) => crossExecution(context, points)] },
    ...(settings.tasks && { maxConcurrentWorkflowTaskExecutions: settings.tasks }),
    ...(settings.polls && { activityTaskPollerBehavior: { type: 'simple-maximum', maximum: settings.polls } }),
  };
  const worker = await untilUp(() => Worker.create(options));
  if (!settings.unwatched) crossNative(worker, points);
  const running = worker.run();
  tell({ type: 'polling' });
  await running;
  await connection.close();
  process.exit(0);
}

function tell(message: FromWorker): void {
  process.send?.(message);
}

let goOn: () => void = () => undefined;

function askForServerKill(key: string): Promise<void> {
  const gone = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  tell({ type: 'reached', key });
  return gone;
}

function onMessage(points: Failpoints, poll: () => void): void {
  process.on('message', (message: ToWorker) => {
    if (message.type === 'poll') poll();
    if (message.type === 'go-on') goOn();
    if (message.type === 'memory') tell({ type: 'memory', rss: process.memoryUsage().rss });
    if (message.type === 'arm') {
      points.arm(message.targets);
      tell({ type: 'armed' });
    }
  });
}

/** Around what the activities use: the transcript cache and the artifact store. */
function crossServices(plugin: HoldfastPlugin, points: Failpoints): void {
  const { transcripts, artifacts } = plugin.contents.services;
  const load = transcripts.load.bind(transcripts);
  transcripts.load = async (key, wanted, pull) => {
    const about = `at ${wanted.pointer.length}`;
    await points.cross(sessionOf(key), 'transcript-loading', about);
    const loaded = await load(key, wanted, pull);
    await points.cross(sessionOf(key), 'transcript-loaded', about);
    return loaded;
  };
  const put = artifacts.put.bind(artifacts);
  artifacts.put = async (scope, source, mediaType) => {
    await points.cross(sessionOf(scope), 'artifact-putting', mediaType);
    const ref = await put(scope, source, mediaType);
    await points.cross(sessionOf(scope), 'artifact-put', mediaType);
    return ref;
  };
}

/** Keys of caches and stores start with the workflow id; ids in these tests hold no colon. */
function sessionOf(key: string): string {
  return key.split(':', 1)[0] ?? '';
}

function crossExecution({ info }: Context, points: Failpoints): ActivityInterceptors {
  const own = info.workflowExecution?.workflowId ?? '';
  return {
    inbound: {
      async execute(input, next) {
        const [given] = input.args;
        const about = aboutInput(info.activityType, given);
        const session = sessionOfInput(given) ?? own;
        await points.cross(session, 'activity-started', about);
        const { callId, turn } = Object(given) as { callId?: string; turn?: number };
        const key = callId === undefined ? undefined : `${turn}:${callId}`;
        const result = await callRunning.run(key, () => next(input));
        await points.cross(session, 'activity-returned', about);
        return result;
      },
    },
  };
}
