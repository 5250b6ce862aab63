import type { Client, WorkflowHandle } from '@temporalio/client';
import type { NodeView } from '../../../protocol/plan/state';

/** What the Temporal runs of one plan came to. */
export interface Runs {
  count: number;
  /** Of the largest. */
  events: number;
  bytes: number;
  /** How often each node was given to somebody: as a call, or as a run. */
  starts: Map<string, number>;
}

type Events = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>;

/** All Temporal runs of a workflow id, from the last to the first. */
export async function runsOf(client: Client, workflowId: string): Promise<Runs> {
  const found: Runs = { count: 0, events: 0, bytes: 0, starts: new Map() };
  let { runId } = await client.workflow.getHandle(workflowId).describe();
  while (runId) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const [{ historyLength, historySize = 0 }, { events }] = await Promise.all([
      handle.describe(),
      handle.fetchHistory(),
    ]);
    found.count++;
    found.events = Math.max(found.events, historyLength);
    found.bytes = Math.max(found.bytes, historySize);
    for (const node of startsIn(events ?? [])) found.starts.set(node, (found.starts.get(node) ?? 0) + 1);
    runId = events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId ?? '';
  }
  return found;
}

/** Calls say in their summary which node they are for, runs in their id. */
function startsIn(events: Events): string[] {
  return events.flatMap((event) => {
    const child = event.startChildWorkflowExecutionInitiatedEventAttributes?.workflowId;
    if (child) return [child.slice(child.indexOf('/') + 1)];
    if (event.activityTaskScheduledEventAttributes?.activityType?.name !== 'invokeModel') return [];
    const summary = String(JSON.parse(Buffer.from(event.userMetadata?.summary?.data ?? []).toString()));
    return [summary.split(' · ', 1)[0] ?? ''];
  });
}

/** Nodes that began before something they come after had ended. */
export function orderViolations(views: readonly NodeView[]): string[] {
  const ended = new Map(views.map(({ id, endedAt }) => [id, endedAt ?? Number.POSITIVE_INFINITY]));
  return views.flatMap(({ id, after, startedAt = 0 }) =>
    after.filter((before) => (ended.get(before) ?? 0) > startedAt).map((before) => `${id} before ${before}`),
  );
}

/**
 * By how many ms requests came after their node had ended. An attempt whose worker was silent for too long is made again elsewhere; the first
 * may still be at it, and what comes of it is not taken.
 * @param calls when each task was asked for.
 */
export function lateRequests(views: readonly NodeView[], calls: ReadonlyMap<string, readonly number[]>): number[] {
  return views
    .flatMap(({ goal, endedAt = 0 }) => (calls.get(goal) ?? []).map((at) => at - endedAt))
    .filter((ms) => ms > 0);
}
