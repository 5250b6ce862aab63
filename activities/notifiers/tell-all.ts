import { activityInfo, Context } from '@temporalio/activity';
import { toFailure } from '../to-failure';
import type { Notice, Notifier } from './notifier';

/** Tells every notifier; one that fails is tried again alone, for those before it the heartbeat remembers that they were told. */
export async function tellAll(notifiers: readonly Notifier[], notice: Notice, id: string): Promise<void> {
  const { attempt, heartbeatDetails } = activityInfo();
  const told: string[] = Array.isArray(heartbeatDetails) ? [...heartbeatDetails] : [];
  let failure: unknown;
  for (const notifier of notifiers) {
    if (told.includes(notifier.name)) continue;
    try {
      await notifier.notify(notice, id, Context.current().cancellationSignal);
      told.push(notifier.name);
      Context.current().heartbeat(told);
    } catch (error) {
      failure = error;
    }
  }
  if (failure !== undefined) throw toFailure(failure, attempt);
}
