import { activityInfo, getClient } from '@temporalio/activity';
import type { PurseView } from '../../protocol/budget/lease';
import type { HolderNews, LookAtHolderInput } from '../../protocol/budget/ledger';
import { HoldfastError } from '../../protocol/failures';
import { QUERY } from '../../protocol/names';
import { toFailure } from '../to-failure';

const UNKNOWN: HolderNews = { alive: false, spent: null, lost: 0, calls: 0 };

/**
 * Whether a run that holds money still goes on and, if it does not, what it spent: it says so itself, for a closed run still
 * answers queries. What a call in flight may have cost counts too. A run that is deleted says nothing any more.
 */
export async function lookAtHolder({ holder, lease }: LookAtHolderInput): Promise<HolderNews> {
  try {
    const described = await describe(holder);
    if (!described) return UNKNOWN;
    const first = described.raw.workflowExecutionInfo?.firstRunId;
    // Another run has the id by now, and no way leads to the one that was meant.
    if (first && first !== lease) return await closedRun(holder, lease, lease);
    if (described.status.name === 'RUNNING') return { alive: true };
    return await closedRun(holder, described.runId, lease);
  } catch (error) {
    throw toFailure(unanswered(error), activityInfo().attempt);
  }
}

async function describe(holder: string) {
  try {
    return await getClient().workflow.getHandle(holder).describe();
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function closedRun(holder: string, runId: string, lease: string): Promise<HolderNews> {
  try {
    const purse = await getClient().workflow.getHandle(holder, runId).query<PurseView | null>(QUERY.purse);
    if (purse?.lease !== lease) return UNKNOWN;
    const { spent, atRisk, lost, calls } = purse;
    return { alive: false, spent: spent + atRisk, lost: lost + atRisk, calls };
  } catch (error) {
    if (isNotFound(error)) return UNKNOWN;
    throw error;
  }
}

function isNotFound(error: unknown): boolean {
  return (error as Error | undefined)?.name === 'WorkflowNotFoundError';
}

/** No worker to answer yet, or a server that is away, is no bug. */
function unanswered(error: unknown): unknown {
  if ((error as Error)?.name !== 'ServiceError') return error;
  return new HoldfastError('Server.Unreachable', `the run could not be asked: ${(error as Error).message}`, {
    cause: error,
  });
}
