import type { ScheduleDescription } from '@temporalio/client';
import { WORKFLOW } from '../../protocol/names';
import type { SessionInput, SessionOptions } from '../../protocol/session';
import { startInput } from '../start-input';
import { withBudget } from '../start-options';
import { actionOf, attributesOf, type ScheduleActionInput, type StartAction, sessionAction } from './action';
import { checkPolicy, checkRest, checkTimes, partsOf } from './checks';
import { type Replacement, same } from './edit';
import { fromSpec, toPolicies, toSpec } from './spec';

/** What may be changed of something: null takes it away. */
export type Changes<T> = { [Key in keyof T]?: T[Key] | null | undefined };

const KINDS_OF_TIMES = ['cron', 'every', 'calendar'];

/**
 * A schedule with what is changed of it.
 * @throws HoldfastError `Input.*`.
 */
export function changedSchedule(current: ScheduleDescription, changes: object): Replacement {
  const { times, policy, rest } = partsOf(changes);
  const { paused: pausing, ...of } = rest;
  const { paused = current.state.paused } = checkRest({ paused: pausing });
  const { remainingRuns = current.state.remainingActions, ...policies } = checkPolicy(without(policy));
  const before = same(current);
  const action = isEmpty(of) ? before.action : changedAction(current, of);
  const left = policy.remainingRuns === null ? undefined : remainingRuns;
  return {
    ...before,
    spec: isEmpty(times) ? before.spec : toSpec(checkTimes(changedTimes(current, times))),
    action,
    policies: { ...without({ ...before.policies, ...taken(policy) }), ...toPolicies(policies) },
    state: { paused, ...(left !== undefined && { remainingActions: left }) },
    ...(!isEmpty(of) && { searchAttributes: {}, typedSearchAttributes: attributesOf(action) }),
  };
}

function isEmpty(values: object): boolean {
  return Object.keys(values).length === 0;
}

/** Names of what is taken away: the server has its own value for it. */
function taken(values: Record<string, unknown>): Record<string, null> {
  const names = Object.entries(values).filter(([, value]) => value === null);
  return Object.fromEntries(names.map(([name]) => [name, null]));
}

/** The times there are with what is changed; a new cron, interval or calendar replaces all of them. */
function changedTimes(current: ScheduleDescription, changes: Record<string, unknown>): unknown {
  const before: Record<string, unknown> = fromSpec(current.spec);
  const replaced = KINDS_OF_TIMES.some((kind) => changes[kind] != null);
  const kept = Object.entries(before).filter(([name]) => !replaced || !KINDS_OF_TIMES.includes(name));
  return without({ ...Object.fromEntries(kept), ...changes });
}

/**
 * What the schedule starts with what is changed; single limits and parameters are replaced, the others stay.
 * @throws HoldfastError `Input.Invalid`, `Input.TooLarge`.
 */
function changedAction(current: ScheduleDescription, changes: Record<string, unknown>): StartAction {
  const before = current.action as StartAction;
  const { taskQueue } = before;
  const workflowId = before.workflowId ?? current.scheduleId;
  const ofAgent = before.workflowType === WORKFLOW.agentSession;
  if (changes.workflow != null || !ofAgent) {
    const workflow = changes.agent == null && { workflow: before.workflowType, args: before.args };
    const given = without({ taskQueue, ...(!ofAgent && workflow), ...changes }) as unknown as ScheduleActionInput;
    return { ...(ofAgent ? {} : before), ...actionOf(workflowId, given, taskQueue) };
  }
  const { searchAttributes: _, ...rest } = before;
  const queue = (changes.taskQueue as string | undefined) ?? taskQueue;
  return { ...rest, ...sessionAction(workflowId, changedSession(before, changes), queue) };
}

function changedSession({ args = [] }: StartAction, changes: Record<string, unknown>): SessionInput {
  const { agent, ...before } = (args[0] ?? {}) as SessionInput;
  const { agent: other, budgetUsd, taskQueue: _, limits, parameters, ...given } = changes;
  const merged: unknown = without({
    ...before,
    ...given,
    ...(limits !== undefined && { limits: merge(before.limits, limits) }),
    ...(parameters !== undefined && { parameters: merge(before.parameters, parameters) }),
  });
  const options = withBudget(
    { input: null, ...(merged as object) } as SessionOptions,
    (budgetUsd ?? undefined) as number | undefined,
  );
  return startInput((other as string | undefined) ?? agent, options);
}

function merge(before: object | undefined, given: unknown): unknown {
  return given !== null && typeof given === 'object' ? without({ ...before, ...given }) : given;
}

/** Without what is taken away. */
function without(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value != null));
}
