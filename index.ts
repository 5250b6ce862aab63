/**
 * Definitions, safe to import anywhere.
 * @module holdfast
 */

export { defineTool } from './activities/tools/define-tool';
export {
  type EffectCheck,
  OutcomeUnknown,
  RetryLater,
  type ToolContext,
  type ToolDefinition,
} from './activities/tools/tool';
export type { AgentDefinition, Limits, ResolvedAgent } from './protocol/agent';
export { defineAgent } from './protocol/define-agent';
export { type Failure, type FailureClass, type FailureCode, HoldfastError } from './protocol/failures';
export type { Message, ToolOutcome } from './protocol/messages';
export type { SessionOptions, SessionResult, StopReason } from './protocol/session';
