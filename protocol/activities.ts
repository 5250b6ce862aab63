import type { ModelParameters, ResolvedAgent } from './agent';
import type { CheckDecisionInput, NotifyApprovalInput, WorkingInstantInput } from './approval';
import type {
  ArchiveEntriesInput,
  BookSegment,
  BudgetNotice,
  HolderNews,
  LookAtHolderInput,
  Period,
} from './budget/ledger';
import type { Micros } from './budget/money';
import type { DoneEffect, EffectResult } from './compensation';
import type { Failure } from './failures';
import type { ArtifactRef, AssistantMessage, Message, ToolMessage, UserMessage } from './messages';
import type { PermissionView } from './permissions/view';
import type { PlanProblem, SoFar } from './plan/admission';
import type { Plan } from './plan/definition';
import type { AgentFacts } from './plan/state';
import type { Draw, Ranking } from './registry/bandit';
import type { Fork, Mount, RunOptions, TranscriptSegment } from './session';
import type { StopRound, StopRoundInput } from './stop-order';
import type { ToolSpec } from './tool';
import type { Usage } from './usage';
import type { Variables } from './variables';

/** Where a session's transcript stands, without the transcript. */
export interface TranscriptPointer {
  /** The session's first Temporal run: with the workflow id it names the transcript. */
  firstRunId: string;
  length: number;
  /** Rolling digest of all messages up to `length`; a cache that disagrees is thrown away. */
  digest: string;
  /**
   * The messages since the previous model call: the mark where an activity made the message (the worker that ran it still
   * has it), the message itself where the workflow made it and it is small, null where it must be pulled.
   */
  delta: (string | Message | null)[];
}

/** The same for every attempt of one tool call, and for no other call: what a tool deduplicates by. */
export function idempotencyKeyOf(firstRunId: string, turn: number, callId: string): string {
  return `${firstRunId}:${turn}:${callId}`;
}

export interface InvokeModelInput {
  transcript: TranscriptPointer;
  turn: number;
  agent: string;
  /** The pinned agent; the activity asks the workflow for it when its own catalogue has another revision. */
  revision?: string;
  /**
   * In place of `revision` until a reply has pinned the agent: how the run was started, not checked yet. Looked up with the
   * call itself, because a step of its own for it was a tenth of a short session's cost.
   */
  options?: { [K in keyof RunOptions]?: unknown };
  /** With `options`: what those above the run let it use; each list must name the model. */
  models?: string[][];
  /** `provider/model`. Default: the agent's. */
  model?: string;
  /** Per-run replacements of the agent's parameters. */
  parameters?: ModelParameters;
  /** Those of the conversation that have a place in the agent's instructions. */
  variables?: Variables;
  contextFrom: number;
  /** A cap in tokens below the usual one, after the provider called the context too long. */
  contextTokens?: number;
  /** No summary could be made of late: what does not fit is dropped. Default: the call fails when a summary is due first. */
  withoutSummary?: true;
  /** No model may stand in for this one: it is waited for. */
  withoutFallback?: true;
  /** US dollars left; the call is refused when its worst case costs more. */
  budgetUsd?: number;
  /** US dollars spent before a reply pinned the agent: attempts that were lost. */
  spentUsd?: number;
  /** What is leased for this call; the activity asks for more instead of sending one that may cost more. */
  leased?: Micros;
  /** What the account counts for a call to a model without a price. */
  unknownPrice?: Micros;
  /** A dry run: the simulated model answers, and is counted at the price of the one it stands in for. */
  dryRun?: true;
  /**
   * Quick reads the last reply asked for, by call id: run first, their results are seen by the model and returned with its
   * reply. Repeating them costs nothing, so they need no event of their own.
   */
  quickCalls?: string[];
  /** Folders the quick reads may see. */
  mounts?: Mount[];
}

/** Why the model stopped writing. */
export type FinishReason = 'end' | 'tool-calls' | 'length' | 'refusal';

export interface InvokeModelResult {
  /** What the run is pinned to from now on; in answer to a call without a revision. */
  agent?: ResolvedAgent;
  /** Results of `quickCalls`, in their order. */
  quickResults?: ToolMessage[];
  message: AssistantMessage;
  finish: FinishReason;
  usage: Usage;
  /** Null when the model's price is unknown. */
  costUsd: number | null;
  /** The model that answered, as the provider names it. */
  model: string;
  simulated: boolean;
  contextFrom: number;
  /** The context has grown so large that older messages should be summarised before the next call. */
  summaryDue?: true;
  /**
   * The final answer checked against the agent's output schema; absent when it has none or tools were called. Without a value
   * when that is too large for the history: the message then refers to an artifact with the text.
   */
  output?: { ok: true; value?: unknown } | { ok: false; errors: string };
  /** The provider's id of the request, for its support. */
  requestId?: string;
  /** US dollars that earlier attempts may have cost, whose workers were lost. */
  lostUsd?: number;
  /** Of a run that leases: what this call could have cost. The next one is longer, and should be offered more than that. */
  worst?: Micros;
  latencyMs: number;
}

/** A call that was not sent: its worst case is more than what was leased for it. */
export interface LeaseShort {
  short: {
    /** What has to be leased. */
    need: Micros;
    /** As in `InvokeModelResult`. */
    lostUsd?: number;
    /** The agent's own account, of a run that names none. */
    account?: string;
  };
}

export interface RunToolInput {
  turn: number;
  callId: string;
  name: string;
  arguments?: unknown;
  /** Set instead of `arguments` when they are too large for the history. */
  artifact?: ArtifactRef;
  /** Stable over retries: the tool's own dedupe key. */
  idempotencyKey: string;
  agent: string;
  firstRunId: string;
  /** Workflow id of the session, where the call runs in another workflow for it. */
  session?: string;
  mounts?: Mount[];
  /** Of an undo: what the call gave that it undoes. */
  undoes?: EffectResult;
}

/** What became of an effect that somebody else asked for first. */
export interface AwaitedEffect extends ToolMessage {
  /** It took effect and was undone since. */
  undone?: true;
}

/** Effects of a run, kept beyond its history, before it continues as new or they are undone. */
export interface KeepEffectsInput {
  firstRunId: string;
  effects: DoneEffect[];
}

export interface ReadEffectsInput {
  run: string;
  firstRunId: string;
  artifact: ArtifactRef;
}

/** As for the model call before which a summary is due. */
export interface SummariseInput
  extends Pick<
    InvokeModelInput,
    | 'transcript'
    | 'turn'
    | 'agent'
    | 'parameters'
    | 'variables'
    | 'contextFrom'
    | 'contextTokens'
    | 'withoutFallback'
    | 'budgetUsd'
    | 'leased'
    | 'unknownPrice'
  > {
  revision: string;
  /** `provider/model` of the run: its window is what the conversation must fit. */
  model: string;
}

export interface SummariseResult {
  /** Absent when there was nothing to be gained. */
  message?: UserMessage;
  usage: Usage;
  /** Null when the model's price is unknown. */
  costUsd: number | null;
  model: string;
  simulated: boolean;
  /** US dollars that earlier attempts may have cost, whose workers were lost. */
  lostUsd?: number;
  latencyMs: number;
}

export interface ArchiveTranscriptInput {
  firstRunId: string;
  from: number;
  to: number;
  digest: string;
}

export interface AdoptTranscriptInput {
  fork: Fork;
  /** The new session's first Temporal run: what is adopted is kept under its name. */
  firstRunId: string;
  /** Whether a message follows those that are kept. */
  hasInput: boolean;
}

/** The messages a forked run begins with, kept as an archive of its own. */
export interface AdoptedTranscript {
  segment: TranscriptSegment;
  digest: string;
  /** What the forked run might do, and where its effects count: the fork may do no more, and repeats none of them. */
  permissions: PermissionView | null;
  /** What the forked run's variables are now; absent for none. */
  variables?: Variables;
}

/** The activities every worker has; tools are further activities, one per tool, of type `ToolActivity`. */
export interface AdmitPlanInput {
  /** As written, or as a planner gave it. */
  plan: unknown;
  /** How many plans it is within. */
  nesting: number;
  /** Of a plan that runs. */
  soFar?: SoFar;
}

export type AdmittedPlan = { plan: Plan; agents: Record<string, AgentFacts> } | { problems: PlanProblem[] };

export interface RankAgentsInput extends Draw {
  needs: string[];
  related?: Plan['related'];
}

/** What a task gave once. Times in milliseconds since epoch. */
export interface KeptResult {
  output: unknown;
  /** Where content from outside came from that it may hold. */
  tainted?: string[];
  /** The workflow that made it. */
  from: string;
  at: number;
  until: number;
}

/** How a run ended: by a result, a failure, or because it was cancelled. */
export interface RunEnd {
  id: string;
  result?: unknown;
  failure?: Failure;
  cancelled?: true;
}

/** What a planner is told of an agent. */
export interface AgentSketch {
  name: string;
  description?: string;
  capabilities?: string[];
  costUsd?: number;
}

export interface HoldfastActivities {
  resolveTool(name: string): Promise<ToolSpec>;
  /** Fails when no provider of this worker has the route, or its key is missing. */
  checkModel(route: string): Promise<void>;
  adoptTranscript(input: AdoptTranscriptInput): Promise<AdoptedTranscript>;
  invokeModel(input: InvokeModelInput): Promise<InvokeModelResult | LeaseShort>;
  summariseTranscript(input: SummariseInput): Promise<SummariseResult | LeaseShort>;
  archiveTranscript(input: ArchiveTranscriptInput): Promise<TranscriptSegment>;
  /** @returns the capacity a decision counts in. Fails with `Approval.*` or `Input.Invalid` where it must not count. */
  checkDecision(input: CheckDecisionInput): Promise<{ as: string; signed: boolean }>;
  /** Waits for an effect that another run, or an earlier call, asked for first. @param undo id of its undo, where it can have one. */
  awaitEffect(id: string, undo?: string): Promise<AwaitedEffect>;
  keepEffects(input: KeepEffectsInput): Promise<ArtifactRef>;
  readEffects(input: ReadEffectsInput): Promise<DoneEffect[]>;
  notifyApproval(input: NotifyApprovalInput): Promise<void>;
  /** Tells every running session under a query to stop, and looks which of those told before have ended. */
  stopRuns(input: StopRoundInput): Promise<StopRound>;
  /** @returns ms since epoch. */
  workingInstant(input: WorkingInstantInput): Promise<number>;
  /** The day and month in a time zone. Fails with `Budget.Invalid` for an unknown zone. */
  budgetPeriod(at: number, timeZone: string): Promise<Period>;
  /** Whether a run that holds money still lives and, if not, what it spent. */
  lookAtHolder(input: LookAtHolderInput): Promise<HolderNews>;
  archiveEntries(input: ArchiveEntriesInput): Promise<BookSegment>;
  notifyBudget(notice: BudgetNotice): Promise<void>;
  admitPlan(input: AdmitPlanInput): Promise<AdmittedPlan>;
  /** The agents a plan may use. */
  sketchAgents(): Promise<AgentSketch[]>;
  /** Who should do a node, by what came of earlier work. Never fails for want of a registry. */
  rankAgents(input: RankAgentsInput): Promise<Ranking>;
  /** Waits until at least one of the runs has ended. @param ids workflow ids. */
  awaitRuns(ids: string[]): Promise<RunEnd[]>;
  /** Keeps a piece of a plan's state. @returns what `loadPlan` gives it back for. */
  keepPlan(firstRunId: string, page: string): Promise<string>;
  /** What was kept under the key, unless it is too old. */
  recallResult(key: string): Promise<KeptResult | null>;
  /** Keeps what a task gave, in place of what was kept before. */
  keepResult(key: string, result: KeptResult): Promise<void>;
  loadPlan(firstRunId: string, id: string): Promise<string>;
}

export type ToolActivity = (input: RunToolInput) => Promise<ToolMessage>;
