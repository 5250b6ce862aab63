import type { Link } from './link';

export interface StoppedRun {
  id: string;
  /** False when the run was over already. */
  asked: boolean;
  status: string;
}

/** A worker that does not take the order in this time is taken for missing. */
const ORDER_MS = 4_000;

/**
 * Ends a session with a result that says who stopped it and why. A workflow that takes no such order, or that no worker
 * carries on at the moment, is cancelled instead, which the server keeps until a worker comes.
 * @throws HoldfastError `Run.Unknown`, `Server.Unreachable`.
 */
export async function stopRun(link: Link, id: string, reason?: string): Promise<StoppedRun> {
  const { holdfast } = link;
  const { status, executionStatus, beginsAt } = await holdfast.describe(id);
  if (executionStatus !== 'RUNNING') return { id, asked: false, status };
  // An update would make a run begin that was started with a delay.
  if (beginsAt && beginsAt.getTime() > Date.now()) {
    await holdfast.get(id).cancel(reason);
    return { id, asked: true, status: 'stopping' };
  }
  try {
    await holdfast.temporal.withDeadline(Date.now() + ORDER_MS, () => holdfast.get(id).stop(reason));
  } catch {
    await holdfast.get(id).cancel(reason);
  }
  return { id, asked: true, status: 'stopping' };
}
