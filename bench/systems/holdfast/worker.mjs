import { createRequire } from 'node:module';
import { HoldfastClient } from '../../../dist/client/index.js';
import { createWorker } from '../../../dist/workers/index.js';
import { LOG_LEVEL, serve, settings } from '../../stand/serve.mjs';
import { PROMPT } from '../../task.mjs';
import { contents } from './agents.mjs';

const require = createRequire(new URL('../../../dist/', import.meta.url));
const { DefaultLogger, NativeConnection, Runtime } = require('@temporalio/worker');

Runtime.install({ logger: new DefaultLogger(LOG_LEVEL) });
const connection = await NativeConnection.connect({ address: settings.address });

/** A client in the worker's own process, on the worker's connection. */
function startHere({ id, model }) {
  const { Client } = require('@temporalio/client');
  const holdfast = new HoldfastClient(new Client({ connection }), { taskQueue: settings.taskQueue });
  return async () => {
    const startedAt = performance.timeOrigin + performance.now();
    const run = await holdfast.start('clerk', { id, input: PROMPT, model: `openai/${model}` });
    await run.result();
    return { startedAt };
  };
}

await serve(
  () =>
    createWorker({
      connection,
      taskQueue: settings.taskQueue,
      ...contents(settings),
      ...(settings.variant.startsWith('cache-') && {
        worker: { maxCachedWorkflows: Number(settings.variant.slice('cache-'.length)) },
      }),
      ...(settings.variant === 'user-workflows' && { worker: { workflowBundle: { codePath: settings.bundle } } }),
    }),
  (question) => startHere(question)(),
);
