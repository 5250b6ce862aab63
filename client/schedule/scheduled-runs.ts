import { type Client, type ScheduleExecutionResult, WorkflowNotFoundError } from '@temporalio/client';
import { summaryOf } from '../run-list';

/** A run that a schedule started. */
export interface ScheduledRun {
  id: string;
  /** When it was due, with jitter. */
  scheduledAt: Date;
  startedAt: Date;
  closedAt: Date | null;
  /** As of any run; `forgotten` once the namespace's retention has ended. */
  status: string;
  costUsd: number | null;
}

/** Newest first, each with what came of it: the server's own record of that lags behind. */
export async function scheduledRuns(
  client: Client,
  recent: readonly ScheduleExecutionResult[],
): Promise<ScheduledRun[]> {
  const runs = await Promise.all(recent.map((one) => scheduledRun(client, one)));
  return runs.reverse();
}

async function scheduledRun(client: Client, { action, scheduledAt, takenAt }: ScheduleExecutionResult) {
  const id = action.workflow.workflowId;
  const known = { id, scheduledAt, startedAt: takenAt };
  try {
    const { status, costUsd, closedAt } = summaryOf(await client.workflow.getHandle(id).describe());
    return { ...known, status, costUsd, closedAt };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { ...known, status: 'forgotten', costUsd: null, closedAt: null };
    throw error;
  }
}
