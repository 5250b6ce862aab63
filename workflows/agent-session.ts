import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  scheduleActivity,
  setCurrentDetails,
  type WorkflowInfo,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  AdoptedTranscript,
  AdoptTranscriptInput,
  ArchiveTranscriptInput,
  InvokeModelResult,
  LeaseShort,
  SummariseResult,
} from '../protocol/activities';
import type { PermissionView } from '../protocol/permissions/view';
import type { Fork, SessionInput, SessionResult, TranscriptSegment } from '../protocol/session';
import { ADOPT, ARCHIVE, modelOptions } from './activity-options';
import { approvalIdOf, askApproval } from './ask-approval';
import { compensate, keepEffects } from './compensate';
import { conditionWithin } from './condition-within';
import { closePurse, connectPurse } from './connect-purse';
import { Control } from './control';
import { detailsOf } from './details';
import { type ChatDeps, driveChat } from './drive-chat';
import { failureOf, lostUsdOf, toApplicationFailure } from './failures';
import { deadlinePassed } from './gates';
import { Guard } from './guard';
import { type Handled, handleQueries, handleUpdates } from './handlers';
import { Inbox } from './inbox';
import { messageOf, withVariables } from './message-of';
import { tellOutcome } from './run-outcome';
import { recordEnd, recordRefusal, recordStart, recordStatus } from './search-attributes';
import { isComplete, Session } from './session';
import { driveSession } from './session-driver';
import { normaliseInput } from './session-input';
import type { Beginning } from './session-start';
import { runSessionTool } from './session-tools';
import { viewOf } from './session-view';

/**
 * One durable agent session: from an input to one answer, or a chat that answers message after message. Its history is its
 * audit trail; its transcript is a query. Continues as new between model calls when the history has grown, under the same id.
 */
export async function agentSession(given: SessionInput): Promise<SessionResult> {
  const input = normaliseInput(given, workflowInfo().continuedFromExecutionRunId !== undefined);
  const run = openDesk(input);
  handleQueries(run);
  handleUpdates(run);

  recordStart(input);
  run.session = input.fork && !input.carried ? await fork(run, input.fork) : openSession(run);
  return runSession(run.session, run.guard);
}

async function runSession(session: Session, guard: Guard): Promise<SessionResult> {
  const { inbox } = session;
  const scope = CancellationScope.current();
  // Whoever ends a run is not kept waiting for people who decide on what is undone.
  const hurried = () => scope.consideredCancelled || session.control.ending?.reason === 'stopped';
  const deps = depsOf(session, guard);
  session.onStatus = recordStatus;
  session.onDeadline = () => guard.rearm();
  connectPurse(session);
  const outcome = tellOutcome(session);
  try {
    const end = await (inbox ? driveChat(session, inbox, deps) : guard.run(() => driveSession(session, deps)));
    if (end.kind === 'rollover') return await rollOver(session);
    if (inbox) inbox.abandon(end.stop);
    else session.settleOpenCalls();
    if (!isComplete(end.stop)) await compensate(session, hurried);
    const result = withOrigin(session.end(end.stop), session.firstRunId);
    if (session.purse) await closePurse(session.purse);
    outcome?.ended(result);
    recordEnd(session);
    // Messages that come from here on are answered by the server: the run has ended.
    if (!allHandlersFinished()) await condition(allHandlersFinished);
    return result;
  } catch (error) {
    if (isCancellation(error) || failureOf(error)) {
      if (session.purse) await closePurse(session.purse);
      await compensate(session, hurried);
    }
    outcome?.failed(error);
    throw closed(session, error);
  } finally {
    setCurrentDetails(detailsOf(session));
  }
}

/** Whoever is given the result can hand on all of it, without having read it. */
function withOrigin(result: SessionResult, firstRunId: string): SessionResult {
  const { artifact } = result;
  return artifact
    ? { ...result, artifact: { ...artifact, of: { run: workflowInfo().workflowId, firstRunId } } }
    : result;
}

/** What must be there from the first moment: a message may arrive together with the start. */
function openDesk(input: SessionInput): Handled {
  const { carried, chat } = input;
  const control = new Control(carried?.control, input.breakpoints);
  const inbox = chat && new Inbox(Date.now(), chat.title ?? null, carried?.chat);
  if (inbox && !carried && input.input != null)
    inbox.add('start', withVariables(messageOf(input.input), input.variables));
  const run: Handled = {
    input,
    control,
    inbox,
    session: undefined,
    refusal: undefined,
    guard: new Guard(
      () => run.session?.deadlineAt,
      () => deadlinePassed((run.session as Session).limits),
    ),
  };
  return run;
}

function openSession({ input, control, inbox }: Handled, beginning?: Beginning): Session {
  const desk = { control, inbox };
  if (input.carried) return Session.resume(input.carried, input, desk);
  // The first run's id also after a reset, so that workspace and artifacts stay those of the session.
  return Session.start(input, workflowInfo().firstExecutionRunId, Date.now(), desk, beginning);
}

/** A fork begins with messages of another run, copied so that it stands on its own from then on. */
async function fork(run: Handled, from: Fork): Promise<Session> {
  const { input } = run;
  const hasInput = input.chat !== undefined || input.input != null;
  const copy: AdoptTranscriptInput = { fork: from, firstRunId: workflowInfo().firstExecutionRunId, hasInput };
  try {
    const { segment, digest, permissions, variables } = await scheduleActivity<AdoptedTranscript>(
      'adoptTranscript',
      [copy],
      ADOPT,
    );
    if (permissions) run.input = narrowed(run.input, permissions);
    if (variables) run.input = { ...run.input, variables: { ...variables, ...run.input.variables } };
    return openSession(run, { segments: [segment], length: segment.to, digest });
  } catch (error) {
    run.refusal = failureOf(error);
    if (!run.refusal) throw error;
    recordRefusal();
    throw toApplicationFailure(run.refusal);
  }
}

/** A fork may do no more than the run it was taken from, and shares its effects: none of them happens twice. */
function narrowed(input: SessionInput, { layers, effectScope, tainted }: PermissionView): SessionInput {
  return {
    ...input,
    authority: [...layers, ...(input.authority ?? [])],
    tainted: [...tainted, ...(input.tainted ?? [])],
    effectScope,
  };
}

function depsOf(session: Session, guard: Guard): ChatDeps {
  return {
    now: () => Date.now(),
    invokeModel: (call, summary) => {
      setCurrentDetails(detailsOf(session));
      const options = modelOptions(summary, session.priority);
      return scheduleActivity<InvokeModelResult | LeaseShort>('invokeModel', [call], options);
    },
    approvalId: (number) => approvalIdOf(workflowInfo().workflowId, number),
    askApproval: (id, request) => {
      setCurrentDetails(detailsOf(session));
      return askApproval(id, request);
    },
    runTool: (spec, input, summary) => runSessionTool(session, spec, input, summary),
    summarise: (call, summary) => {
      setCurrentDetails(detailsOf(session));
      const options = modelOptions(summary, session.priority);
      return scheduleActivity<SummariseResult | LeaseShort>('summariseTranscript', [call], options);
    },
    failureOf,
    lostUsd: lostUsdOf,
    rolloverDue: (turns) => isLong(workflowInfo()) || turns >= session.rolloverTurns,
    until: (over) => {
      setCurrentDetails(detailsOf(session));
      return condition(over);
    },
    guarded: (work) => guard.run(work),
    wait: (over, ms, summary) => {
      setCurrentDetails(detailsOf(session));
      return ms === undefined ? condition(over).then(() => true) : conditionWithin(over, ms, summary);
    },
  };
}

/**
 * Whoever takes a run over replays all of its history first, at about a millisecond an event on a machine that has other work: the server's
 * own suggestion, 4,096 events, would be seconds in which nobody answers.
 */
const LONG_EVENTS = 2_000;

function isLong({ continueAsNewSuggested, historyLength }: WorkflowInfo): boolean {
  return continueAsNewSuggested || historyLength >= LONG_EVENTS;
}

/** Same id, next Temporal run: the messages are archived, everything else is carried in the input. */
async function rollOver(session: Session): Promise<never> {
  session.phase = 'rolling-over';
  const { transcript, firstRunId } = session;
  const { base: from, length: to, digest } = transcript;
  const input: ArchiveTranscriptInput = { firstRunId, from, to, digest };
  const segment =
    to > from ? await scheduleActivity<TranscriptSegment>('archiveTranscript', [input], ARCHIVE) : undefined;
  await keepEffects(session);
  await condition(allHandlersFinished);
  // That it was called back is not carried along.
  session.purse?.breathe();
  await session.purse?.flushed();
  return continueAsNew<typeof agentSession>({ ...session.given, input: null, carried: session.carry(segment) });
}

/** Records how the session closed without an answer, and gives the error to close it with. */
function closed(session: Session, error: unknown): unknown {
  if (isCancellation(error)) {
    session.cancel();
    recordEnd(session);
    return error;
  }
  const failure = failureOf(error);
  if (!failure) return error;
  const told = session.fail(failure);
  recordEnd(session);
  return toApplicationFailure({ ...told, details: { ...told.details, session: viewOf(session) } });
}
