/**
 * Put Holdfast on a Temporal worker.
 * @module holdfast/worker
 */

export type { People } from '../activities/approvals/people';
export type { Notice, Notifier } from '../activities/notifiers/notifier';
export { terminal } from '../activities/notifiers/terminal';
export { type WebhookOptions, webhook } from '../activities/notifiers/webhook';
export {
  type ModelCall,
  type ModelDelta,
  type ModelFacts,
  type ModelProvider,
  type ModelReply,
  type ModelRequest,
  ProviderError,
  type ProviderErrorOptions,
} from '../activities/providers/provider';
export { LocalStreamBus, type LocalStreamBusOptions } from '../streams/local-stream-bus';
export { MemoryStreamBus } from '../streams/memory-stream-bus';
export { openStreams, type StreamsOptions } from '../streams/open-streams';
export { PostgresStreamBus, type PostgresStreamBusOptions } from '../streams/postgres-stream-bus';
export type { StreamBus } from '../streams/stream-bus';
export { HoldfastPlugin, type HoldfastPluginOptions } from './plugin';
export { type LoadedAgent, loadProject, type Project } from './project/load-project';
export { type CreateWorkerOptions, createWorker } from './worker';
