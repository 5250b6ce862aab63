import { ActivityFailure } from '@temporalio/common';
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  proxyLocalActivities,
  scheduleActivity,
  scheduleLocalActivity,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { HoldfastActivities, InvokeModelResult, RunToolInput } from '../protocol/activities';
import type { Failure } from '../protocol/failures';
import type { ToolMessage } from '../protocol/messages';
import { toolActivityType } from '../protocol/names';
import type { SessionInput, SessionResult, TranscriptSegment } from '../protocol/session';
import type { ToolSpec } from '../protocol/tool';
import { ARCHIVE, LOOK_UP, modelOptions, quickToolOptions, toolOptions } from './activity-options';
import { detailsOf } from './details';
import { failureOf, toApplicationFailure, toolFailure } from './failures';
import { agentQuery, startingView, stateQuery, transcriptQuery } from './messages';
import { answered } from './run-calls';
import { recordEnd, recordRefusal, recordStart } from './search-attributes';
import { Session } from './session';
import { type DriverEnd, driveSession, type SessionDeps } from './session-driver';
import { normaliseInput } from './session-input';

const { resolveAgent } = proxyLocalActivities<HoldfastActivities>(LOOK_UP);

/**
 * One durable agent session: from an input to one answer. Its history is its audit trail; its transcript is a query. Continues
 * as new between model calls when the history has grown, under the same id.
 */
export async function agentSession(given: SessionInput): Promise<SessionResult> {
  const input = normaliseInput(given);
  let session: Session | undefined;
  let refusal: Failure | undefined;
  setHandler(stateQuery, () => session?.view() ?? startingView(input.agent, refusal));
  setHandler(agentQuery, () => session?.agent ?? null);
  setHandler(transcriptQuery, (from, to) => session?.transcript.page(from, to) ?? null);

  recordStart(input);
  try {
    session = await openSession(input);
  } catch (error) {
    refusal = failureOf(error);
    if (!refusal) throw error;
    recordRefusal();
    throw toApplicationFailure(refusal);
  }
  try {
    const end = await withinDeadline(session, () => driveSession(session as Session, depsOf(session as Session)));
    if (end.kind === 'rollover') return await rollOver(session);
    const result = session.end(end.stop);
    recordEnd(session);
    return result;
  } catch (error) {
    throw closed(session, error);
  } finally {
    setCurrentDetails(detailsOf(session));
  }
}

async function openSession(input: SessionInput): Promise<Session> {
  if (input.carried) return Session.resume(input.carried, input);
  const { agent: name, input: _task, parent: _parent, carried: _none, ...given } = input;
  const { agent, options } = await resolveAgent({ agent: name, options: given });
  // The first run's id also after a reset, so that workspace and artifacts stay those of the session.
  return Session.start(agent, { ...input, ...options }, workflowInfo().firstExecutionRunId, Date.now());
}

function depsOf(session: Session): SessionDeps {
  return {
    now: () => Date.now(),
    invokeModel: (call, summary) => {
      setCurrentDetails(detailsOf(session));
      return scheduleActivity<InvokeModelResult>('invokeModel', [call], modelOptions(summary));
    },
    runTool,
    failureOf,
    rolloverDue: (turns) => workflowInfo().continueAsNewSuggested || turns >= session.rolloverTurns,
  };
}

/** Quick reads run inside the workflow worker's own step; everything else is an activity of its own. */
function callTool(spec: ToolSpec, input: RunToolInput, summary: string): Promise<ToolMessage> {
  const type = toolActivityType(spec.name);
  return spec.quick
    ? scheduleLocalActivity(type, [input], quickToolOptions(spec, summary))
    : scheduleActivity(type, [input], toolOptions(spec, summary));
}

/** A tool's failure is a result the model sees; only cancellation and bugs go up. */
async function runTool(spec: ToolSpec, input: RunToolInput, summary: string): Promise<ToolMessage> {
  try {
    return await callTool(spec, input, summary);
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const { outcome, text } = toolFailure(spec, error);
    return answered({ id: input.callId, name: input.name }, outcome, text);
  }
}

/** Cancels what runs when the deadline passes, and says so; a cancellation from outside stays one. */
async function withinDeadline(session: Session, run: () => Promise<DriverEnd>): Promise<DriverEnd> {
  const { deadline } = session.limits;
  if (deadline === undefined) return run();
  const left = session.progress.startedAt + deadline - Date.now();
  let passed = false;
  const work = new CancellationScope();
  const timer = new CancellationScope();
  timer
    .run(() => sleep(Math.max(left, 1), { summary: 'deadline of the run' }))
    .then(
      () => {
        passed = true;
        work.cancel();
      },
      () => undefined,
    );
  try {
    return await work.run(run);
  } catch (error) {
    if (!passed || !isCancellation(error)) throw error;
    return { kind: 'ended', stop: { reason: 'deadline', detail: `the deadline of ${deadline} ms passed` } };
  } finally {
    timer.cancel();
  }
}

/** Same id, next Temporal run: the messages are archived, everything else is carried in the input. */
async function rollOver(session: Session): Promise<never> {
  session.phase = 'rolling-over';
  const { transcript, firstRunId } = session;
  const segment = await scheduleActivity<TranscriptSegment>(
    'archiveTranscript',
    [{ firstRunId, from: transcript.base, to: transcript.length, digest: transcript.digest }],
    ARCHIVE,
  );
  await condition(allHandlersFinished);
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
  session.fail(failure);
  recordEnd(session);
  return toApplicationFailure({ ...failure, details: { ...failure.details, session: session.view() } });
}
