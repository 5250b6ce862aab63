import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';

const POLL_MS = 20;
const ATTEMPT_MS = 2_000;

/**
 * Waits until a server answers and knows the namespace.
 *
 * @param timeoutMs how long in all.
 * @param gaveUp checked between attempts; true ends the wait, as when the server died.
 * @returns the last error, or undefined once it is healthy.
 */
export async function awaitHealthy(
  address: string,
  namespace: string,
  timeoutMs: number,
  gaveUp: () => boolean,
): Promise<unknown> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown = new Error('it never answered');
  while (performance.now() < deadline && !gaveUp()) {
    try {
      await probe(address, namespace);
      return undefined;
    } catch (error) {
      last = error;
    }
    await sleep(POLL_MS);
  }
  return last;
}

async function probe(address: string, namespace: string): Promise<void> {
  await listening(address);
  // Not tried again underneath: the caller does, and the SDK's timer for a retry throws once its connection is closed.
  const connection = await Connection.connect({ address, connectTimeout: ATTEMPT_MS, interceptors: [] });
  try {
    await connection.withDeadline(Date.now() + ATTEMPT_MS, async () => {
      await connection.workflowService.describeNamespace({ namespace });
      // The namespace is in the database before visibility can be asked about it.
      await connection.workflowService.countWorkflowExecutions({ namespace, query: '' });
    });
  } finally {
    await connection.close();
  }
}

/** Asked first: a gRPC channel that meets a closed port waits a second before it tries again. */
function listening(address: string): Promise<void> {
  const [host, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port) });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}
