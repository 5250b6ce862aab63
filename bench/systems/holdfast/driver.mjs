import { createRequire } from 'node:module';
import { HoldfastClient } from '../../../dist/client/index.js';
import { PROMPT } from '../../task.mjs';

const { Client, Connection } = createRequire(new URL('../../../dist/', import.meta.url))('@temporalio/client');

export async function openDriver({ address, taskQueue }) {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const holdfast = new HoldfastClient(client, { taskQueue });
  return {
    client,
    holdfast,
    start: (id, model, options) =>
      holdfast.start(options?.agent ?? 'clerk', { id, input: PROMPT, model: `openai/${model}`, ...options?.session }),
    fanOut: (workflowId, count, model) =>
      client.workflow.execute('fanOut', { workflowId, taskQueue, args: [count, `openai/${model}`] }),
    close: () => connection.close(),
  };
}
