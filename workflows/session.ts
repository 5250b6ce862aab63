import type { InvokeModelResult } from '../protocol/activities';
import type { Limits, ModelParameters, ResolvedAgent } from '../protocol/agent';
import type { Failure } from '../protocol/failures';
import type { ArtifactRef, Message, UserMessage, UserPart } from '../protocol/messages';
import type {
  CarriedSession,
  Mount,
  SessionInput,
  SessionPhase,
  SessionProgress,
  SessionResult,
  SessionStateView,
  SessionStatus,
  TranscriptSegment,
} from '../protocol/session';
import { NO_USAGE } from '../protocol/usage';
import type { Stop } from './gates';
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
  readonly model: string;
  readonly limits: Limits;
  readonly parameters: ModelParameters | undefined;
  readonly mounts: Mount[] | undefined;
  /** Turns this Temporal run may make before it continues as new. */
  readonly rolloverTurns: number;

  private constructor(
    readonly agent: ResolvedAgent,
    readonly firstRunId: string,
    readonly transcript: Transcript,
    readonly progress: SessionProgress,
    /** What the run was started with, its options checked. */
    readonly given: SessionInput,
  ) {
    this.model = agent.model;
    this.limits = { ...agent.limits, ...given.limits };
    this.parameters = given.parameters;
    this.mounts = given.mounts;
    this.rolloverTurns = given.rolloverTurns ?? Number.POSITIVE_INFINITY;
  }

  static start(agent: ResolvedAgent, input: SessionInput, runId: string, now: number): Session {
    const session = new Session(agent, runId, new Transcript(runId), freshProgress(now), input);
    session.transcript.append(firstMessage(input.input));
    return session;
  }

  static resume(carried: CarriedSession, input: SessionInput): Session {
    const { agent, firstRunId, segments, length, digest, progress } = carried;
    return new Session(agent, firstRunId, new Transcript(firstRunId, segments, length, digest), progress, input);
  }

  /** What the next Temporal run starts from, once this run's messages are archived. */
  carry(archived: TranscriptSegment): CarriedSession {
    const { agent, progress, firstRunId, transcript } = this;
    const { digest, length, segments } = transcript;
    return { agent, progress, firstRunId, digest, length, segments: [...segments, archived] };
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
      did: calls.length > 0 ? calls.join(', ') : 'answer',
    });
    if (this.recentTurns.length > SHOWN_TURNS) this.recentTurns.shift();
  }

  end(stop: Stop): SessionResult {
    this.stop = stop;
    this.phase = 'ended';
    this.status = stop.reason === 'completed' ? 'completed' : 'stopped';
    const { agent, model, progress, transcript, output, artifact } = this;
    const { turns, toolCalls, usage, costUsd, costIncomplete, simulated } = progress;
    return {
      output,
      ...(artifact && { artifact }),
      stopReason: stop.reason,
      ...(stop.detail !== '' && { detail: stop.detail }),
      agent: agent.name,
      revision: agent.revision,
      model,
      turns,
      toolCalls,
      usage,
      costUsd,
      costIncomplete,
      simulated,
      length: transcript.length,
    };
  }

  fail(failure: Failure): void {
    this.failure = failure;
    this.status = 'failed';
    this.phase = 'ended';
  }

  cancel(): void {
    this.stop = { reason: 'cancelled', detail: '' };
    this.status = 'cancelled';
    this.phase = 'ended';
  }

  view(): SessionStateView {
    const { agent, model, progress, transcript, status, phase, running, stop, failure } = this;
    const { turns, toolCalls, usage, costUsd, costIncomplete, simulated, todos } = progress;
    return {
      status,
      phase,
      agent: agent.name,
      revision: agent.revision,
      model,
      turns,
      toolCalls,
      usage,
      costUsd,
      costIncomplete,
      simulated,
      length: transcript.length,
      todos,
      running: [...running],
      stopReason: stop?.reason ?? null,
      failure: failure ? { code: failure.code, message: failure.message } : null,
    };
  }
}

function freshProgress(now: number): SessionProgress {
  return {
    turns: 0,
    toolCalls: 0,
    usage: NO_USAGE,
    costUsd: 0,
    costIncomplete: false,
    simulated: false,
    contextFrom: 0,
    outputRepairs: 0,
    repeats: { key: '', count: 0 },
    quickCalls: [],
    todos: [],
    startedAt: now,
  };
}

/** Text and parts go to the model as they are; any other value as JSON. */
function firstMessage(input: unknown): Message {
  if (typeof input === 'string') return textMessage(input);
  if (isParts(input)) return { role: 'user', content: input };
  return textMessage(JSON.stringify(input ?? null, null, 2));
}

/** By their whole shape: a list of things that happen to have a `type` is a JSON value like any other. */
function isParts(input: unknown): input is UserPart[] {
  return Array.isArray(input) && input.length > 0 && input.every(isPart);
}

function isPart(part: Partial<Record<string, unknown>> | null): boolean {
  if (part?.type === 'text') return typeof part.text === 'string';
  if (part?.type !== 'image' && part?.type !== 'file') return false;
  const named = part.type === 'image' || typeof part.name === 'string';
  return named && typeof part.mediaType === 'string' && (typeof part.data === 'string' || part.artifact !== undefined);
}

export function textMessage(text: string): UserMessage {
  return { role: 'user', content: [{ type: 'text', text }] };
}
