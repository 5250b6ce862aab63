import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { toClientError } from './errors';

export type Listed = Omit<WorkflowExecutionInfo, 'raw'>;

/**
 * Workflows that match, newest first, `limit` at most.
 * @param what is listed, for messages.
 * @throws HoldfastError `Input.Invalid`, `Server.*`.
 */
export async function* listed(client: Client, query: string, limit: number, what: string): AsyncGenerator<Listed> {
  let left = limit;
  try {
    for await (const info of client.workflow.list({ query, pageSize: Math.min(limit, 100) })) {
      if (left-- <= 0) return;
      yield info;
    }
  } catch (error) {
    throw toClientError(error, what);
  }
}
