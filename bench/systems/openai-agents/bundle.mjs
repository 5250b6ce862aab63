import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import { createPlugin } from './plugin.mjs';

export async function bundle() {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('workflows.js', import.meta.url)),
    plugins: [createPlugin()],
  });
  return code;
}
