/**
 * What a test of durable agents needs. Nothing here needs a key or a network.
 * @module holdfast/testing
 */

export { type EmbeddedServer, startEmbeddedServer } from '../workers/embedded/embedded-server';
export type { EmbeddedServerOptions } from '../workers/embedded/settings';
export { openProvider } from './open-provider';
export { PROVIDER_CASES, type ProviderCase, runProviderCase } from './provider-cases';
export { type ReplayOptions, type ReplayVerdicts, replayHistories } from './replay';
export {
  type ScriptedModel,
  type ScriptedModelOptions,
  type ScriptedReply,
  type ScriptedStep,
  scriptedModel,
} from './scripted-model';
export { type TryToolOptions, tryTool } from './try-tool';
export type {
  Dialect,
  NormalisedMessage,
  NormalisedRequest,
  VendorFault,
  VendorReply,
  VendorScript,
} from './vendor-reply';
export {
  type LoggedRequest,
  startVendorServer,
  type VendorServer,
  type VendorServerOptions,
} from './vendor-server';
