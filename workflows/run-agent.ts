import type { ChildWorkflowOptions } from '@temporalio/workflow';
import { startChild, workflowInfo } from '@temporalio/workflow';
import { ID_SEPARATOR } from '../protocol/names';
import type { SessionInput, SessionOptions, SessionResult } from '../protocol/session';
import type { agentSession } from './agent-session';
import { nextNumber } from './count';
import { toApplicationFailure } from './failures';
import { startAttributes } from './search-attributes';

/** What a child run is given: the task, and what is to be different from the agent's definition. */
export interface RunAgentOptions extends SessionOptions {
  /** The last part of the child's workflow id, which starts with the parent's. Default: the agent's name and a number. */
  id?: string;
  /** One line for the Web UI. Default: the agent's name. */
  summary?: string;
  /** What the caller may do, from the outside in: the child may do no more. Default: as its agent says. */
  authority?: SessionInput['authority'];
  /** Where content from outside came from that the task holds. */
  tainted?: string[];
  /**
   * Workflow id of the run whose effects this one shares: what that did by a `once` tool within its scope `run` is not done again.
   * Default: its own.
   */
  effectScope?: string;
  taskQueue?: string;
  /** What happens to the run when the calling workflow closes first. Default: it is cancelled too. */
  parentClosePolicy?: ChildWorkflowOptions['parentClosePolicy'];
}

/** A child run that was started. It goes on while the calling workflow does, whether or not its result is waited for. */
export interface AgentRun {
  readonly id: string;
  /** The whole result, whatever the stop reason. */
  result(): Promise<SessionResult>;
}

/**
 * Starts an agent as a child of the calling workflow; cancelling the caller cancels it.
 *
 * @example
 * ```ts
 * import { startAgent } from 'holdfast/workflow';
 *
 * export async function review(draft: string): Promise<unknown> {
 *   const run = await startAgent('reviewer', { input: draft, limits: { costUsd: 0.5 } });
 *   const { output, stopReason } = await run.result();
 *   return stopReason === 'completed' ? output : `no review: ${stopReason}`;
 * }
 * ```
 */
export async function startAgent(agent: string, options: RunAgentOptions): Promise<AgentRun> {
  const { id: name = `${agent}-${nextNumber('runs')}`, summary = `agent ${agent}`, ...more } = options;
  const { taskQueue, parentClosePolicy = 'REQUEST_CANCEL', ...session } = more;
  const parent = workflowInfo().workflowId;
  const id = checkedId(parent + ID_SEPARATOR + name);
  const input = { ...session, agent, parent } as SessionInput;
  const child = await startChild<typeof agentSession>('agentSession', {
    workflowId: id,
    args: [input],
    staticSummary: summary,
    parentClosePolicy,
    typedSearchAttributes: startAttributes(input),
    ...(taskQueue && { taskQueue }),
  });
  return { id, result: () => child.result() };
}

/** SQL visibility stores no longer ids: a run with one could not be found. */
const MAX_ID_CHARS = 255;

function checkedId(id: string): string {
  if (id.length <= MAX_ID_CHARS) return id;
  throw toApplicationFailure({
    code: 'Input.Invalid',
    message: `the id of the child run would have ${id.length} characters; ${MAX_ID_CHARS} is the most: ${id.slice(0, 80)}…`,
    hint: "Give the run a shorter id, or nest less deeply: a child's id starts with its parent's.",
  });
}

/**
 * Runs an agent as a child workflow and gives its answer: text, or the validated value where it has an output schema. Fails
 * with `Agent.Stopped` when the run ended for any reason but an answer; use `startAgent` to look at such results.
 *
 * @example
 * ```ts
 * import { runAgent } from 'holdfast/workflow';
 *
 * export async function priceOf(order: string): Promise<number> {
 *   const { usd } = await runAgent<{ usd: number }>('cashier', {
 *     input: order,
 *     output: { type: 'object', properties: { usd: { type: 'number' } }, required: ['usd'] },
 *   });
 *   return usd;
 * }
 * ```
 */
export async function runAgent<Output = string>(agent: string, options: RunAgentOptions): Promise<NoInfer<Output>> {
  const run = await startAgent(agent, options);
  const result = await run.result();
  if (result.stopReason === 'completed') return result.output as NoInfer<Output>;
  throw toApplicationFailure({
    code: 'Agent.Stopped',
    message: `agent ${agent} stopped: ${result.stopReason}${result.detail ? ` (${result.detail})` : ''}`,
    hint: 'Use startAgent() and read its result to handle runs that stop at a limit.',
    details: { result },
  });
}
