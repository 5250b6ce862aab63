import { randomBytes } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import type { ArtifactRef } from '../protocol/messages';
import { rootIdOf } from '../protocol/names';
import { streamTopic } from '../protocol/stream';
import type { PartStore } from './offload';
import type { ArtifactStore } from './stores/artifact-store';

/** Names a session in caches and stores: over all its Temporal runs, and over none of another session with the same id. */
export function sessionKey(firstRunId: string): string {
  return scopeOf(activityInfo().workflowExecution?.workflowId ?? '', firstRunId);
}

/** The same name is the topic on which readers of the session listen. */
export function scopeOf(workflowId: string, firstRunId: string): string {
  return streamTopic(workflowId, firstRunId);
}

/** A name for a message this execution makes; a repeat of the activity makes another one. */
export function newMark(): string {
  return randomBytes(6).toString('base64url');
}

/** The artifact store as one session sees it. */
export function scopedParts(artifacts: ArtifactStore, scope: string): PartStore {
  return {
    put: (bytes, mediaType) => artifacts.put(scope, bytes, mediaType),
    get: (ref) => artifacts.get(placeOf(ref, scope, activityInfo().workflowExecution?.workflowId ?? ''), ref.id),
  };
}

/** The scope an artifact lies in: that of the run which handed it on, where `reader` belongs to the same tree, else the reader's own. */
export function placeOf({ of }: ArtifactRef, own: string, reader: string): string {
  return of && rootIdOf(of.run) === rootIdOf(reader) ? scopeOf(of.run, of.firstRunId) : own;
}
