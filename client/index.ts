/**
 * Start, follow and find runs.
 * @module holdfast/client
 */

export type { ApprovalOutcome, ApprovalRequest, ApprovalView, Decision, Vote } from '../protocol/approval';
export type { Entry, EntryKind } from '../protocol/budget/entry';
export type { AccountView, BookSegment } from '../protocol/budget/ledger';
export type { AccountTerms } from '../protocol/budget/terms';
export type { Calendar, CalendarInput } from '../protocol/calendar';
export type { ComparedMessage, ComparedRun, Comparison } from '../protocol/comparison';
export type { Exchange, Pause } from '../protocol/control';
export type { DeadLetter, DeadLetterView } from '../protocol/dead-letter';
export { type Failure, type FailureClass, type FailureCode, HoldfastError } from '../protocol/failures';
export type { Adjustment, Amending, PlanDifference } from '../protocol/plan/control';
export type { PlanDefinition } from '../protocol/plan/definition';
export type { NodeStatus, NodeView, PlannedAction, PlanResult, PlanView } from '../protocol/plan/state';
export { type PlanTemplate, renderPlan } from '../protocol/plan/template';
export type { AgentEntry, RegisteredCounts } from '../protocol/registry/entry';
export type { AgentBrief, AgentFilter, AgentStatus, AgentView } from '../protocol/registry/registry';
export type { Routed, RouteOptions } from '../protocol/registry/route';
export type { Outcome, Reputation } from '../protocol/registry/standing';
export type { Overlap, ScheduleTimes, ScheduleTimesInput } from '../protocol/schedule';
export type { SessionOptions, SessionResult, SessionStateView, StopReason, TranscriptPage } from '../protocol/session';
export type { StoppedRun, StopReceipt } from '../protocol/stop-order';
export type { Taken, WarmPoolView } from '../protocol/warm-pool';
export { LocalStreamBus, type LocalStreamBusOptions } from '../streams/local-stream-bus';
export { MemoryStreamBus } from '../streams/memory-stream-bus';
export { openStreams, type StreamsOptions } from '../streams/open-streams';
export { PostgresStreamBus, type PostgresStreamBusOptions } from '../streams/postgres-stream-bus';
export type { StreamBus } from '../streams/stream-bus';
export { type AgentActor, Agents, type FindOptions, type RateOptions, type RegisterOptions } from './agents';
export { type ApprovalFilter, type ApprovalSummary, Approvals, type DecideOptions } from './approvals';
export { type Book, type BudgetActor, Budgets, type CreateAccountOptions } from './budgets';
export type { CallFigures } from './call-figures';
export { ChatHandle, type Reply, type SendOptions, SentMessage } from './chat-handle';
export { type DeadLetterFilter, type DeadLetterSummary, DeadLetters, type LetterAction } from './dead-letters';
export { EmergencyStop, type StopOrderOptions } from './emergency-stop';
export {
  type ChatStart,
  type ForkOptions,
  HoldfastClient,
  type HoldfastClientOptions,
} from './holdfast-client';
export { PlanHandle, type PlanSummary, Plans, type SubmitOptions } from './plans';
export type { AttemptEvent, DeltaEvent, MessageEvent, RunEvent } from './run-events';
export { type OrderOptions, type RunChange, RunHandle } from './run-handle';
export type { ListOptions, RunSummary } from './run-list';
export type { FollowOptions } from './run-reader';
export type { AgentAction, ScheduleActionInput, WorkflowAction } from './schedule/action';
export type { ScheduleDescription, ScheduleSummary } from './schedule/description';
export type { ScheduledRun } from './schedule/scheduled-runs';
export type { Triggered } from './schedule/trigger';
export {
  type BackfillOptions,
  type ScheduleChanges,
  type ScheduleOptions,
  Schedules,
  type TriggerOptions,
} from './schedules';
export type { StartOptions } from './start-options';
export { WarmPool, type WarmPoolOptions } from './warm-pool';
