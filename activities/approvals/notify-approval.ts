import { activityInfo, Context, log } from '@temporalio/activity';
import type { NotifyApprovalInput } from '../../protocol/approval';
import type { ActivityServices } from '../services';
import { toFailure } from '../to-failure';

/** Tells every notifier; one that fails is tried again alone, for those before it the heartbeat remembers that they were told. */
export function createNotifyApproval({ notifiers }: Pick<ActivityServices, 'notifiers'>) {
  return async function notifyApproval(notice: NotifyApprovalInput): Promise<void> {
    const { event, approval, request } = notice;
    const { attempt, activityId, heartbeatDetails } = activityInfo();
    const told: string[] = Array.isArray(heartbeatDetails) ? [...heartbeatDetails] : [];
    if (attempt === 1) log.info(`approval ${event}: ${request.title}`, { approval, approvers: notice.approvers });
    let failure: unknown;
    for (const notifier of notifiers) {
      if (told.includes(notifier.name)) continue;
      try {
        await notifier.notify(notice, `${approval}:${activityId}`, Context.current().cancellationSignal);
        told.push(notifier.name);
        Context.current().heartbeat(told);
      } catch (error) {
        failure = error;
      }
    }
    if (failure !== undefined) throw toFailure(failure, attempt);
  };
}
