import type { UpdateDefinition } from '@temporalio/common';
import { currentUpdateInfo, proxyLocalActivities, setHandler, uuid4, workflowInfo } from '@temporalio/workflow';
import type { HoldfastActivities } from '../protocol/activities';
import type { Actor, Receipt } from '../protocol/control';
import type { Failure } from '../protocol/failures';
import { mayUseModel } from '../protocol/permissions/verdict';
import type { PermissionView } from '../protocol/permissions/view';
import type { SessionInput } from '../protocol/session';
import { changedVariables, type VariableChanges, type Variables, variablesProblem } from '../protocol/variables';
import { LOOK_UP } from './activity-options';
import {
  checkActor,
  checkChange,
  checkSending,
  checkSteering,
  checkStep,
  checkTitle,
  invalid,
  refuse,
} from './check-update';
import type { Control } from './control';
import { failureOf, toApplicationFailure } from './failures';
import type { Guard } from './guard';
import type { Inbox } from './inbox';
import { messageOf, withVariables } from './message-of';
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
import { checkExpanded, checkLimits } from './session-input';
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
  setHandler(permissionsQuery, () => permissionsOf(run));
  setHandler(transcriptQuery, (from, to) => run.session?.transcript.page(from, to) ?? null);
  setHandler(purseQuery, () => run.session?.purse?.view() ?? null);
  setHandler(exchangeQuery, (number) => run.inbox?.exchange(number) ?? null);
}

/** Every move is checked by its validator: what is refused leaves no trace and changes nothing. */
export function handleUpdates(run: Handled): void {
  const { control, guard } = run;
  const { on, record } = orders(control);

  on(
    pauseUpdate,
    (actor) => {
      record('pause', actor);
      control.pause(actor, Date.now());
    },
    both(checkActor, () => control.paused && illegal('pause', 'it is paused already')),
  );
  on(
    resumeUpdate,
    (actor) => {
      record('resume', actor);
      control.resume();
    },
    both(checkActor, () => needsPause(control, 'resume')),
  );
  on(
    stepUpdate,
    ({ unit = 'turn', ...actor }) => {
      record('step', actor, unit);
      control.step(unit, run.session?.midTurn ?? false);
    },
    both(checkStep, () => needsPause(control, 'step')),
  );
  on(
    steerUpdate,
    ({ text, pin, ...actor }) => {
      record('steer', actor, text.slice(0, 200));
      const message = withVariables(messageOf(text), variablesOf(run));
      control.steer({ ...message, by: actor.by, ...(pin === true && { pinned: true }) });
    },
    both(checkSteering, ({ text }) => {
      needsWork(run, 'steer', 'send it a message');
      checkExpanded(text, variablesOf(run));
    }),
  );
  on(
    stopUpdate,
    (actor) => {
      record('stop', actor);
      const stop = { reason: 'stopped' as const, detail: `by ${actor.by}${actor.reason ? `: ${actor.reason}` : ''}` };
      control.end(stop);
      guard.abort(stop);
      return { costUsd: run.session?.progress.costUsd ?? 0 };
    },
    both(checkActor, () => run.session ?? illegal('stop', 'it is only just starting')),
  );
  on(
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
    both(checkChange, ({ model, variables }) => {
      mayChange(run, model);
      if (variables) mayHold(run, variables);
    }),
  );
  if (run.inbox) handleChat(run, run.inbox);
  else setHandler(sendUpdate, (_sending): Receipt => noChat(), { validator: (_sending) => noChat() });
}

/** As long as the agent is not known, only what the run was given. */
function permissionsOf({ session }: Handled): PermissionView | null {
  if (!session) return null;
  return session.authority.view(session.agent, session.given, workflowInfo().workflowId);
}

function handleChat(run: Handled, inbox: Inbox): void {
  const { on, record } = orders(run.control);
  setHandler(
    sendUpdate,
    ({ input, by, pin, source }) => {
      if (source !== undefined) noteSource(run, source);
      const said = source === undefined ? withVariables(messageOf(input), variablesOf(run)) : messageOf(input);
      const message = { ...said, ...(by && { by }), ...(pin === true && { pinned: true as const }) };
      return inbox.add(currentUpdateInfo()?.id ?? uuid4(), message);
    },
    {
      validator: (sending) => {
        const chars = checkSending(sending, run.input.agent);
        // What others wrote is taken as it is: the names in it are not ours.
        const grown = sending.source === undefined ? checkExpanded(sending.input, variablesOf(run)) : 0;
        if (inbox.knows(currentUpdateInfo()?.id ?? '')) return;
        if (inbox.closed || run.control.ending?.reason === 'stopped' || run.session?.isOver)
          refuse('Chat.Closed', 'the chat takes no more messages', 'Start another one.');
        if (inbox.isFull(chars + grown))
          refuse('Chat.QueueFull', 'too many messages wait already', 'Wait for the next answer and send again.');
      },
    },
  );
  on(
    interruptUpdate,
    (actor) => {
      record('interrupt', actor);
      const stop = { reason: 'interrupted' as const, detail: `by ${actor.by}` };
      run.control.end(stop);
      run.guard.abort(stop);
    },
    both(checkActor, () => needsWork(run, 'interrupt', 'there is nothing to interrupt')),
  );
  on(
    renameUpdate,
    ({ title, ...actor }) => {
      record('rename', actor, title);
      inbox.title = title.trim();
    },
    checkTitle,
  );
  on(
    closeUpdate,
    (actor) => {
      record('close', actor);
      inbox.close(actor);
    },
    both(checkActor, () => inbox.closed && illegal('close', 'it is closed already')),
  );
}

/**
 * Orders of operators. One that is given again under its update id is acknowledged and not followed twice, also when the session
 * continued as new in between: the server knows the ids of one Temporal run only.
 */
function orders(control: Control) {
  const id = () => currentUpdateInfo()?.id;
  /** An order given again across a roll-over is answered with nothing: it is done. */
  function on<Given, Answer>(
    update: UpdateDefinition<Answer, [Given]>,
    follow: (given: Given) => Answer | Promise<Answer>,
    check: (given: Given) => void,
  ): void {
    setHandler(update, (given: Given) => (control.knows(id()) ? (undefined as Answer) : follow(given)), {
      validator: (given: Given) => {
        if (!control.knows(id())) check(given);
      },
    });
  }
  function record(action: string, actor: Actor, detail?: string): void {
    control.remember(id());
    control.record(action, actor, Date.now(), detail);
  }
  return { on, record };
}

function variablesOf({ session, input }: Handled): Variables | undefined {
  return (session?.given ?? input).variables;
}

/** All of them together are carried whenever the session continues as new. */
function mayHold(run: Handled, changes: VariableChanges): void {
  const problem = variablesProblem(changedVariables(variablesOf(run), changes));
  if (problem !== undefined) invalid(`variables: ${problem}`);
}

/** From now on: the message may be in the conversation before anybody looks again. */
function noteSource(run: Handled, source: string): void {
  run.input = { ...run.input, tainted: [...(run.input.tainted ?? []), source].slice(0, 20) };
  run.session?.authority.taint(source);
}

function noChat(): never {
  return illegal('send', 'it gives one answer and is no chat');
}

/** What is given must be well-formed, and the move legal. */
function both<Given>(check: (given: Given) => void, rule: (given: Given) => unknown): (given: Given) => void {
  return (given) => {
    check(given);
    rule(given);
  };
}

/** Operators may do much, and not more than the run's policies let anybody. */
function mayChange({ session }: Handled, model: string | undefined): void {
  if (!session) illegal('change', 'it is only just starting');
  if (model !== undefined && !session.pinned) illegal('change', 'its agent is only just being looked up');
  if (model === undefined || mayUseModel(session.layers, model)) return;
  refuse('Permission.Denied', `the run may not use the model ${model}`, 'Its `permissions.models` name those it may.');
}

function needsPause(control: Control, action: string): void {
  if (!control.paused) illegal(action, 'it is not paused');
}

function needsWork({ inbox, session }: Handled, action: string, hint: string): void {
  if (inbox && !inbox.working) refuse('Control.Illegal', `cannot ${action}: the chat waits for a message`, hint);
  if (session?.isOver) illegal(action, 'it has ended');
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
