/** `holdfast/worker`: put Holdfast on a Temporal worker. */

export { HoldfastPlugin, type HoldfastPluginOptions } from './plugin';
export { type LoadedAgent, loadProject, type Project } from './project/load-project';
export { type CreateWorkerOptions, createWorker } from './worker';
