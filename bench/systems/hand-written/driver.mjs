import { Client, Connection } from '@temporalio/client';
import { INSTRUCTIONS, PROMPT } from '../../task.mjs';

export async function openDriver({ address, taskQueue }) {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  return {
    client,
    /** Starts a session and gives its handle's result. */
    async start(workflowId, model) {
      const input = { model, instructions: INSTRUCTIONS, prompt: PROMPT };
      const handle = await client.workflow.start('session', { workflowId, taskQueue, args: [input] });
      return { result: () => handle.result() };
    },
    fanOut(workflowId, count, model) {
      const input = { model, instructions: INSTRUCTIONS, prompt: PROMPT };
      return client.workflow.execute('fanOut', { workflowId, taskQueue, args: [count, input] });
    },
    close: () => connection.close(),
  };
}
