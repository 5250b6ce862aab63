import { activityInfo, log } from '@temporalio/activity';
import type { NotifyApprovalInput } from '../../protocol/approval';
import { tellAll } from '../notifiers/tell-all';
import type { ActivityServices } from '../services';

export function createNotifyApproval({ notifiers }: Pick<ActivityServices, 'notifiers'>) {
  return async function notifyApproval(notice: NotifyApprovalInput): Promise<void> {
    const { event, approval, request, approvers } = notice;
    const { attempt, activityId } = activityInfo();
    if (attempt === 1) log.info(`approval ${event}: ${request.title}`, { approval, approvers });
    await tellAll(notifiers, notice, `${approval}:${activityId}`);
  };
}
