import type { Failure } from '../protocol/failures';
import type { SessionResult, SessionStateView } from '../protocol/session';
import { NO_USAGE } from '../protocol/usage';
import type { Stop } from './gates';
import type { Session } from './session';
import type { Desk } from './session-start';

/** The run's result. */
export function resultOf(session: Session, stop: Stop): SessionResult {
  const { agent, model, progress, transcript, output, artifact, inbox } = session;
  const { tainted } = session.authority.state;
  const { turns, toolCalls, usage, costUsd, costIncomplete, simulated } = progress;
  return {
    output,
    ...(artifact && { artifact }),
    stopReason: stop.reason,
    ...(stop.detail !== '' && { detail: stop.detail }),
    agent: agent.name,
    revision: agent.revision,
    model: model ?? '',
    turns,
    toolCalls,
    usage,
    costUsd,
    costIncomplete,
    simulated,
    length: transcript.length,
    ...(tainted.length > 0 && { tainted: [...tainted] }),
    ...(inbox && { exchanges: inbox.view().finished }),
    ...(progress.planned && { planned: progress.planned }),
    ...(progress.degraded && { degraded: progress.degraded }),
    ...(session.compensation && { compensation: session.compensation }),
  };
}

/** The answer to the `state` query. */
export function viewOf(session: Session): SessionStateView {
  const { agent, model, progress, transcript, status, phase, running, stop, failure, limits, control, inbox } = session;
  const { turns, toolCalls, usage, costUsd, costIncomplete, simulated, todos } = progress;
  return {
    status,
    phase,
    agent: agent.name,
    revision: session.pinned ? agent.revision : null,
    model: model ?? null,
    turns,
    toolCalls,
    usage,
    costUsd,
    costIncomplete,
    simulated,
    length: transcript.length,
    todos,
    running: [...running],
    limits: session.pinned ? limits : null,
    priority: session.priority ?? null,
    pause: control.paused,
    variables: session.variables ?? {},
    waitsFor: [...session.waitsFor],
    actions: control.actions,
    chat: inbox?.view() ?? null,
    degraded: progress.degraded ?? [],
    compensation: session.compensation ?? null,
    stopReason: stop?.reason ?? null,
    failure: failure ? { code: failure.code, message: failure.message } : null,
  };
}

/** What is known of a fork before its beginning is copied, or when it was refused. */
export function startingView(agent: string, { control, inbox }: Desk, refusal?: Failure): SessionStateView {
  return {
    status: refusal ? 'failed' : 'running',
    phase: refusal ? 'ended' : 'starting',
    agent,
    revision: null,
    model: null,
    turns: 0,
    toolCalls: 0,
    usage: NO_USAGE,
    costUsd: 0,
    costIncomplete: false,
    simulated: false,
    length: 0,
    todos: [],
    running: [],
    limits: null,
    priority: null,
    pause: control.paused,
    variables: {},
    waitsFor: [],
    actions: control.actions,
    chat: inbox?.view() ?? null,
    degraded: [],
    compensation: null,
    stopReason: null,
    failure: refusal ? { code: refusal.code, message: refusal.message } : null,
  };
}
