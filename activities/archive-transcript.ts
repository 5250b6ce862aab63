import { activityInfo } from '@temporalio/activity';
import type { ArchiveTranscriptInput } from '../protocol/activities';
import type { TranscriptSegment } from '../protocol/session';
import { withHeartbeat } from './heartbeat';
import type { ActivityServices } from './services';
import { sessionKey } from './session-key';
import { pullFrom } from './session-source';
import { toFailure } from './to-failure';

/** Keeps the messages of a Temporal run beyond its retention, before the session continues as new. Content-addressed: safe to repeat. */
export function createArchiveTranscript(services: ActivityServices) {
  return async function archiveTranscript({
    firstRunId,
    from,
    to,
  }: ArchiveTranscriptInput): Promise<TranscriptSegment> {
    const scope = sessionKey(firstRunId);
    try {
      return await withHeartbeat(async () => {
        const messages = await pullFrom(services, scope)(from, to);
        const artifact = await services.artifacts.put(scope, Buffer.from(JSON.stringify(messages)), 'application/json');
        return { from, to, runId: activityInfo().workflowExecution?.runId ?? '', artifact };
      });
    } catch (error) {
      throw toFailure(error, activityInfo().attempt);
    }
  };
}
