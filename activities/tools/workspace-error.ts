import { HoldfastError } from '../../protocol/failures';

/** What is wrong with a path or the file it names; `details.reason` of a `Workspace.Invalid`. */
export type WorkspaceProblem =
  /** The path is not one a workspace accepts. */
  | 'path'
  /** It, or a link on its way, leads outside. */
  | 'outside'
  | 'missing'
  | 'exists'
  /** A folder where a file is needed, a device, a pipe, … */
  | 'kind'
  | 'read-only'
  | 'too-large'
  /** Something else changed the file meanwhile. */
  | 'changed'
  /** The file system refused. */
  | 'system';

/** Paths as the model wrote them, never the worker's own: the message goes to the model and into the history. */
export function workspaceError(
  reason: WorkspaceProblem,
  path: string,
  problem: string,
  options: { hint?: string; cause?: unknown } = {},
): HoldfastError {
  const shown = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  return new HoldfastError('Workspace.Invalid', `${JSON.stringify(shown)} ${problem}`, {
    ...options,
    details: { path: shown, reason },
  });
}

/** Whether an error is a workspace's refusal for one of these reasons. */
export function isRefused(error: unknown, ...reasons: WorkspaceProblem[]): boolean {
  return HoldfastError.is(error) && reasons.includes(error.details?.reason as WorkspaceProblem);
}

const SYSTEM: Record<string, [WorkspaceProblem, string]> = {
  ENOENT: ['missing', 'does not exist'],
  ENOTDIR: ['kind', 'is no folder, or leads through something that is none'],
  EISDIR: ['kind', 'is a folder'],
  EEXIST: ['exists', 'exists already'],
  ENOTEMPTY: ['kind', 'is a folder that is not empty'],
  ELOOP: ['changed', 'became a link while it was used'],
  ENAMETOOLONG: ['path', 'is too long a name'],
  EACCES: ['system', 'may not be used: permission denied'],
  EPERM: ['system', 'may not be used: operation not permitted'],
  EROFS: ['read-only', 'is on a read-only file system'],
  ENXIO: ['kind', 'is not a regular file'],
};

/** An error of the file system in terms of the path the model wrote; anything else as it is. */
export function fromSystem(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (HoldfastError.is(error) || typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') return noSpace(error, path, code);
  const [reason, problem] = SYSTEM[code] ?? ['system', `could not be used (${code})`];
  return workspaceError(reason, path, problem, { cause: error });
}

/** Of the worker, not of the path: waiting helps, another path does not. */
function noSpace(cause: unknown, path: string, code: string): HoldfastError {
  return new HoldfastError(
    'Storage.Full',
    `${JSON.stringify(path.slice(0, 200))} could not be written: no space left on the disk (${code})`,
    { hint: 'Free space on the disk of the workspace. What waits goes on by itself.', cause },
  );
}
