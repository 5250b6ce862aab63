import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { HoldfastError } from '../protocol/failures';
import { QUERY, UPDATE, WORKFLOW } from '../protocol/names';
import { type StopOrderInput, type StopReceipt, stopOrderSchema } from '../protocol/stop-order';
import { askRun } from './ask-run';
import { toClientError } from './errors';
import { update } from './updates';

/**
 * Which runs are stopped, why, and for how long; without a filter all of them are. Durations in milliseconds or as
 * text.
 */
export type StopOrderOptions = Omit<StopOrderInput, 'by'> & {
  /** Who orders it. Default: the client's `by`. */
  by?: string;
  /** Workflow id of the order. Default: made up. */
  id?: string;
};

const POLL_MS = 250;

/**
 * An order to stop many runs, which holds whatever becomes of this process.
 *
 * @example
 * ```ts
 * const stop = await holdfast.stopAll({ query: 'HoldfastAgent = "clerk"', reason: 'wrong price list' });
 * const { ended, costAfterUsd } = await stop.settled(); // nothing that matched is left
 * await holdfast.getStop(stop.id).release('the list is mended'); // from any process
 * ```
 */
export class EmergencyStop {
  private readonly handle: WorkflowHandle;

  constructor(
    client: Client,
    readonly id: string,
    private readonly by: string,
  ) {
    this.handle = client.workflow.getHandle(id);
  }

  /** What was stopped so far, and what that had spent. @throws HoldfastError `Run.Unknown`, `Server.*`. */
  async receipt(): Promise<StopReceipt> {
    try {
      return await askRun(() => this.handle.query<StopReceipt>(QUERY.receipt));
    } catch (error) {
      throw toClientError(error, this.id);
    }
  }

  /** Waits until nothing that matches runs any more, or the order is done. */
  async settled(signal?: AbortSignal): Promise<StopReceipt> {
    for (;;) {
      const receipt = await this.receipt();
      if (receipt.state !== 'stopping') return receipt;
      signal?.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Lets matching runs start again, and gives the final receipt. @throws HoldfastError `Control.Illegal`, `Run.Ended`, `Server.*`. */
  async release(reason?: string, by = this.by): Promise<StopReceipt> {
    await update<void>(this.handle, UPDATE.release, { by, ...(reason !== undefined && { reason }) });
    return (await this.handle.result()) as StopReceipt;
  }
}

/** @throws HoldfastError `Input.Invalid`, `Server.*`. */
export async function orderStop(
  client: Client,
  taskQueue: string,
  { id = `stop-${randomUUID().slice(0, 8)}`, by, ...given }: StopOrderOptions & { by: string },
): Promise<EmergencyStop> {
  const parsed = stopOrderSchema.safeParse({ ...given, by });
  if (!parsed.success) {
    const where = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'order'}: ${message}`);
    throw new HoldfastError('Input.Invalid', where.join('; '));
  }
  try {
    await client.workflow.start(WORKFLOW.emergencyStop, {
      workflowId: id,
      taskQueue,
      args: [parsed.data],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      staticSummary: `stop: ${parsed.data.reason}`.slice(0, 200),
      priority: { priorityKey: 1 },
    });
  } catch (error) {
    throw toClientError(error, id);
  }
  return new EmergencyStop(client, id, by);
}
