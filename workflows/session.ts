import type { InvokeModelResult } from '../protocol/activities';
import type { Limits, ModelParameters, ResolvedAgent } from '../protocol/agent';
import { type CompensationView, compensationText } from '../protocol/compensation';
import type { Change } from '../protocol/control';
import type { Failure } from '../protocol/failures';
import type { ArtifactRef, ToolCallPart, ToolMessage } from '../protocol/messages';
import type { Layer, Ruling } from '../protocol/permissions/verdict';
import type { WaitsFor } from '../protocol/permissions/view';
import type {
  CarriedSession,
  Mount,
  SessionInput,
  SessionPhase,
  SessionProgress,
  SessionResult,
  SessionStatus,
  StopReason,
  TranscriptSegment,
} from '../protocol/session';
import type { ToolSpec } from '../protocol/tool';
import { changedVariables, type Variables } from '../protocol/variables';
import { Authority } from './authority';
import { Control } from './control';
import { forgetFallback, tryFirstModel } from './degrade';
import { DoneEffects } from './done-effects';
import type { Stop } from './gates';
import { grouped } from './grouped';
import type { Inbox } from './inbox';
import { messageOf, withVariables } from './message-of';
import type { Purse } from './purse';
import { answered } from './run-calls';
import { type Beginning, type Desk, freshProgress, unknownAgent } from './session-start';
import { resultOf } from './session-view';
import { Transcript } from './transcript';

/** Rows of the turn table in the Web UI's current details. */
const SHOWN_TURNS = 12;

export interface TurnNote {
  turn: number;
  model: string;
  inputTokens: number;
  outputTokens: number;
  costUsd: number | null;
  latencyMs: number;
  did: string;
}

/** The state of one session in one Temporal run. Plain data and counters; the loop in `session-driver.ts` moves it. */
export class Session {
  phase: SessionPhase = 'starting';
  status: SessionStatus = 'running';
  stop: Stop | undefined;
  failure: Failure | undefined;
  output: unknown = null;
  /** Where the whole answer is kept when `output` is a preview of it. */
  artifact: ArtifactRef | undefined;
  /** Names of tools running now. */
  readonly running: string[] = [];
  readonly recentTurns: TurnNote[] = [];
  /** Results of the tool calls of the present turn, by call id, as they come. */
  readonly results = new Map<string, ToolMessage>();
  /** Calls that are held back by an operator. */
  waiting = 0;
  /** Approvals that calls wait for. */
  readonly waitsFor: WaitsFor[] = [];
  /** Model calls in this Temporal run. */
  turnsHere = 0;
  /** Told when the session comes to rest or goes on: what the search attribute shows. */
  onStatus: (status: SessionStatus) => void = () => undefined;
  /** Told when the deadline became known. */
  onDeadline: () => void = () => undefined;
  /** What it did that may have to be undone; noted where `compensates`. */
  effects = new DoneEffects();
  /** How far that is undone, once it is. */
  compensation: CompensationView | undefined;
  /** What it spends from; undefined for a run without an account. */
  purse: Purse | undefined;
  /** Told when the agent turned out to have an account. */
  openPurse: (account: string) => void = () => undefined;
  /** The run's own limits and, once it is pinned, the agent's. */
  limits: Limits;

  private constructor(
    /** Only its name is known until the first reply pins it. */
    public agent: ResolvedAgent,
    readonly firstRunId: string,
    readonly transcript: Transcript,
    readonly progress: SessionProgress,
    /** What the run was started with, and what operators changed since. */
    public given: SessionInput,
    readonly control: Control,
    readonly inbox: Inbox | undefined,
    readonly authority = new Authority(),
  ) {
    this.limits = { ...agent.limits, ...given.limits };
  }

  get pinned(): boolean {
    return this.agent.revision !== '';
  }

  /** `provider/model`; undefined as long as it is the agent's and that is not known. */
  get model(): string | undefined {
    return this.given.model ?? (this.pinned ? this.agent.model : undefined);
  }

  /** Whether its effects are undone when it ends without success. */
  get compensates(): boolean {
    return (this.given.onFailure ?? this.agent.onFailure) === 'compensate';
  }

  /** Whether it has come to its end, and at most undoes what it did. */
  get isOver(): boolean {
    return this.phase === 'ended' || this.phase === 'undoing';
  }

  get parameters(): ModelParameters | undefined {
    return this.given.parameters;
  }

  get priority(): number | undefined {
    return this.given.priority;
  }

  get mounts(): Mount[] | undefined {
    return this.given.mounts;
  }

  /** Turns this Temporal run may make before it continues as new. */
  get rolloverTurns(): number {
    return this.given.rolloverTurns ?? Number.POSITIVE_INFINITY;
  }

  /** How the run was started, besides its task: checked where the agent is looked up. */
  get options(): Omit<
    SessionInput,
    'agent' | 'input' | 'parent' | 'authority' | 'tainted' | 'effectScope' | 'carried'
  > {
    const {
      agent: _agent,
      input: _input,
      parent: _parent,
      authority: _authority,
      tainted: _tainted,
      effectScope: _scope,
      carried: _carried,
      ...options
    } = this.given;
    return options;
  }

  /** From the first reply to the end, whatever changes outside. */
  pin(agent: ResolvedAgent): void {
    this.agent = agent;
    this.limits = { ...agent.limits, ...this.given.limits };
    if (agent.limits.deadline !== undefined && this.given.limits?.deadline === undefined) this.onDeadline();
  }

  /** @param beginning of the transcript, where the run is a fork of another one. */
  static start(
    input: SessionInput,
    runId: string,
    now: number,
    { control = new Control(undefined, input.breakpoints), inbox }: Partial<Desk> = {},
    beginning?: Beginning,
  ): Session {
    const { segments = [], length = 0, digest = '' } = beginning ?? {};
    const transcript = new Transcript(runId, segments, length, digest);
    const session = new Session(
      unknownAgent(input.agent),
      runId,
      transcript,
      freshProgress(now),
      input,
      control,
      inbox,
    );
    for (const source of input.tainted ?? []) session.authority.taint(source);
    if (!inbox && !(input.fork && input.input == null))
      session.transcript.append(withVariables(messageOf(input.input), input.variables));
    return session;
  }

  static resume(
    carried: CarriedSession,
    input: SessionInput,
    { control = new Control(), inbox }: Partial<Desk> = {},
  ): Session {
    const { agent, firstRunId, segments, length, digest, progress, permissions, effects } = carried;
    const transcript = new Transcript(firstRunId, segments, length, digest);
    const authority = new Authority(permissions);
    const session = new Session(agent, firstRunId, transcript, progress, input, control, inbox, authority);
    session.effects = new DoneEffects(effects);
    return session;
  }

  /** What the next Temporal run starts from, once this run's messages are archived. */
  carry(archived?: TranscriptSegment): CarriedSession {
    const { agent, progress, firstRunId, transcript, control, inbox } = this;
    const { digest, length } = transcript;
    const segments = archived ? [...transcript.segments, archived] : transcript.segments;
    const chat = inbox && { chat: inbox.carry() };
    const permissions = this.authority.state;
    const purse = this.purse && { purse: this.purse.state };
    return {
      agent,
      progress,
      firstRunId,
      digest,
      length,
      segments,
      permissions,
      control: control.carry(),
      ...chat,
      ...purse,
      ...(this.effects.count > 0 && { effects: this.effects.state }),
    };
  }

  get variables(): Variables | undefined {
    return this.given.variables;
  }

  /** What operators changed holds from the next call on, and in the Temporal runs to come. */
  change({ model, parameters, limits, priority, variables }: Omit<Change, 'by' | 'reason'>): void {
    const { given } = this;
    if (model !== undefined) forgetFallback(this.progress);
    this.given = {
      ...given,
      ...(model !== undefined && { model }),
      ...(parameters && { parameters: { ...given.parameters, ...parameters } }),
      ...(limits && { limits: { ...given.limits, ...limits } }),
      ...(priority !== undefined && { priority }),
      ...(variables && { variables: changedVariables(given.variables, variables) }),
    };
    this.limits = { ...this.limits, ...limits };
  }

  /** Limits on turns, tool calls and time start again with every exchange; those on money and tokens do not. */
  beginExchange(number: number, now: number): void {
    const { progress } = this;
    const { turns, toolCalls } = progress;
    progress.exchange = { number, turns, toolCalls, startedAt: now };
    progress.repeats = { key: '', count: 0 };
    progress.outputRepairs = 0;
    tryFirstModel(this);
    this.output = null;
    this.artifact = undefined;
    this.goOn();
  }

  get layers(): Layer[] {
    return this.authority.layers(this.agent, this.given);
  }

  ruleOn(spec: ToolSpec, call: ToolCallPart, answered?: ReadonlySet<string>): Ruling {
    return this.authority.ruleOn(this.agent, this.given, spec, call, answered);
  }

  /** A call waits for people; the run rests once nothing else of it runs. */
  wait(waits: WaitsFor): void {
    this.waitsFor.push(waits);
    if (this.running.length === 0) this.rest('waiting');
  }

  waited(waits: WaitsFor): void {
    this.waitsFor.splice(this.waitsFor.indexOf(waits), 1);
    if (this.waitsFor.length > 0) return;
    this.phase = 'tools';
    this.goOn();
  }

  /** What runs has ended, and something else still waits. */
  restAgain(): void {
    if (this.running.length > 0) return;
    if (this.waitsFor.length > 0) this.rest('waiting');
    else if (this.waiting > 0) this.rest('paused');
  }

  /** Comes to rest: nothing runs, something is waited for. */
  rest(status: 'idle' | 'paused' | 'waiting'): void {
    this.phase = 'waiting';
    this.purse?.release();
    this.setStatus(status);
  }

  goOn(): void {
    this.setStatus('running');
  }

  private setStatus(status: SessionStatus): void {
    if (this.status === status) return;
    this.status = status;
    this.onStatus(status);
  }

  /** When the work in progress must end, ms since epoch. */
  get deadlineAt(): number | undefined {
    const { deadline } = this.limits;
    const { exchange, startedAt } = this.progress;
    return deadline === undefined ? undefined : (exchange?.startedAt ?? startedAt) + deadline;
  }

  /** The calls of the last reply that have no result in the transcript yet. */
  openCalls(): ToolCallPart[] {
    const last = this.transcript.last;
    return last?.role === 'assistant' ? last.content.filter((part) => part.type === 'tool-call') : [];
  }

  /** Whether tool calls of the present turn have not all been run. */
  get midTurn(): boolean {
    return this.progress.quickCalls.length === 0 && this.openCalls().length > 0;
  }

  /**
   * Quick reads of the last reply that must run on their own after all, because guidance or a summary has to come after
   * their results, or an operator looks at every call. Those of an earlier Temporal run still ride along.
   */
  takeRiders(): ToolCallPart[] {
    const { control, progress } = this;
    if (progress.quickCalls.length === 0 || !(control.hasSteering || control.stepwise || progress.summaryDue))
      return [];
    const calls = this.openCalls();
    if (calls.length > 0) progress.quickCalls = [];
    return calls;
  }

  /** Adds what operators want the model to know, where the conversation may be added to. */
  takeGuidance(): void {
    if (this.progress.quickCalls.length > 0) return;
    for (const message of this.control.takeSteering()) this.transcript.append(message);
  }

  /** Every call is answered, also when the work was ended while it ran: the conversation can be taken up again as it is. */
  settleOpenCalls(): void {
    const riding = this.progress.quickCalls;
    for (const call of riding.length > 0 ? riding : this.openCalls()) {
      const result = this.results.get(call.id);
      this.transcript.append(result ?? answered(call, 'cancelled', 'Ended before it was finished.'));
    }
    this.results.clear();
    this.progress.quickCalls = [];
  }

  noteTurn(result: InvokeModelResult): void {
    const calls = result.message.content.flatMap((part) => (part.type === 'tool-call' ? [part.name] : []));
    this.recentTurns.push({
      turn: this.progress.turns,
      model: result.model,
      inputTokens: result.usage.inputTokens,
      outputTokens: result.usage.outputTokens,
      costUsd: result.costUsd,
      latencyMs: result.latencyMs,
      did: grouped(calls) || 'answer',
    });
    if (this.recentTurns.length > SHOWN_TURNS) this.recentTurns.shift();
  }

  end(end: Stop): SessionResult {
    const stop = this.withUndone(end);
    this.stop = stop;
    this.phase = 'ended';
    this.status = isComplete(stop) ? 'completed' : 'stopped';
    return resultOf(this, stop);
  }

  /** The end, with what was undone since and what was not. */
  private withUndone(stop: Stop): Stop {
    if (!this.compensation) return stop;
    const detail = [stop.detail, compensationText(this.compensation)].filter(Boolean).join('; ');
    return { ...stop, detail };
  }

  fail(cause: Failure): Failure {
    const undone = this.compensation && compensationText(this.compensation);
    const failure = undone ? { ...cause, message: `${cause.message} (${undone})` } : cause;
    this.failure = failure;
    this.status = 'failed';
    this.phase = 'ended';
    return failure;
  }

  cancel(): void {
    this.stop = this.withUndone({ reason: 'cancelled', detail: '' });
    this.status = 'cancelled';
    this.phase = 'ended';
  }
}

/** Whether an end is no limit and no intervention. */
export function isComplete({ reason }: Stop): boolean {
  return COMPLETE.includes(reason);
}

const COMPLETE: readonly StopReason[] = ['completed', 'closed', 'idle-timeout', 'expired'];
