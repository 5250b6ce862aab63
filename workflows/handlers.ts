import { currentUpdateInfo, proxyLocalActivities, setHandler, uuid4 } from '@temporalio/workflow';
import type { HoldfastActivities } from '../protocol/activities';
import type { Actor, Receipt } from '../protocol/control';
import type { Failure } from '../protocol/failures';
import type { SessionInput } from '../protocol/session';
import { LOOK_UP } from './activity-options';
import { checkActor, checkChange, checkSending, checkSteering, checkStep, checkTitle, refuse } from './check-update';
import type { Control } from './control';
import { failureOf, toApplicationFailure } from './failures';
import type { Guard } from './guard';
import type { Inbox } from './inbox';
import { messageOf } from './message-of';
import {
  agentQuery,
  changeUpdate,
  closeUpdate,
  exchangeQuery,
  interruptUpdate,
  pauseUpdate,
  permissionsQuery,
  purseQuery,
  renameUpdate,
  resumeUpdate,
  sendUpdate,
  stateQuery,
  steerUpdate,
  stepUpdate,
  stopUpdate,
  transcriptQuery,
} from './messages';
import type { Session } from './session';
import { checkLimits } from './session-input';
import { startingView, viewOf } from './session-view';

const { checkModel } = proxyLocalActivities<HoldfastActivities>(LOOK_UP);

/** What the handlers act on. The session is not there while a fork's beginning is copied. */
export interface Handled {
  input: SessionInput;
  control: Control;
  inbox: Inbox | undefined;
  guard: Guard;
  session: Session | undefined;
  refusal: Failure | undefined;
}

export function handleQueries(run: Handled): void {
  setHandler(stateQuery, () => (run.session ? viewOf(run.session) : startingView(run.input.agent, run, run.refusal)));
  setHandler(agentQuery, () => (run.session?.pinned ? run.session.agent : null));
  setHandler(permissionsQuery, () => run.session?.authority.view(run.session.agent, run.session.given) ?? null);
  setHandler(transcriptQuery, (from, to) => run.session?.transcript.page(from, to) ?? null);
  setHandler(purseQuery, () => run.session?.purse?.view() ?? null);
  setHandler(exchangeQuery, (number) => run.inbox?.exchange(number) ?? null);
}

/** Every move is checked by its validator: what is refused leaves no trace and changes nothing. */
export function handleUpdates(run: Handled): void {
  const { control, guard } = run;
  const record = (action: string, actor: Actor, detail?: string) => control.record(action, actor, Date.now(), detail);

  setHandler(
    pauseUpdate,
    (actor) => {
      record('pause', actor);
      control.pause(actor, Date.now());
    },
    { validator: both(checkActor, () => control.paused && illegal('pause', 'it is paused already')) },
  );
  setHandler(
    resumeUpdate,
    (actor) => {
      record('resume', actor);
      control.resume();
    },
    { validator: both(checkActor, () => needsPause(control, 'resume')) },
  );
  setHandler(
    stepUpdate,
    ({ unit = 'turn', ...actor }) => {
      record('step', actor, unit);
      control.step(unit, run.session?.midTurn ?? false);
    },
    { validator: both(checkStep, () => needsPause(control, 'step')) },
  );
  setHandler(
    steerUpdate,
    ({ text, ...actor }) => {
      record('steer', actor, text.slice(0, 200));
      control.steer({ ...messageOf(text), by: actor.by });
    },
    { validator: both(checkSteering, () => needsWork(run, 'steer', 'send it a message')) },
  );
  setHandler(
    stopUpdate,
    (actor) => {
      record('stop', actor);
      const stop = { reason: 'stopped' as const, detail: `by ${actor.by}${actor.reason ? `: ${actor.reason}` : ''}` };
      control.end(stop);
      guard.abort(stop);
    },
    { validator: both(checkActor, () => run.session ?? illegal('stop', 'it is only just starting')) },
  );
  setHandler(
    changeUpdate,
    async (change) => {
      if (change.model !== undefined) await known(change.model);
      record(
        'change',
        change,
        Object.keys(change)
          .filter((key) => key !== 'by' && key !== 'reason')
          .join(', '),
      );
      if (change.breakpoints) control.breakpoints = change.breakpoints;
      run.session?.change({ ...change, ...(change.limits && { limits: checkLimits(change.limits) }) });
      if (change.limits?.deadline !== undefined) guard.rearm();
    },
    { validator: both(checkChange, () => run.session ?? illegal('change', 'it is only just starting')) },
  );
  if (run.inbox) handleChat(run, run.inbox, record);
  else setHandler(sendUpdate, (_sending): Receipt => noChat(), { validator: (_sending) => noChat() });
}

function handleChat(run: Handled, inbox: Inbox, record: (action: string, actor: Actor, detail?: string) => void): void {
  setHandler(
    sendUpdate,
    ({ input, by }) => inbox.add(currentUpdateInfo()?.id ?? uuid4(), { ...messageOf(input), ...(by && { by }) }),
    {
      validator: (sending) => {
        const chars = checkSending(sending, run.input.agent);
        if (inbox.knows(currentUpdateInfo()?.id ?? '')) return;
        if (inbox.closed || run.control.ending?.reason === 'stopped' || run.session?.phase === 'ended')
          refuse('Chat.Closed', 'the chat takes no more messages', 'Start another one.');
        if (inbox.isFull(chars))
          refuse('Chat.QueueFull', 'too many messages wait already', 'Wait for the next answer and send again.');
      },
    },
  );
  setHandler(
    interruptUpdate,
    (actor) => {
      record('interrupt', actor);
      const stop = { reason: 'interrupted' as const, detail: `by ${actor.by}` };
      run.control.end(stop);
      run.guard.abort(stop);
    },
    { validator: both(checkActor, () => needsWork(run, 'interrupt', 'there is nothing to interrupt')) },
  );
  setHandler(
    renameUpdate,
    ({ title, ...actor }) => {
      record('rename', actor, title);
      inbox.title = title.trim();
    },
    { validator: checkTitle },
  );
  setHandler(
    closeUpdate,
    (actor) => {
      record('close', actor);
      inbox.close(actor);
    },
    { validator: both(checkActor, () => inbox.closed && illegal('close', 'it is closed already')) },
  );
}

function noChat(): never {
  return illegal('send', 'it gives one answer and is no chat');
}

/** What is given must be well-formed, and the move legal. */
function both<Given>(check: (given: Given) => void, rule: () => unknown): (given: Given) => void {
  return (given) => {
    check(given);
    rule();
  };
}

function needsPause(control: Control, action: string): void {
  if (!control.paused) illegal(action, 'it is not paused');
}

function needsWork({ inbox, session }: Handled, action: string, hint: string): void {
  if (inbox && !inbox.working) refuse('Control.Illegal', `cannot ${action}: the chat waits for a message`, hint);
  if (session?.phase === 'ended') illegal(action, 'it has ended');
}

function illegal(action: string, why: string): never {
  return refuse(
    'Control.Illegal',
    `cannot ${action} this run: ${why}`,
    '`holdfast runs show ID` tells what state it is in.',
  );
}

/** A model nobody knows is refused before the run depends on it. */
async function known(model: string): Promise<void> {
  try {
    await checkModel(model);
  } catch (error) {
    const failure = failureOf(error);
    throw failure ? toApplicationFailure(failure) : error;
  }
}
