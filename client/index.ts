/** `holdfast/client`: start, follow and find runs. */

export { type Failure, type FailureClass, type FailureCode, HoldfastError } from '../protocol/failures';
export type { SessionOptions, SessionResult, SessionStateView, StopReason, TranscriptPage } from '../protocol/session';
export { HoldfastClient, type HoldfastClientOptions, type StartOptions } from './holdfast-client';
export { type RunEvent, RunHandle } from './run-handle';
export type { ListOptions, RunSummary } from './run-list';
