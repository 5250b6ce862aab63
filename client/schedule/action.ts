import type { ScheduleOptionsStartWorkflowAction } from '@temporalio/client';
import { defineSearchAttributeKey, type SearchAttributePair, type Workflow } from '@temporalio/common';
import { HoldfastError } from '../../protocol/failures';
import { SEARCH_ATTRIBUTE, WORKFLOW } from '../../protocol/names';
import type { SessionInput } from '../../protocol/session';
import { jsonOf } from '../checks';
import { startInput, workflowStart } from '../start-input';
import { type StartOptions, withBudget } from '../start-options';

/** Runs of an agent: as for `HoldfastClient.start`, but the server makes the ids. */
export interface AgentAction extends Omit<StartOptions, 'id' | 'chat' | 'fork' | 'startDelay' | 'startAt'> {
  agent: string;
}

/** Any workflow that a worker of the task queue knows. */
export interface WorkflowAction {
  /** The workflow's type. */
  workflow: string;
  /** Default: none. Must have a JSON form. */
  args?: readonly unknown[];
  /** Default: the client's. */
  taskQueue?: string;
}

/** What a schedule starts: runs of an agent, or any workflow. */
export type ScheduleActionInput = AgentAction | WorkflowAction;

export type StartAction = ScheduleOptionsStartWorkflowAction<Workflow>;

/** What a run of the schedule is asked to do, and with which of Temporal's means. */
export function actionOf(scheduleId: string, given: ScheduleActionInput, taskQueue: string): StartAction {
  return 'workflow' in given ? workflowAction(scheduleId, given, taskQueue) : agentAction(scheduleId, given, taskQueue);
}

function agentAction(scheduleId: string, { agent, taskQueue, budgetUsd, ...session }: AgentAction, usual: string) {
  if ('chat' in session) {
    throw new HoldfastError('Input.Invalid', 'chat: a schedule starts runs that answer and end', {
      hint: 'Leave chat out; a message can be sent to a chat at any time with HoldfastClient.chat.',
    });
  }
  return sessionAction(scheduleId, startInput(agent, withBudget(session, budgetUsd)), taskQueue ?? usual);
}

/** Looks like one of `HoldfastClient.start`; how ids are used again is the server's business here. */
export function sessionAction(scheduleId: string, input: SessionInput, taskQueue: string): StartAction {
  const { workflowIdReusePolicy: _, ...start } = workflowStart(scheduleId, checkQueue(taskQueue), input);
  return { type: 'startWorkflow', workflowType: WORKFLOW.agentSession, ...start };
}

function workflowAction(scheduleId: string, given: WorkflowAction, usual: string): StartAction {
  const { workflow, args = [], taskQueue = usual, ...unknown } = given;
  const [name] = Object.keys(unknown);
  if (name !== undefined) {
    throw new HoldfastError('Input.Invalid', `${name}: not for a schedule of a workflow`, {
      hint: 'Such a schedule has workflow, args and taskQueue; one of an agent has agent and its options.',
    });
  }
  if (typeof workflow !== 'string' || workflow.trim() === '' || workflow.length > 200) {
    throw new HoldfastError('Input.Invalid', `workflow: not a workflow type: ${JSON.stringify(workflow)}`, {
      hint: 'Give the name a worker knows it by.',
    });
  }
  if (workflow === WORKFLOW.agentSession) {
    throw new HoldfastError('Input.Invalid', `workflow: ${workflow} is started as an agent`, {
      hint: 'Give agent and input, which are checked, instead of workflow and args.',
    });
  }
  if (!Array.isArray(args))
    throw new HoldfastError('Input.Invalid', 'args: a list is needed', { hint: 'Write [value].' });
  jsonOf(args);
  return {
    type: 'startWorkflow',
    workflowType: workflow,
    workflowId: scheduleId,
    taskQueue: checkQueue(taskQueue),
    args: [...args],
  };
}

function checkQueue(taskQueue: string): string {
  if (typeof taskQueue === 'string' && /^[^\p{Cc}]{1,200}$/u.test(taskQueue)) return taskQueue;
  throw new HoldfastError('Input.Invalid', `taskQueue: not a name: ${JSON.stringify(taskQueue)}`, {
    hint: 'At most 200 characters, no control characters.',
  });
}

const agentKey = defineSearchAttributeKey(SEARCH_ATTRIBUTE.agent.name, SEARCH_ATTRIBUTE.agent.type);
const tenantKey = defineSearchAttributeKey(SEARCH_ATTRIBUTE.tenant.name, SEARCH_ATTRIBUTE.tenant.type);

/** Of the schedule itself: those that tell whose runs it starts. */
export function attributesOf({ workflowType, args = [] }: StartAction): SearchAttributePair[] {
  if (workflowType !== WORKFLOW.agentSession) return [];
  const { agent, tenant } = args[0] as SessionInput;
  return [{ key: agentKey, value: agent }, ...(tenant ? [{ key: tenantKey, value: tenant }] : [])];
}
