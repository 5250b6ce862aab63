import { activityInfo, Context } from '@temporalio/activity';
import { toFailure } from '../to-failure';
import type { Notice, Notifier } from './notifier';

/**
 * Tells every notifier, all at once: a slow one keeps no other waiting. One that fails is tried again alone; that the others were
 * told, the heartbeat remembers.
 */
export async function tellAll(notifiers: readonly Notifier[], notice: Notice, id: string): Promise<void> {
  const { attempt, heartbeatDetails } = activityInfo();
  const told = new Set<string>(Array.isArray(heartbeatDetails) ? heartbeatDetails : []);
  const context = Context.current();
  // Two may have the same name: webhooks on one host.
  const telling = notifiers
    .map((notifier, at) => ({ notifier, key: `${at} ${notifier.name}` }))
    .filter(({ key }) => !told.has(key))
    .map(async ({ notifier, key }) => {
      await notifier.notify(notice, id, context.cancellationSignal);
      told.add(key);
      context.heartbeat([...told]);
    });
  const failed = (await Promise.allSettled(telling)).find(({ status }) => status === 'rejected');
  if (failed) throw toFailure((failed as PromiseRejectedResult).reason, attempt);
}
