import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { LOG_LEVEL, serve, settings } from '../../stand/serve.mjs';
import { createActivities } from './activities.mjs';

Runtime.install({ logger: new DefaultLogger(LOG_LEVEL) });

await serve(async () =>
  Worker.create({
    connection: await NativeConnection.connect({ address: settings.address }),
    taskQueue: settings.taskQueue,
    workflowBundle: { codePath: settings.bundle },
    activities: createActivities(settings.provider),
  }),
);
