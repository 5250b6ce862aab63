import type { InvokeModelInput, InvokeModelResult, LeaseShort, RunToolInput } from '../protocol/activities';
import { ASK_HUMAN_SPEC } from '../protocol/ask-human';
import type { Failure, FailureCode } from '../protocol/failures';
import type { AssistantMessage, ToolCallPart, ToolMessage } from '../protocol/messages';
import type { StopReason } from '../protocol/session';
import { applyTodo } from '../protocol/todo';
import type { ToolSpec } from '../protocol/tool';
import { addUsage } from '../protocol/usage';
import { usedVariables } from '../protocol/variables';
import { argumentsText } from './arguments-text';
import { askHuman } from './ask-human';
import { type CompactionDeps, canSummarise, noteSummaryDue, summarise, withoutSummary } from './compaction';
import { fallBack, noteUnavailable, stillUnavailable } from './degrade';
import { notDone } from './dry-run';
import { type Stop, stopBeforeTools, stopBeforeTurn } from './gates';
import { grouped } from './grouped';
import { countRepeats } from './loop-breaker';
import { textMessage } from './message-of';
import { notSent, payTool, provide, settleCall, settleFailure } from './paying';
import { isFree, noteOutside, type PermitDeps, permit } from './permit';
import { answered, canRideAlong, runCalls, specOf, toolInput } from './run-calls';
import type { Session } from './session';

/** Temporal's primitives, handed in so that the loop can be driven by fakes. */
export interface SessionDeps extends PermitDeps, CompactionDeps {
  invokeModel(input: InvokeModelInput, summary: string): Promise<InvokeModelResult | LeaseShort>;
  /** Resolves with a result whatever the tool does; rejects on cancellation only. */
  runTool(spec: ToolSpec, input: RunToolInput, summary: string): Promise<ToolMessage>;
  /** US dollars a failed or cancelled model call may have cost; undefined when it does not say. */
  lostUsd(error: unknown): number | undefined;
  /** Whether this Temporal run has grown enough to continue as new. */
  rolloverDue(turnsInThisRun: number): boolean;
  /** Resolves once the condition holds. */
  until(condition: () => boolean): Promise<void>;
}

/** How a Temporal run of a session ends: the session is over, or goes on in a new run. */
export type DriverEnd = { kind: 'ended'; stop: Stop; failure?: Failure } | { kind: 'rollover' };

/** Attempts to shrink the context after the vendor called it too long. */
const SHRINK_ATTEMPTS = 4;
/** What part of the last context a shrunk one may have. */
const SHRINK = 0.7;

/**
 * The session loop: gates, model, tools, until there is an answer, a limit, or enough history to roll over. Only what waits is
 * asynchronous: the SDK takes a stack trace for every promise of a workflow, which made half of a turn's cost here.
 */
export async function driveSession(session: Session, deps: SessionDeps): Promise<DriverEnd> {
  for (;;) {
    const gate = session.control.ending ?? stopBeforeTurn(session.progress, session.limits, deps.now());
    if (gate) return { kind: 'ended', stop: declineCalls(session, session.progress.quickCalls, gate) };
    if (session.turnsHere > 0 && deps.rolloverDue(session.turnsHere)) return { kind: 'rollover' };
    if (turnIsHeld(session, deps)) {
      await parked(session, deps, () => !session.control.holds('model') || deps.rolloverDue(session.turnsHere));
      continue;
    }
    const riders = session.takeRiders();
    if (riders.length > 0) {
      await runTools(session, riders, deps);
      continue;
    }
    if (canSummarise(session)) {
      await summarise(session, deps);
      continue;
    }
    session.takeGuidance();
    const reply = await askModel(session, deps);
    if (!reply) continue;
    const next = takeReply(session, reply);
    if (!Array.isArray(next)) {
      // Guidance that came while the answer was written is not lost: there is another turn.
      if (next.reason === 'completed' && session.control.hasSteering) continue;
      return { kind: 'ended', stop: next };
    }
    if (next.length > 0) await runTools(session, next, deps);
  }
}

/** Whether an operator, or a breakpoint of theirs, holds the next model call. */
function turnIsHeld({ control, progress }: Session, deps: SessionDeps): boolean {
  control.breakAtTurn(progress.turns + 1, deps.now());
  return control.holds('model');
}

/** Waits at a safe point; the run rests once nothing else of it runs. */
async function parked(session: Session, deps: SessionDeps, over: () => boolean): Promise<void> {
  const { phase } = session;
  session.waiting++;
  if (session.running.length === 0) session.rest('paused');
  try {
    await deps.until(over);
  } finally {
    session.waiting--;
  }
  session.phase = phase;
  session.goOn();
}

/** What a reply leads to: the end, or tool calls to run before the next turn; none when they ride along with it. */
function takeReply(session: Session, reply: InvokeModelResult | Stop): Stop | ToolCallPart[] {
  if ('reason' in reply) return declineCalls(session, session.progress.quickCalls, reply);
  const calls = reply.message.content.filter((part) => part.type === 'tool-call');
  return calls.length > 0 ? admitCalls(session, calls) : (finishOrRepair(session, reply) ?? []);
}

/**
 * One model call; a context the vendor finds too long is shrunk and tried again, other limits end the run. Undefined when a
 * summary is due first.
 */
async function askModel(session: Session, deps: SessionDeps): Promise<InvokeModelResult | Stop | undefined> {
  session.phase = 'model';
  session.control.started('model');
  for (let shrunk = 0; ; ) {
    const unpaid = session.purse && (await provide(session, session.purse));
    if (unpaid) return unpaid;
    try {
      const result = await deps.invokeModel(modelInput(session), callSummary(session));
      if ('short' in result) {
        notSent(session, result);
        continue;
      }
      recordReply(session, result, deps.now());
      return result;
    } catch (error) {
      settleFailure(session, deps.lostUsd(error));
      const failure = deps.failureOf(error);
      if (failure && fallBack(session, failure, deps.now())) continue;
      if (failure && noteSummaryDue(session, failure)) return undefined;
      if (failure?.code === 'Model.ContextTooLong' && shrunk++ < SHRINK_ATTEMPTS && shrinkContext(session, failure))
        continue;
      const reason = failure && STOP_OF_FAILURE[failure.code];
      if (!reason) throw error;
      // It was written, and so billed, as far as it came; nobody says how much that was.
      if (failure.code === 'Model.AnswerTooLong') session.progress.costIncomplete = true;
      return { reason, detail: failure.message };
    }
  }
}

/** One line for the Web UI: which turn, which model, and the quick reads that ride along. */
function callSummary({ progress, agent, model = agent.name }: Session): string {
  const reads = grouped(progress.quickCalls.map(({ name }) => name));
  return `turn ${progress.turns + 1} · ${model}${reads && ` · after ${reads.slice(0, 120)}`}`;
}

/**
 * The activity reports how large the context was, by its own count, that the vendor refused; the vendor counts more. Without
 * a report it never came to the vendor: the last messages alone are too long, and asking for less is of no use.
 */
function shrinkContext({ progress }: Session, failure: Failure): boolean {
  const refused = failure.details?.contextTokens;
  if (typeof refused !== 'number') return false;
  progress.contextTokens = Math.floor(refused * SHRINK);
  return true;
}

/** Failures that are answers in their own right: the run ends with what it has instead of failing. */
const STOP_OF_FAILURE: Partial<Record<FailureCode, StopReason>> = {
  'Limit.Cost': 'max-cost',
  'Limit.Deadline': 'deadline',
  'Model.ContextTooLong': 'context-too-long',
  'Model.Refused': 'refused',
  'Model.AnswerTooLong': 'answer-cut',
};

function modelInput(session: Session): InvokeModelInput {
  const { agent, progress } = session;
  const { contextTokens } = progress;
  return {
    transcript: session.transcript.pointer(),
    turn: progress.turns + 1,
    agent: agent.name,
    contextFrom: progress.contextFrom,
    ...(session.pinned ? pinnedInput(session) : firstInput(session)),
    ...session.purse?.offer(),
    ...(contextTokens !== undefined && { contextTokens }),
    ...(progress.withoutFallback && { withoutFallback: true as const }),
    ...(session.given.dryRun && { dryRun: true as const }),
    ...(withoutSummary(session) && { withoutSummary: true as const }),
  };
}

function firstInput({ options, given, progress: { costUsd } }: Session): Partial<InvokeModelInput> {
  const models = given.authority?.flatMap(({ policy }) => (policy.models ? [policy.models] : [])) ?? [];
  return { options, ...(models.length > 0 && { models }), ...(costUsd > 0 && { spentUsd: costUsd }) };
}

function pinnedInput(session: Session): Partial<InvokeModelInput> {
  const { agent, model, progress, limits, parameters, mounts } = session;
  const variables = usedVariables(agent.instructions, session.variables);
  return {
    revision: agent.revision,
    model,
    ...(parameters && { parameters }),
    ...(variables && { variables }),
    ...(limits.costUsd !== undefined && { budgetUsd: limits.costUsd - progress.costUsd }),
    ...(progress.quickCalls.length > 0 && {
      quickCalls: progress.quickCalls.map((call) => call.id),
      ...(mounts && { mounts }),
    }),
  };
}

function recordReply(session: Session, result: InvokeModelResult, now: number): void {
  const { progress, transcript } = session;
  if (result.agent) session.pin(result.agent);
  progress.turns++;
  session.turnsHere++;
  progress.usage = addUsage(progress.usage, result.usage);
  settleCall(session, result);
  progress.simulated ||= result.simulated;
  progress.contextFrom = result.contextFrom;
  if (result.summaryDue) progress.summaryDue = true;
  transcript.seen();
  for (const message of result.quickResults ?? []) {
    transcript.append(message);
    noteUnavailable(session, message, now);
  }
  progress.quickCalls = [];
  transcript.append(result.message);
  session.noteTurn(result);
}

function admitCalls(session: Session, calls: ToolCallPart[]): Stop | ToolCallPart[] {
  const { progress, agent, transcript } = session;
  progress.repeats = countRepeats(progress.repeats, calls, transcript.sinceReply());
  const stop = stopBeforeTools(progress, session.limits, calls.length);
  if (stop) return declineCalls(session, calls, stop);
  progress.toolCalls += calls.length;
  const free = (call: ToolCallPart) =>
    isFree(session, specOf(agent, call.name) as ToolSpec, call) && !stillUnavailable(session, call);
  if (session.given.dryRun || session.control.stepwise || !canRideAlong(calls, agent) || !calls.every(free))
    return calls;
  for (const call of calls) noteOutside(session, specOf(agent, call.name), call);
  progress.quickCalls = calls.map(({ id, name }) => ({ id, name }));
  return [];
}

async function runTools(session: Session, calls: ToolCallPart[], deps: SessionDeps): Promise<void> {
  session.phase = 'tools';
  // While tools run nothing is needed that others wait for.
  session.purse?.breathe();
  session.results.clear();
  const results = await runCalls(calls, session.agent, (spec, call) => runOneTool(session, spec, call, deps));
  for (const result of results) session.transcript.append(result);
  for (const call of calls) noteOutside(session, specOf(session.agent, call.name), call);
}

/** Every call is answered, also when the run stops before it: the conversation can be taken up again as it is. */
function declineCalls(session: Session, calls: Pick<ToolCallPart, 'id' | 'name'>[], stop: Stop): Stop {
  for (const call of calls) session.transcript.append(answered(call, 'denied', `Not run: ${stop.detail}.`));
  session.progress.quickCalls = [];
  return stop;
}

async function runOneTool(
  session: Session,
  spec: ToolSpec,
  asked: ToolCallPart,
  deps: SessionDeps,
): Promise<ToolMessage> {
  const without = stillUnavailable(session, asked);
  if (without) return without;
  if (session.given.dryRun) return notDone(session, spec, asked);
  const permitted = await permit(session, spec, asked, deps);
  if ('role' in permitted) return permitted;
  const result = await runPermitted(session, spec, permitted.call, deps);
  return permitted.note === undefined ? result : withNote(result, permitted.note);
}

async function runPermitted(
  session: Session,
  spec: ToolSpec,
  call: ToolCallPart,
  deps: SessionDeps,
): Promise<ToolMessage> {
  const { control, running } = session;
  control.breakAtTool(spec.name, deps.now());
  while (control.holds('tool')) await parked(session, deps, () => !control.holds('tool'));
  control.started('tool');
  if (spec.runsIn === 'workflow') {
    return spec.name === ASK_HUMAN_SPEC.name ? askHuman(session, call, deps) : runTodo(session, call);
  }
  const { agent, progress, firstRunId, mounts } = session;
  const input = toolInput(call, { agent: agent.name, firstRunId, turn: progress.turns, ...(mounts && { mounts }) });
  // Nothing is waited for that costs nothing: calls that run together would start in another order.
  const unpaid = spec.priceUsd ? await payTool(session, spec, spec.priceUsd) : undefined;
  if (unpaid !== undefined) return answered(call, 'denied', `Not run: ${unpaid}.`);
  running.push(spec.name);
  try {
    const result = await deps.runTool(spec, input, summaryOf(progress.turns, call));
    session.results.set(call.id, result);
    return result;
  } finally {
    running.splice(running.indexOf(spec.name), 1);
    session.restAgain();
  }
}

/** The message is no longer the one its activity made: caches must not take it for that. */
function withNote({ mark: _mark, ...result }: ToolMessage, note: string): ToolMessage {
  return { ...result, content: `${note}\n${result.content}`, mediaType: 'text/plain' };
}

/** The todo list is state of the run itself: no activity, and it survives with the run. */
function runTodo(session: Session, call: ToolCallPart): ToolMessage {
  const applied = applyTodo(session.progress.todos, call.arguments);
  if ('error' in applied) return answered(call, 'invalid-arguments', applied.error);
  session.progress.todos = applied.todos;
  return answered(call, 'ok', applied.content);
}

/** One line for the Web UI: the turn, and what the call is about. */
function summaryOf(turn: number, call: ToolCallPart): string {
  return `turn ${turn} · ${argumentsText(call)}`;
}

/** A reply without tool calls is the answer, unless it must be mended first. */
function finishOrRepair(session: Session, reply: InvokeModelResult): Stop | undefined {
  const text = textOf(reply.message);
  session.artifact = reply.message.content.find((part) => part.type === 'text' && part.artifact)?.artifact;
  if (reply.finish === 'refusal') return ended(session, 'refused', text, 'the model refused');
  if (reply.finish === 'length') return ended(session, 'answer-cut', text, 'the answer reached the output limit');
  const problem = problemOf(reply, text);
  if (problem === undefined) return ended(session, 'completed', answerOf(reply, text), '');
  if (session.progress.outputRepairs >= session.agent.outputRepairs)
    return ended(session, 'invalid-output', text, problem);
  session.progress.outputRepairs++;
  session.transcript.append(textMessage(problem));
  return undefined;
}

/** A value that was too large for the history is left out of the result; the text is then its beginning. */
function answerOf({ output }: InvokeModelResult, text: string): unknown {
  return output?.ok && 'value' in output ? output.value : text;
}

function problemOf(reply: InvokeModelResult, text: string): string | undefined {
  if (reply.output && !reply.output.ok) {
    return `Your answer does not satisfy the required schema: ${reply.output.errors}\nAnswer again with JSON that does, and nothing else.`;
  }
  return text.trim() === '' ? 'Your last answer was empty. Give the final answer now.' : undefined;
}

function ended(session: Session, reason: StopReason, output: unknown, detail: string): Stop {
  session.output = output;
  return { reason, detail };
}

function textOf(message: AssistantMessage): string {
  return message.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}
