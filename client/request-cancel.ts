import { randomUUID } from 'node:crypto';
import { type Client, isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import type { Actor } from '../protocol/control';

const NOT_FOUND = 5;

/**
 * Asks the server to cancel a workflow, which it keeps until a worker comes. Temporal's own client has no place for who asks and why:
 * both are in the event of the request.
 * @throws WorkflowNotFoundError and what the server refuses.
 */
export async function requestCancel({ workflow }: Client, id: string, { by, reason = '' }: Actor): Promise<void> {
  const { connection, options } = workflow;
  try {
    await connection.workflowService.requestCancelWorkflowExecution({
      namespace: options.namespace,
      workflowExecution: { workflowId: id },
      identity: by,
      requestId: randomUUID(),
      reason,
    });
  } catch (error) {
    if (!isGrpcServiceError(error) || error.code !== NOT_FOUND) throw error;
    throw new WorkflowNotFoundError(error.details || error.message, id, undefined);
  }
}
