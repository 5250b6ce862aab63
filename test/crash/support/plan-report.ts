import type { Client } from '@temporalio/client';
import type { NodeView } from '../../../protocol/plan/state';

/** What the Temporal runs of one plan came to. */
export interface Runs {
  count: number;
  /** Of the largest. */
  events: number;
  bytes: number;
}

/** All Temporal runs of a workflow id, from the last to the first. */
export async function runsOf(client: Client, workflowId: string): Promise<Runs> {
  const found = { count: 0, events: 0, bytes: 0 };
  let { runId } = await client.workflow.getHandle(workflowId).describe();
  while (runId) {
    const { historyLength, historySize = 0 } = await client.workflow.getHandle(workflowId, runId).describe();
    found.count++;
    found.events = Math.max(found.events, historyLength);
    found.bytes = Math.max(found.bytes, historySize);
    const { history } = await client.workflowService.getWorkflowExecutionHistory({
      namespace: client.options.namespace,
      execution: { workflowId, runId },
      maximumPageSize: 1,
    });
    runId = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId ?? '';
  }
  return found;
}

/** Nodes that began before something they come after had ended. */
export function orderViolations(views: readonly NodeView[]): string[] {
  const ended = new Map(views.map(({ id, endedAt }) => [id, endedAt ?? Number.POSITIVE_INFINITY]));
  return views.flatMap(({ id, after, startedAt = 0 }) =>
    after.filter((before) => (ended.get(before) ?? 0) > startedAt).map((before) => `${id} before ${before}`),
  );
}

/** Nodes asked for once more after they had ended. @param calls when each task was asked for. */
export function ranAfterDone(views: readonly NodeView[], calls: ReadonlyMap<string, readonly number[]>): string[] {
  return views.flatMap(({ id, goal, endedAt = 0 }) => ((calls.get(goal) ?? []).some((at) => at > endedAt) ? [id] : []));
}
