/**
 * What the adapter of a model vendor is written with. Nothing here knows Temporal.
 * @module holdfast/provider
 */

export type { FinishReason } from '../../protocol/activities';
export type { AssistantMessage, Message, ToolMessage, UserMessage, UserPart } from '../../protocol/messages';
export type { Usage } from '../../protocol/usage';
export type { Timeouts } from './connection';
export { defineProvider } from './define-provider';
export type { Environment, ProviderDefinition, ProviderSettings } from './definition';
export {
  type ModelCall,
  type ModelDelta,
  type ModelFacts,
  type ModelProvider,
  type ModelReply,
  type ModelRequest,
  ProviderError,
  type ProviderErrorOptions,
} from './provider';
export type { ServerSentEvent } from './server-sent-events';
export { type CountOptions, countRequestTokens, estimateText } from './tokens';
export { type CallPiece, type SaidEnd, VendorAnswer } from './vendor-answer';
export { type Vendor, VendorClient, type VendorError } from './vendor-client';
export { dataUrl, fileKind, fileText, flaggedResult, wellFormed, wireArguments, wireId, wireName } from './wire-text';
