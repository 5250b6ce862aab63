import { activityInfo, Context, log } from '@temporalio/activity';
import type { NotifyApprovalInput } from '../../protocol/approval';
import type { ActivityServices } from '../services';
import { toFailure } from '../to-failure';

/**
 * Tells every notifier, all at once: a slow one keeps no other waiting. One that fails is tried again alone; that the others were
 * told, the heartbeat remembers.
 */
export function createNotifyApproval(services: Pick<ActivityServices, 'notifiers'>) {
  return async function notifyApproval(notice: NotifyApprovalInput): Promise<void> {
    const { event, approval, request } = notice;
    const { attempt, activityId, heartbeatDetails } = activityInfo();
    const told = new Set<string>(Array.isArray(heartbeatDetails) ? heartbeatDetails : []);
    if (attempt === 1) log.info(`approval ${event}: ${request.title}`, { approval, approvers: notice.approvers });
    const { cancellationSignal } = Context.current();
    const left = services.notifiers.map((notifier, at) => ({ notifier, key: `${at} ${notifier.name}` }));
    const telling = left
      .filter(({ key }) => !told.has(key))
      .map(async ({ notifier, key }) => {
        await notifier.notify(notice, `${approval}:${activityId}`, cancellationSignal);
        told.add(key);
        Context.current().heartbeat([...told]);
      });
    const failed = (await Promise.allSettled(telling)).find(({ status }) => status === 'rejected');
    if (failed) throw toFailure((failed as PromiseRejectedResult).reason, attempt);
  };
}
