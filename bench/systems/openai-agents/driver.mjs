import { Client, Connection } from '@temporalio/client';
import { INSTRUCTIONS, PROMPT, TOOL, TOOL_DESCRIPTION, TOOL_PARAMETERS } from '../../task.mjs';
import { createPlugin } from './plugin.mjs';

export async function openDriver({ address, taskQueue, provider }) {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, plugins: [createPlugin(provider)] });
  const tool = { name: TOOL, description: TOOL_DESCRIPTION, parameters: TOOL_PARAMETERS };
  return {
    client,
    async start(workflowId, model) {
      const input = { model, instructions: INSTRUCTIONS, prompt: PROMPT, tool };
      const handle = await client.workflow.start('session', { workflowId, taskQueue, args: [input] });
      return { result: () => handle.result() };
    },
    close: () => connection.close(),
  };
}
