import { activityInfo, getClient } from '@temporalio/activity';
import type { AdoptedTranscript, AdoptTranscriptInput } from '../protocol/activities';
import { markOf, rollDigest } from '../protocol/digest';
import { HoldfastError } from '../protocol/failures';
import { forkProblem } from '../protocol/fork';
import type { ArtifactRef, Message } from '../protocol/messages';
import { withHeartbeat } from './heartbeat';
import type { ActivityServices } from './services';
import { placeOf, scopeOf, sessionKey } from './session-key';
import { pullFrom, sessionSource } from './session-source';
import { toFailure } from './to-failure';

/**
 * Copies the first messages of another run, with what they refer to, into the store of this one, which stands on its own from
 * then on. Content-addressed: safe to repeat.
 */
export function createAdoptTranscript(services: ActivityServices) {
  return async function adoptTranscript(input: AdoptTranscriptInput): Promise<AdoptedTranscript> {
    try {
      return await withHeartbeat(() => adopt(input, services));
    } catch (error) {
      throw toFailure(error, activityInfo().attempt);
    }
  };
}

async function adopt({ fork, firstRunId, hasInput }: AdoptTranscriptInput, services: ActivityServices) {
  const { runId, firstRunId: sourceFirst } = await sourceOf(fork.id);
  const from = scopeOf(fork.id, sourceFirst);
  const to = sessionKey(firstRunId);
  const source = sessionSource(fork.id);
  const { length = 0 } = (await source.transcript(runId, 0, 0)) ?? {};
  if (fork.at > length) throw new HoldfastError('Input.Invalid', `fork.at: "${fork.id}" has ${length} messages`);
  const messages = await pullFrom(services, from, source, runId)(0, fork.at);
  const problem = forkProblem(messages, hasInput);
  if (problem) throw new HoldfastError('Input.Invalid', `fork.at: ${problem}`);
  for (const artifact of messages.flatMap(artifactsOf))
    await copy(services, placeOf(artifact, from, fork.id), to, artifact);
  const artifact = await services.artifacts.put(to, Buffer.from(JSON.stringify(messages)), 'application/json');
  const digest = messages.reduce((sum, message) => rollDigest(sum, markOf(message) ?? JSON.stringify(message)), '');
  const permissions = await source.permissions(runId);
  const variables = await source.variables(runId);
  const set = variables && Object.keys(variables).length > 0 && { variables };
  return { permissions, ...set, segment: { from: 0, to: fork.at, runId, workflowId: fork.id, artifact }, digest };
}

/** @throws HoldfastError `Run.Unknown`. */
async function sourceOf(id: string): Promise<{ runId: string; firstRunId: string }> {
  try {
    const { runId, raw } = await getClient().workflow.getHandle(id).describe();
    return { runId, firstRunId: raw.workflowExecutionInfo?.firstRunId || runId };
  } catch (error) {
    if ((error as Error).name !== 'WorkflowNotFoundError') throw error;
    throw new HoldfastError('Run.Unknown', `there is no run "${id}" to fork`, { cause: error });
  }
}

function artifactsOf(message: Message): ArtifactRef[] {
  if (message.role === 'tool') return message.artifact ? [message.artifact] : [];
  return message.content.flatMap((part) => ('artifact' in part && part.artifact ? [part.artifact] : []));
}

async function copy({ artifacts }: ActivityServices, from: string, to: string, { id, mediaType }: ArtifactRef) {
  await artifacts.put(to, await artifacts.get(from, id), mediaType);
}
