import { activityInfo } from '@temporalio/activity';
import type { KeepEffectsInput, ReadEffectsInput } from '../protocol/activities';
import type { DoneEffect } from '../protocol/compensation';
import type { ArtifactRef } from '../protocol/messages';
import { withHeartbeat } from './heartbeat';
import type { ActivityServices } from './services';
import { scopeOf, sessionKey } from './session-key';
import { toFailure } from './to-failure';

type Services = Pick<ActivityServices, 'artifacts'>;

/** Puts away what a run did outside and has no room for. Content-addressed: safe to repeat. */
export function createKeepEffects({ artifacts }: Services) {
  return ({ firstRunId, effects }: KeepEffectsInput): Promise<ArtifactRef> =>
    classified(() => {
      const bytes = Buffer.from(JSON.stringify(effects));
      return artifacts.put(sessionKey(firstRunId), bytes, 'application/json');
    });
}

/** Gives it back to what undoes it, in another workflow. */
export function createReadEffects({ artifacts }: Services) {
  return ({ run, firstRunId, artifact }: ReadEffectsInput): Promise<DoneEffect[]> =>
    classified(async () => {
      const bytes = await artifacts.get(scopeOf(run, firstRunId), artifact.id);
      return JSON.parse(bytes.toString('utf8')) as DoneEffect[];
    });
}

async function classified<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await withHeartbeat(work);
  } catch (error) {
    throw toFailure(error, activityInfo().attempt);
  }
}
