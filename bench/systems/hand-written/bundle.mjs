import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

export async function bundle() {
  const { code } = await bundleWorkflowCode({ workflowsPath: fileURLToPath(new URL('workflows.js', import.meta.url)) });
  return code;
}
