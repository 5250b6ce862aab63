import { statSync } from 'node:fs';
import path from 'node:path';
import { HoldfastError } from '../../protocol/failures';
import type { Mount } from '../../protocol/session';

const FITS = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const MAX_NAME = 56;

/**
 * Folders given with `--in`, as a run sees them: read-only, under their base name, made unique.
 * @throws HoldfastError `Input.Invalid` for what is not a folder.
 */
export function mountsOf(folders: readonly string[]): Mount[] {
  const taken = new Set<string>();
  return [...new Set(folders.map((folder) => path.resolve(folder)))].map((folder) => {
    const info = statSync(folder, { throwIfNoEntry: false });
    if (!info?.isDirectory()) {
      throw new HoldfastError('Input.Invalid', `--in ${folder}: ${info ? 'not a folder' : 'there is no such folder'}`, {
        hint: 'Give a folder that exists; single files go into one first.',
      });
    }
    const name = unique(nameOf(folder), taken);
    taken.add(name.toLowerCase());
    return { name, path: folder, access: 'read' };
  });
}

function nameOf(folder: string): string {
  const name = path
    .basename(folder)
    .replace(/[^A-Za-z0-9._-]/g, '_')
    .slice(0, MAX_NAME);
  return FITS.test(name) ? name : `folder${name}`.replace(/[^A-Za-z0-9._-]/g, '');
}

function unique(name: string, taken: ReadonlySet<string>): string {
  let candidate = name;
  for (let n = 2; taken.has(candidate.toLowerCase()); n++) candidate = `${name}-${n}`;
  return candidate;
}
