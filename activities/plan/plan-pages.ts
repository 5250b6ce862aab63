import { activityInfo } from '@temporalio/activity';
import type { ActivityServices } from '../services';
import { sessionKey } from '../session-key';
import { toFailure } from '../to-failure';

/** The state of a large plan, kept outside the history in pieces while it continues as new. Content-addressed: safe to repeat. */
export function createPlanPages({ artifacts }: ActivityServices) {
  const scope = (firstRunId: string) => sessionKey(firstRunId);
  return {
    async keepPlan(firstRunId: string, page: string): Promise<string> {
      try {
        const { id } = await artifacts.put(scope(firstRunId), Buffer.from(page), 'application/json');
        return id;
      } catch (error) {
        throw toFailure(error, activityInfo().attempt);
      }
    },
    async loadPlan(firstRunId: string, id: string): Promise<string> {
      try {
        return (await artifacts.get(scope(firstRunId), id)).toString();
      } catch (error) {
        throw toFailure(error, activityInfo().attempt);
      }
    },
  };
}
