import { z } from 'zod';
import { type Limits, limitOverridesSchema, modelParametersSchema, type ResolvedAgent } from './agent';
import { accountNameSchema } from './budget/account-name';
import type { PurseState } from './budget/lease';
import type { CompensationView, DoneEffect } from './compensation';
import { onFailureSchema } from './compensation-wire';
import {
  breakpointsSchema,
  type ChatState,
  type ControlAction,
  type ControlState,
  chatOptionsSchema,
  type Pause,
  prioritySchema,
} from './control';
import type { Degraded } from './degrade';
import type { FailureCode } from './failures';
import type { ArtifactRef, Message, ToolCallPart } from './messages';
import { narrowingSchema } from './permissions/policy';
import type { Layer } from './permissions/verdict';
import type { PermissionState, WaitsFor } from './permissions/view';
import type { StopReason } from './stop-reason';
import type { Usage } from './usage';
import type { Variables } from './variables';
import { variablesSchema } from './variables-schema';

export type { StopReason } from './stop-reason';

export const mountSchema = z.strictObject({
  /** The first path segment under which tools see the folder. */
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/),
  /** An absolute folder on the worker's machine. */
  path: z.string().min(1),
  access: z.enum(['read', 'write']).default('read'),
});
/** A folder of the worker's machine made visible inside a run's workspace. */
export type Mount = z.output<typeof mountSchema>;

/** Where a run takes its beginning from: the first messages of another one, as they are. */
export const forkSchema = z.strictObject({
  id: z.string().min(1).max(255).describe('The run to fork.'),
  at: z.number().int().positive().describe('Messages to keep: those at positions below this.'),
});
export type Fork = z.output<typeof forkSchema>;

export const sessionOptionsSchema = z.strictObject({
  /** The task: text, parts (text, images, files), or any JSON value, which the model reads as JSON. */
  input: z.unknown(),
  /** Replaces the agent's model, `provider/model`. */
  model: z
    .string()
    .max(200)
    .regex(/^[^/\s]+\/\S+$/, 'write provider/model, e.g. openai/gpt-5-mini')
    .optional(),
  parameters: modelParametersSchema.optional(),
  /** Tightens or widens single limits of the agent. */
  limits: limitOverridesSchema.optional(),
  mounts: z.array(mountSchema).max(32).optional(),
  tenant: z.string().max(200).optional(),
  priority: prioritySchema.optional(),
  breakpoints: breakpointsSchema.optional(),
  /** What stands for `{{name}}` in the agent's instructions and in messages. Above the agent's own. */
  variables: variablesSchema.optional(),
  /** Narrows what the agent may do, for this run. */
  permissions: narrowingSchema.optional(),
  /** On whose behalf the run works: who cannot approve its calls where its policy says so. Default: unknown. */
  requester: z.string().trim().min(1).max(200).optional(),
  /** What the run spends from, e.g. `acme/research`. Default: the agent's account, if it has one. */
  account: accountNameSchema.optional(),
  onFailure: onFailureSchema.optional(),
  /** Turns per Temporal run before it continues as new. Default: when its history has 2,000 events, or the server suggests it. */
  rolloverTurns: z.number().int().positive().optional(),
  /** Nothing is done: the simulated model answers, tools do nothing, nobody is asked; the result tells what it would have done. */
  dryRun: z.boolean().optional(),
  /** JSON Schema the final answer must satisfy, in place of the agent's. */
  output: z.record(z.string(), z.unknown()).optional(),
  /** Makes the run a chat: it answers message after message, each sent with the update `send`, and may start without one. */
  chat: chatOptionsSchema.optional(),
  fork: forkSchema.optional(),
});
/**
 * What a run is given besides its agent: the task, and what is to be different from the agent's definition. Durations
 * in milliseconds or as text, `"10m"`.
 */
export type SessionOptions = z.input<typeof sessionOptionsSchema>;

/** A tool call a dry run would have made, and whether people would have been asked for it. */
export interface PlannedCall {
  tool: string;
  /** As JSON, cut to one line. */
  arguments: string;
  verdict: 'allow' | 'ask' | 'deny';
}

/** What a run may be given besides its task. */
export const runOptionsSchema = sessionOptionsSchema.omit({ input: true });
export type RunOptions = z.output<typeof runOptionsSchema>;

/** The input of the `agentSession` workflow. */
export interface SessionInput extends z.output<typeof sessionOptionsSchema> {
  /** The agent's name in the worker's catalogue. */
  agent: string;
  /** The run that started this one, if a run did. */
  parent?: string;
  /** What the run that started this one may do: this one may do no more. */
  authority?: Layer[];
  /** Where content from outside came from that the task holds; see docs/permissions.md. */
  tainted?: string[];
  /** Workflow id of the run whose effects this one shares: that of the run it was forked from. Default: its own. */
  effectScope?: string;
  /** Set when the session continues as new; callers leave it out. */
  carried?: CarriedSession;
}

/** Messages of an earlier Temporal run of the same session. */
export interface TranscriptSegment {
  from: number;
  to: number;
  /** The Temporal run that can still be queried for them until retention ends. */
  runId: string;
  /** The workflow that run belongs to, when it is another one: the run this one was forked from. */
  workflowId?: string;
  /** Where they are kept beyond that. */
  artifact: ArtifactRef;
}

export interface TodoItem {
  text: string;
  status: 'pending' | 'active' | 'done';
}

/** How a session goes round in circles, as far as it does; see `workflows/loop-breaker.ts`. */
export interface Repeats {
  /** Digest of the last reply's calls, and how often it came in a row. */
  key: string;
  count: number;
  /** Digests of the last replies, newest first, and how often in a row a reply was equal to that so many before. */
  last?: string[];
  runs?: number[];
  /** Digests of replies with their results, and how many replies in a row brought nothing but these. */
  seen?: string[];
  stale?: number;
}

/** Counters and state of a session that survive continue-as-new. */
export interface SessionProgress {
  turns: number;
  toolCalls: number;
  usage: Usage;
  /** The sum of known costs. */
  costUsd: number;
  /** Whether any call's price was unknown. */
  costIncomplete: boolean;
  /** Whether any answer came from the simulated model. */
  simulated: boolean;
  /** Position from which the model still sees messages; earlier ones were dropped to fit. */
  contextFrom: number;
  outputRepairs: number;
  repeats: Repeats;
  /** A cap below the usual context size, after the vendor called it too long. */
  contextTokens?: number;
  /** The context has grown: older messages are summarised before the next model call. */
  summaryDue?: true;
  /** The turn after which no summary could be made; until some turns later the oldest messages are dropped instead. */
  summaryFailedAt?: number;
  /** Calls of the last reply that ride along with the next model call. */
  quickCalls: Pick<ToolCallPart, 'id' | 'name'>[];
  todos: TodoItem[];
  /** What it goes on without. */
  degraded?: Degraded[];
  /** The model the run was to use, where another stands in. */
  fellBackFrom?: string;
  /** No model may stand in: none that is declared is permitted. */
  withoutFallback?: true;
  /** Of a dry run. */
  planned?: PlannedCall[];
  /** Milliseconds since epoch, workflow time. */
  startedAt: number;
  /** Where the counters stood when the exchange of a chat began: limits on turns, tool calls and time are per exchange. */
  exchange?: { number: number; turns: number; toolCalls: number; startedAt: number };
}

export interface CarriedSession {
  agent: ResolvedAgent;
  progress: SessionProgress;
  segments: TranscriptSegment[];
  /** The transcript's rolling digest at its length. */
  digest: string;
  length: number;
  /** The first Temporal run of the session: names its transcript in caches. */
  firstRunId: string;
  permissions?: PermissionState;
  purse?: PurseState;
  control?: ControlState;
  chat?: ChatState;
  effects?: EffectsState;
}

/** What a run did outside that may have to be undone. */
export interface EffectsState {
  done: DoneEffect[];
  /** Earlier ones. */
  archived?: ArtifactRef[];
  /** Of all of them. */
  count: number;
}

/**
 * How a run ended and what it took. Every end but a failure has one: `stopReason` says which, and only `completed` has
 * an answer for certain.
 */
export interface SessionResult {
  /** Text, or the validated value where the agent has an output schema; null when nothing was answered. */
  output: unknown;
  /** Set when the answer is too large for the history: where all of it is kept; `output` is then the beginning of its text. */
  artifact?: ArtifactRef;
  stopReason: StopReason;
  /** One sentence on a stop that is not `completed`. */
  detail?: string;
  agent: string;
  revision: string;
  model: string;
  turns: number;
  toolCalls: number;
  usage: Usage;
  costUsd: number;
  /** True when some call's price was unknown, so `costUsd` is a lower bound. */
  costIncomplete: boolean;
  simulated: boolean;
  /** Messages in the transcript. */
  length: number;
  /** Where content from outside came from that it has seen; whoever is given its answer has seen it too. */
  tainted?: string[];
  /** Exchanges finished, of a chat. */
  exchanges?: number;
  /** What it went on without, as its agent declares; absent when there was nothing. */
  degraded?: Degraded[];
  /** Of a dry run: what it would have done. */
  planned?: PlannedCall[];
  /** What was undone, of a run that ended without success and was to undo its effects. */
  compensation?: CompensationView;
}

/** The answer to the `transcript` query. */
export interface TranscriptPage {
  from: number;
  /** The position after the last message given; ask again from here. */
  next: number;
  /** Messages of the whole session so far. */
  length: number;
  messages: Message[];
  /** Positions before the first message this Temporal run holds, and where they are. */
  segments: TranscriptSegment[];
}

/** `waiting` waits for an approval, `paused` for an operator, `idle` (a chat) for a message. */
export type SessionStatus =
  | 'running'
  | 'waiting'
  | 'paused'
  | 'idle'
  | 'completed'
  | 'stopped'
  | 'failed'
  | 'cancelled';

/** What a session does right now. */
export type SessionPhase = 'starting' | 'model' | 'tools' | 'waiting' | 'rolling-over' | 'undoing' | 'ended';

/** The answer to the `state` query. */
export interface SessionStateView {
  status: SessionStatus;
  phase: SessionPhase;
  agent: string;
  revision: string | null;
  model: string | null;
  turns: number;
  toolCalls: number;
  usage: Usage;
  costUsd: number;
  costIncomplete: boolean;
  simulated: boolean;
  length: number;
  todos: TodoItem[];
  /** Names of the tools running now. */
  running: string[];
  limits: Limits | null;
  priority: number | null;
  /** Set from the moment a pause is asked for; `status` is `paused` once nothing runs any more. */
  pause: Pause | null;
  /** What stands for `{{name}}` in instructions and messages; not those of the agent itself. */
  variables: Variables;
  /** Approvals it waits for. */
  waitsFor: readonly WaitsFor[];
  /** The latest actions of operators. */
  actions: readonly ControlAction[];
  chat: ChatView | null;
  /** What it goes on without, as its agent declares. */
  degraded: readonly Degraded[];
  /** Set once the run's effects are being undone. */
  compensation: CompensationView | null;
  stopReason: StopReason | null;
  failure: { code: FailureCode; message: string } | null;
}

/** A chat in the answer to the `state` query. */
export interface ChatView {
  title: string | null;
  /** The number of the exchange in progress. */
  working: number | null;
  /** Messages that wait for their turn. */
  queued: number;
  /** Exchanges finished. */
  finished: number;
  closing: boolean;
}
