import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { HoldfastPlugin } from '../../../dist/workers/index.js';

const { bundleWorkflowCode } = createRequire(new URL('../../../dist/', import.meta.url))('@temporalio/worker');

/** With a user's workflow file beside Holdfast's own; workers without one use the bundle that ships. */
export async function bundle() {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('workflows.js', import.meta.url)),
    plugins: [new HoldfastPlugin()],
  });
  return code;
}
