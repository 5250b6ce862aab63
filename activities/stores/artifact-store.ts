import { type FailureOptions, HoldfastError } from '../../protocol/failures';
import type { ArtifactRef } from '../../protocol/messages';

/** Bytes, or a stream of them. */
export type ArtifactSource = Uint8Array | AsyncIterable<Uint8Array>;

/** A part of an artifact, in bytes. Default: from 0 to the end. What lies beyond the end is left out, not an error. */
export interface ByteRange {
  offset?: number;
  length?: number;
}

/**
 * Byte sequences too large for the history, named by their content. Every artifact lies in a scope (a run); what was put
 * in one scope cannot be read through another, even by who knows its id. Putting the same bytes again is harmless, so
 * every operation may be retried. All adapters run `test/contract/artifact-store.test.ts`.
 */
export interface ArtifactStore {
  /**
   * Keeps the bytes; they are durable and whole when the promise resolves, and absent when it rejects.
   * @throws whatever the source throws, the storage's own error, or `Input.Invalid` for an empty scope.
   */
  put(scope: string, source: ArtifactSource, mediaType: string): Promise<ArtifactRef>;
  /**
   * The bytes, or a part of them, checked against the id: what was damaged in storage is never given out.
   * @throws HoldfastError `Artifact.Missing` when the scope has no such artifact or it is damaged
   * (`details.reason`: `missing` | `damaged`).
   */
  get(scope: string, id: string, range?: ByteRange): Promise<Buffer>;
  /** Length in bytes. @throws HoldfastError `Artifact.Missing` when the scope has no such artifact. */
  size(scope: string, id: string): Promise<number>;
  /** Removes a scope with everything in it; nothing when there is none. */
  deleteScope(scope: string): Promise<void>;
}

const ID = /^sha256:([0-9a-f]{64})$/;

/** The hex digest in an id; undefined for text that is no id. */
export function digestOf(id: string): string | undefined {
  return ID.exec(id)?.[1];
}

/** The error every adapter throws for an artifact it cannot give. */
export function artifactMissing(
  id: string,
  reason: 'missing' | 'damaged',
  options: FailureOptions = {},
): HoldfastError {
  const shown = JSON.stringify(id.slice(0, 80));
  const message =
    reason === 'missing' ? `this run has no artifact ${shown}` : `the stored bytes of artifact ${shown} are damaged`;
  const hint =
    reason === 'missing'
      ? 'Artifacts are read by the run that made them, from the store they were put in: check that all workers share one.'
      : 'Restore the artifact store from a backup, or run the step that made the artifact again.';
  return new HoldfastError('Artifact.Missing', message, { hint, ...options, details: { id: id.slice(0, 80), reason } });
}
