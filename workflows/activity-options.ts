import type { ActivityOptions, LocalActivityOptions } from '@temporalio/common';
import type { ToolSpec } from '../protocol/tool';

/**
 * A worker that dies is noticed after this long without a sign of life. Workers send one every half second (see
 * `workers/plugin.ts`), so a stall of the event loop must last 2.5 s to be taken for a death.
 */
const HEARTBEAT_TIMEOUT_MS = 3_000;
/** A model that keeps streaming may take this long for one answer. Idle streams are cut much earlier, by the adapter. */
const MODEL_CALL_MS = 15 * 60_000;

/**
 * Model calls are tried again for as long as the run may live: an outage parks a run, it does not end it. Which failures are
 * tried again, and when, is said by the failure itself; these intervals serve lost workers and timeouts.
 */
export function modelOptions(summary: string, priority?: number): ActivityOptions {
  return {
    summary,
    ...priorityOf(priority),
    startToCloseTimeout: MODEL_CALL_MS,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: { initialInterval: 100, backoffCoefficient: 3, maximumInterval: 60_000 },
  };
}

export function toolOptions(spec: ToolSpec, summary: string, priority?: number): ActivityOptions {
  return {
    summary,
    ...priorityOf(priority),
    // The tool's own timeout is kept inside the activity, which then answers; this one is for an activity that cannot.
    startToCloseTimeout: spec.timeoutMs + 10_000,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: { initialInterval: 100, backoffCoefficient: 3, maximumInterval: 30_000, maximumAttempts: spec.maxAttempts },
  };
}

/** A tool that takes effect once: no second attempt by itself, whatever became of the first. */
export function onceOptions(tool: Pick<ToolSpec, 'timeoutMs'>, summary: string): ActivityOptions {
  return {
    summary,
    startToCloseTimeout: tool.timeoutMs + 10_000,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: { maximumAttempts: 1 },
  };
}

/** Work that was given up, once more. */
export function againOptions({ timeoutMs, maxAttempts }: Pick<ToolSpec, 'timeoutMs' | 'maxAttempts'>): ActivityOptions {
  return {
    summary: 'again',
    startToCloseTimeout: timeoutMs + 10_000,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: { initialInterval: 100, backoffCoefficient: 3, maximumInterval: 30_000, maximumAttempts: maxAttempts },
  };
}

/** Asking a tool what became of a call is safe to repeat. After that a person is asked. */
export function checkOptions({ timeoutMs }: Pick<ToolSpec, 'timeoutMs'>): ActivityOptions {
  return {
    summary: 'did it take effect?',
    startToCloseTimeout: timeoutMs + 10_000,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    retry: { initialInterval: 500, backoffCoefficient: 3, maximumAttempts: 6 },
  };
}

/** Waiting for somebody else's effect, which may wait for people. */
export const AWAIT_EFFECT: ActivityOptions = {
  summary: 'the same call was made before: wait for its result',
  startToCloseTimeout: 60 * 60_000,
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: { initialInterval: 500, maximumInterval: 30_000 },
};

function priorityOf(priority: number | undefined): Pick<ActivityOptions, 'priority'> {
  return priority === undefined ? {} : { priority: { priorityKey: priority } };
}

/** Quick reads: one marker in the history instead of three events and two round trips. */
export function quickToolOptions(spec: ToolSpec, summary: string): LocalActivityOptions {
  return {
    summary,
    startToCloseTimeout: spec.timeoutMs + 1_000,
    retry: { initialInterval: 50, maximumAttempts: spec.maxAttempts },
  };
}

/** Look-ups in the worker's own catalogue. */
export const LOOK_UP: LocalActivityOptions = {
  startToCloseTimeout: 5_000,
  retry: { initialInterval: 100, maximumAttempts: 5 },
};

/** What an approval's deadline hangs on: a busy worker must not end it. */
export const RECKON: LocalActivityOptions = { startToCloseTimeout: 10_000, retry: { initialInterval: 100 } };

/** Archiving at a roll-over; the session waits for it, so it is tried until it succeeds. */
export const ARCHIVE: ActivityOptions = {
  summary: 'archive the transcript before continuing as new',
  startToCloseTimeout: 120_000,
  heartbeatTimeout: 10_000,
  retry: { initialInterval: 200, maximumInterval: 30_000 },
};

/** Without it nobody would know later what there is to undo. */
export const KEEP_EFFECTS: ActivityOptions = { ...ARCHIVE, summary: 'put away what the run did' };

export const READ_EFFECTS: ActivityOptions = { ...ARCHIVE, summary: 'look up what the run did' };

/** Copying the beginning of a fork: refused at once when there is no such beginning. */
export const ADOPT: ActivityOptions = { ...ARCHIVE, summary: 'copy the beginning of the forked run' };

/** A round of an emergency stop; it is tried until it succeeds. */
export const STOP_ROUND: ActivityOptions = {
  summary: 'stop what runs',
  startToCloseTimeout: 5 * 60_000,
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  cancellationType: 'TRY_CANCEL',
  retry: { initialInterval: 200, maximumInterval: 5_000 },
  priority: { priorityKey: 1 },
};

/** Telling people: for a day, then they will look themselves or the approval expires. */
export const NOTIFY: ActivityOptions = {
  summary: 'tell the approvers',
  startToCloseTimeout: 30_000,
  scheduleToCloseTimeout: 24 * 60 * 60_000,
  retry: { initialInterval: 1_000, backoffCoefficient: 2, maximumInterval: 10 * 60_000 },
};

/** Telling people of money. */
export const NOTIFY_BUDGET: ActivityOptions = { ...NOTIFY, summary: 'tell people of the budget' };

/** Asking a run that is silent; a worker must be there to answer for it. */
export const LOOK_AT_HOLDER: ActivityOptions = {
  summary: 'look whether a run still holds its money',
  startToCloseTimeout: 30_000,
  scheduleToCloseTimeout: 60 * 60_000,
  retry: { initialInterval: 1_000, maximumInterval: 60_000 },
};

/** The money waits for it, and the server has the entries too for a while: it is given up soon where the store does not work. */
export const ARCHIVE_ENTRIES: ActivityOptions = {
  ...ARCHIVE,
  summary: 'archive the entries before continuing as new',
  retry: { ...ARCHIVE.retry, maximumAttempts: 4 },
};

/** Waiting for runs, which may wait for people: attempt after attempt. */
export const AWAIT_RUNS: ActivityOptions = {
  summary: 'runs that began before the plan continued as new',
  startToCloseTimeout: 24 * 60 * 60_000,
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: { initialInterval: 100, maximumInterval: 10_000 },
};

/** Admission looks agents up and checks a graph; large ones take a moment. */
export const ADMIT: ActivityOptions = {
  summary: 'may this plan run?',
  startToCloseTimeout: 60_000,
  retry: { initialInterval: 100, maximumInterval: 10_000 },
};

export const PLAN_PAGES: ActivityOptions = { ...ARCHIVE, summary: 'the state of the plan', heartbeatTimeout: 120_000 };

/** Results kept by the worker; a task is done anew where that does not work. */
export const REMEMBER: LocalActivityOptions = { startToCloseTimeout: 5_000, retry: { maximumAttempts: 2 } };

/** A ledger cannot go on without: it is looked up until it is found. */
export const PERIOD: LocalActivityOptions = {
  startToCloseTimeout: 5_000,
  retry: { initialInterval: 100, maximumInterval: 10_000 },
};

/** A choice that cannot be had soon is made by the rule. */
export const RANK: LocalActivityOptions = {
  summary: 'who should do it?',
  startToCloseTimeout: 3_000,
  scheduleToCloseTimeout: 5_000,
  retry: { initialInterval: 100, maximumAttempts: 2 },
};
