import { activityInfo, log } from '@temporalio/activity';
import type { BudgetNotice } from '../../protocol/budget/ledger';
import { tellAll } from '../notifiers/tell-all';
import type { ActivityServices } from '../services';

export function createNotifyBudget({ notifiers }: Pick<ActivityServices, 'notifiers'>) {
  return async function notifyBudget(notice: BudgetNotice): Promise<void> {
    const { attempt, activityId, workflowExecution } = activityInfo();
    const { account, limit, part, spent, of, unit } = notice;
    const text = `budget of ${account}: ${Math.round(part * 100)} % of its ${limit} spent (${spent} of ${of} ${unit})`;
    if (attempt === 1) log.warn(text, { ...notice });
    await tellAll(notifiers, notice, `${workflowExecution?.runId}:${activityId}`);
  };
}
