import { randomUUID } from 'node:crypto';
import type { Link } from './link';

export interface StoppedRun {
  id: string;
  /** False when the run was over already. */
  asked: boolean;
  status: string;
}

/** @throws HoldfastError `Run.Unknown`, `Server.Unreachable`. */
export async function stopRun({ holdfast, place }: Link, id: string, reason?: string): Promise<StoppedRun> {
  const { status, executionStatus, runId } = await holdfast.describe(id);
  if (executionStatus !== 'RUNNING') return { id, asked: false, status };
  // The client's own `cancel` has no place for a reason.
  await holdfast.temporal.workflowService.requestCancelWorkflowExecution({
    namespace: place.namespace,
    workflowExecution: { workflowId: id },
    firstExecutionRunId: '',
    identity: `holdfast cli ${process.pid}`,
    requestId: randomUUID(),
    reason: reason ?? '',
  });
  return { id, asked: true, status: runId ? 'stopping' : status };
}
