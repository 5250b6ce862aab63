import { HoldfastError } from './failures';

const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);
const READ_ONLY: ReadonlySet<unknown> = new Set(['EROFS', 'EACCES', 'EPERM']);
/** What writes. Others give the same codes for other reasons: a socket that may not be connected to. */
const WRITING: ReadonlySet<unknown> = new Set(
  [
    'open',
    'write',
    'writev',
    'fsync',
    'fdatasync',
    'ftruncate',
    'mkdir',
    'mkdtemp',
    'rename',
    'link',
    'symlink',
    'unlink',
  ].concat(['copyfile', 'rm', 'rmdir', 'access', 'utime', 'chmod']),
);

/** What an error of the file system says of the disk: that it is full, or takes nothing. Undefined for any other error. */
export function storageError(error: unknown): HoldfastError | undefined {
  const { code, syscall, path } = (error ?? {}) as NodeJS.ErrnoException;
  if (typeof code !== 'string') return undefined;
  if (FULL.has(code)) {
    // Without the path: models read this, too.
    return new HoldfastError('Storage.Full', `no space left on the disk (${code})`, {
      hint: 'Free space on the disk of HOLDFAST_HOME (`holdfast doctor` shows it). What waits goes on by itself.',
      cause: error,
    });
  }
  if (!READ_ONLY.has(code) || !WRITING.has(syscall)) return undefined;
  return new HoldfastError('Storage.ReadOnly', `${path ?? 'a file'} may not be written (${code})`, {
    hint: 'Make HOLDFAST_HOME writable for the account of the worker, or set it to a folder that is. What waits goes on by itself.',
    cause: error,
  });
}
