import type { Stop } from './gates';
import type { Inbox } from './inbox';
import type { Session } from './session';
import { type DriverEnd, driveSession, type SessionDeps } from './session-driver';

/** What a chat needs beside what a session does. */
export interface ChatDeps extends SessionDeps {
  /** Runs an exchange so that it can be ended alone. */
  guarded(work: () => Promise<DriverEnd>): Promise<DriverEnd>;
  /** Waits until the condition holds; false when the time, in ms, passed first. */
  wait(condition: () => boolean, ms: number | undefined, why: string): Promise<boolean>;
}

/** Takes message after message, strictly in order, until the chat is closed, stopped or out of time. */
export async function driveChat(session: Session, inbox: Inbox, deps: ChatDeps): Promise<DriverEnd> {
  for (;;) {
    if (!inbox.working) {
      const end = await nextMessage(session, inbox, deps);
      if (end) return end;
      openExchange(session, inbox, deps.now());
    }
    const end = await runExchange(session, deps);
    if (end.kind === 'rollover') return end;
    session.settleOpenCalls();
    inbox.finish(end, session.transcript.length, deps.now(), session.output);
    if (end.stop.reason === 'stopped') return end;
    session.control.interrupted();
  }
}

/** What ends a run with one answer ends here the exchange: the next message may fare better. Bugs still go up. */
async function runExchange(session: Session, deps: ChatDeps): Promise<DriverEnd> {
  try {
    return await deps.guarded(() => driveSession(session, deps));
  } catch (error) {
    const failure = deps.failureOf(error);
    if (!failure) throw error;
    return { kind: 'ended', stop: { reason: 'failed', detail: failure.message }, failure };
  }
}

/** Waits for a message; gives the end instead when none will come any more. */
async function nextMessage(session: Session, inbox: Inbox, deps: ChatDeps): Promise<DriverEnd | undefined> {
  const { chat = {} } = session.given;
  for (;;) {
    const { ending } = session.control;
    if (ending) return ended(ending);
    if (deps.rolloverDue(session.turnsHere)) return { kind: 'rollover' };
    const now = deps.now();
    const expiresAt = chat.expiresAfter === undefined ? Number.POSITIVE_INFINITY : inbox.startedAt + chat.expiresAfter;
    const idleAt = chat.idleTimeout === undefined ? Number.POSITIVE_INFINITY : inbox.quietSince + chat.idleTimeout;
    if (now >= expiresAt) return ended({ reason: 'expired', detail: 'the chat reached its expiry' });
    if (!inbox.isEmpty) return undefined;
    if (inbox.closed) return ended({ reason: 'closed', detail: '' });
    if (now >= idleAt)
      return ended({ reason: 'idle-timeout', detail: 'no message came for as long as the chat allows' });
    session.rest('idle');
    const until = Math.min(expiresAt, idleAt);
    const awake = () => !inbox.isEmpty || inbox.closed || session.control.ending !== undefined || deps.rolloverDue(0);
    await deps.wait(awake, Number.isFinite(until) ? until - now : undefined, 'waiting for a message');
  }
}

function ended(stop: Stop): DriverEnd {
  return { kind: 'ended', stop };
}

function openExchange(session: Session, inbox: Inbox, now: number): void {
  const next = inbox.take(session.transcript.length);
  if (!next) return;
  session.transcript.append(next.message);
  session.beginExchange(next.number, now);
}
