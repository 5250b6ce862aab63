import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { LOG_LEVEL, serve, settings } from '../../stand/serve.mjs';
import { lookUp, TOOL } from '../../task.mjs';
import { createPlugin } from './plugin.mjs';

Runtime.install({ logger: new DefaultLogger(LOG_LEVEL) });

await serve(async () =>
  Worker.create({
    connection: await NativeConnection.connect({ address: settings.address }),
    taskQueue: settings.taskQueue,
    workflowBundle: { codePath: settings.bundle },
    activities: { [TOOL]: async ({ shelf }) => lookUp(shelf) },
    plugins: [createPlugin(settings.provider)],
  }),
);
