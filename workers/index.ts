/** `holdfast/worker`: put Holdfast on a Temporal worker. */
export { createWorker, type CreateWorkerOptions } from './worker';
export { HoldfastPlugin, type HoldfastPluginOptions } from './plugin';
export { loadProject, type LoadedAgent, type Project } from './project/load-project';
