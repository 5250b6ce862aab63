import { activityInfo, getClient } from '@temporalio/activity';
import type { Entry } from '../../protocol/budget/entry';
import type { ArchiveEntriesInput, BookSegment, EntriesPage } from '../../protocol/budget/ledger';
import { HoldfastError } from '../../protocol/failures';
import { QUERY, WORKFLOW } from '../../protocol/names';
import { withHeartbeat } from '../heartbeat';
import type { ActivityServices } from '../services';
import { toFailure } from '../to-failure';

/** Keeps the entries of one Temporal run of a ledger beyond its retention. Content-addressed: safe to repeat. */
export function createArchiveEntries({ artifacts }: Pick<ActivityServices, 'artifacts'>) {
  return async function archiveEntries({ root, from, to }: ArchiveEntriesInput): Promise<BookSegment> {
    const { workflowExecution, attempt } = activityInfo();
    const { workflowId = '', runId = '' } = workflowExecution ?? {};
    try {
      return await withHeartbeat(async () => {
        const entries: Entry[] = [];
        while (from + entries.length <= to) {
          const page = await getClient()
            .workflow.getHandle(workflowId, runId)
            .query<EntriesPage, [number, number]>(QUERY.entries, from + entries.length, to);
          if (page.entries.length === 0) break;
          entries.push(...page.entries);
        }
        const bytes = Buffer.from(JSON.stringify(entries));
        const artifact = await artifacts.put(`${WORKFLOW.ledger}-${root}`, bytes, 'application/json');
        return { from, to, runId, artifact };
      });
    } catch (error) {
      throw toFailure(unanswered(error), attempt);
    }
  };
}

/** No worker to answer yet, or a server that is away, is no bug. */
function unanswered(error: unknown): unknown {
  if ((error as Error)?.name !== 'ServiceError') return error;
  return new HoldfastError('Server.Unreachable', `the ledger could not be asked: ${(error as Error).message}`, {
    cause: error,
  });
}
