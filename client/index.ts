/** `holdfast/client`: start, follow and find runs. */

export type { Exchange, Pause } from '../protocol/control';
export { type Failure, type FailureClass, type FailureCode, HoldfastError } from '../protocol/failures';
export type { SessionOptions, SessionResult, SessionStateView, StopReason, TranscriptPage } from '../protocol/session';
export { ChatHandle, type Reply, type SendOptions, SentMessage } from './chat-handle';
export {
  type ChatStart,
  type ForkOptions,
  HoldfastClient,
  type HoldfastClientOptions,
  type StartOptions,
} from './holdfast-client';
export { type RunChange, type RunEvent, RunHandle } from './run-handle';
export type { ListOptions, RunSummary } from './run-list';
