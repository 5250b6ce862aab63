import { workspaceError } from './workspace-error';

const MAX_PATH_BYTES = 4_096;
const MAX_NAME_BYTES = 255;
const MAX_SEGMENTS = 64;
/** Control characters: they hide what a path is from who reads it in a log or an approval. */
const CONTROL = /\p{Cc}|\p{Cs}/u;
/** Names of files that are being written; see workspace-write.ts. */
const TEMPORARY = /^\.holdfast-[0-9a-f]{32}\.tmp$/;

export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

export function temporaryName(token: string): string {
  return `.holdfast-${token}.tmp`;
}

/**
 * The segments of a path as the model wrote it; none for the workspace itself. Names are taken literally: nothing is
 * percent-decoded or normalised, so `%2e%2e` and `．．` are plain names. `..` stays, for the walk to judge.
 * @throws HoldfastError `Workspace.Invalid` for what is no relative path with `/`.
 */
export function segmentsOf(path: string): string[] {
  const problem = problemOf(path);
  if (problem !== undefined) throw workspaceError('path', path, problem);
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  for (const segment of segments) {
    if (Buffer.byteLength(segment) > MAX_NAME_BYTES) throw workspaceError('path', path, 'has too long a name in it');
    if (isTemporary(segment)) throw workspaceError('path', path, 'is a name kept for files being written');
  }
  if (segments.length > MAX_SEGMENTS) throw workspaceError('path', path, `is deeper than ${MAX_SEGMENTS} folders`);
  return segments;
}

function problemOf(path: string): string | undefined {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `is longer than ${MAX_PATH_BYTES} bytes`;
  if (CONTROL.test(path)) return 'has control characters in it';
  if (path.includes('\\')) return 'has a backslash in it; write "/" between folders';
  if (path.startsWith('/') || /^[a-z]:/i.test(path)) {
    return 'is absolute; paths are relative to the workspace, e.g. "reports/summary.md"';
  }
  return undefined;
}

/** A name as case-insensitive or normalising file systems see it; equal for names they may take for the same. */
export function foldedName(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}
