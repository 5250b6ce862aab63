import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { HoldfastError } from '../../../protocol/failures';

export interface NewFile {
  /** Relative to the project. */
  path: string;
  text: string;
  /** A few words for the list. */
  about: string;
  /** One that exists already is left as it is, instead of refused. */
  keep?: boolean;
}

/**
 * Writes all of them, or none.
 * @returns those written.
 * @throws HoldfastError `Input.Invalid` when one exists already, or the folder cannot be written.
 */
export function writeNewFiles(root: string, files: readonly NewFile[]): NewFile[] {
  const there = files.filter((file) => existsSync(path.join(root, file.path)));
  const taken = there.filter(({ keep }) => !keep).map((file) => file.path);
  if (taken.length > 0) {
    throw new HoldfastError('Input.Invalid', `there is ${taken.join(', ')} already; nothing was written`, {
      hint: 'Choose another name or folder, or move what is there out of the way.',
    });
  }
  const written = files.filter((file) => !there.includes(file));
  try {
    for (const file of written) {
      const full = path.join(root, file.path);
      mkdirSync(path.dirname(full), { recursive: true });
      // Not even a file that has come in this moment is overwritten.
      writeFileSync(full, file.text, { flag: 'wx' });
    }
  } catch (cause) {
    throw new HoldfastError('Input.Invalid', `the files cannot be written: ${(cause as Error).message}`, { cause });
  }
  return written;
}
