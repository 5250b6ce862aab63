import { activityInfo, getClient } from '@temporalio/activity';
import type { ResolvedAgent } from '../protocol/agent';
import { HoldfastError } from '../protocol/failures';
import type { Message } from '../protocol/messages';
import { QUERY } from '../protocol/names';
import type { PermissionView } from '../protocol/permissions/view';
import type { SessionStateView, TranscriptPage, TranscriptSegment } from '../protocol/session';
import type { ActivityServices, SessionSource } from './services';
import type { PullMessages } from './transcript-cache';

/** A session's workflow, asked through the worker's own connection. Default: the one this activity belongs to. */
export function sessionSource(workflowId = activityInfo().workflowExecution?.workflowId ?? ''): SessionSource {
  let reachable: Promise<void> | undefined;
  const ask = async <Answer, Args extends unknown[] = []>(runId: string, query: string, ...args: Args) => {
    reachable ??= forgetLostWorker(workflowId, runId);
    await reachable;
    return getClient()
      .workflow.getHandle(workflowId, runId)
      .query<Answer, Args>(query, ...args)
      .catch(unanswered);
  };
  return {
    agent: (runId) => ask<ResolvedAgent | null>(runId, QUERY.agent),
    variables: async (runId) => (await ask<SessionStateView>(runId, QUERY.state)).variables,
    permissions: (runId) => ask<PermissionView | null>(runId, QUERY.permissions),
    transcript: (runId, from, to) => ask<TranscriptPage | null, [number, number]>(runId, QUERY.transcript, from, to),
  };
}

/** A server that is away, or no worker to answer yet, is no bug: the call is worth another attempt. */
function unanswered(error: Error): never {
  if (error.name !== 'ServiceError') throw error;
  throw new HoldfastError('Server.Unreachable', `the session could not be asked: ${error.message}`, { cause: error });
}

/**
 * A later attempt often means that a worker was lost, and the workflow may have been on it: the server would put the query in
 * that worker's private queue first and wait there for its timeout, which was half of all recovery time.
 */
async function forgetLostWorker(workflowId: string, runId: string): Promise<void> {
  if (activityInfo().attempt === 1) return;
  const { workflowService, options } = getClient();
  const { namespace } = options;
  // Only a shortcut: without it the query is answered too, later.
  await workflowService.resetStickyTaskQueue({ namespace, execution: { workflowId, runId } }).catch(() => undefined);
}

/** Reads messages page by page: from this Temporal run by query, from earlier ones out of the archive. */
export function pullFrom(
  services: Pick<ActivityServices, 'artifacts'>,
  scope: string,
  source = sessionSource(),
  runId = activityInfo().workflowExecution?.runId ?? '',
): PullMessages {
  return async (from, to) => {
    const messages: Message[] = [];
    while (from + messages.length < to) {
      const at = from + messages.length;
      const page = await source.transcript(runId, at, to);
      if (!page) throw missing(at, to);
      const archived =
        page.from > at ? await fromArchive(page.segments, at, Math.min(page.from, to), services, scope, source) : [];
      const news = [...archived, ...page.messages].slice(0, to - at);
      if (news.length === 0) throw missing(at, to);
      messages.push(...news);
    }
    return messages;
  };
}

/** The store first; should it have lost a segment, the closed run still answers for as long as the namespace keeps it. */
async function fromArchive(
  segments: TranscriptSegment[],
  from: number,
  to: number,
  { artifacts }: Pick<ActivityServices, 'artifacts'>,
  scope: string,
  source: SessionSource,
): Promise<Message[]> {
  const messages: Message[] = [];
  for (const segment of segments.filter((one) => one.from < to && one.to > from)) {
    const all = await artifacts
      .get(scope, segment.artifact.id)
      .then((bytes) => JSON.parse(bytes.toString('utf8')) as Message[])
      .catch(() => fromClosedRun(segment, source));
    messages.push(...all.slice(Math.max(0, from - segment.from), to - segment.from));
  }
  return messages;
}

async function fromClosedRun({ runId, from, to }: TranscriptSegment, source: SessionSource): Promise<Message[]> {
  const messages: Message[] = [];
  while (from + messages.length < to) {
    const page = await source.transcript(runId, from + messages.length, to);
    if (!page?.messages.length) throw missing(from, to);
    messages.push(...page.messages);
  }
  return messages;
}

function missing(from: number, to: number): HoldfastError {
  return new HoldfastError('Transcript.Missing', `messages ${from} to ${to} of the session could not be read`, {
    hint: 'The artifact store and the closed run are both gone; restore the store or keep closed runs for longer.',
  });
}
