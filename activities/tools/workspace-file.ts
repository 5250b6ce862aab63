import { createHash, randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink, rename, rm, rmdir, unlink } from 'node:fs/promises';
import { workspaceError } from './workspace-error';
import { isTemporary, temporaryName } from './workspace-path';
import type { Place } from './workspace-walk';

/** What one place holds, comparable: `absent`, `folder`, `link:<target>`, `other` or `sha256:<hex>` of a file. */
export type FileState = string;

export interface FilePart {
  bytes: Buffer;
  /** Length of the whole file in bytes. */
  size: number;
}

/** NONBLOCK: opening a pipe must not wait for its other end. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const CHUNK = 1 << 18;

/** Opens a regular file for reading; devices, pipes, sockets and folders are refused, before opening where possible. */
export async function openFile<T>(place: Place, use: (handle: FileHandle, stats: Stats) => Promise<T>): Promise<T> {
  refuseIrregular(place, await lstat(place.address));
  const handle = await open(place.address, READ);
  try {
    const stats = await handle.stat();
    refuseIrregular(place, stats);
    return await use(handle, stats);
  } finally {
    await handle.close();
  }
}

function refuseIrregular(place: Place, stats: Stats): void {
  if (stats.isFile()) return;
  const what = stats.isDirectory() ? 'is a folder' : 'is not a regular file';
  throw workspaceError('kind', place.path, what);
}

/** A part of a file; what lies beyond its end is left out. */
export function readPart(place: Place, offset: number, length: number): Promise<FilePart> {
  return openFile(place, async (handle, { size }) => {
    const wanted = Math.max(0, Math.min(length, size - offset));
    const bytes = Buffer.allocUnsafe(wanted);
    let filled = 0;
    while (filled < wanted) {
      const { bytesRead } = await handle.read(bytes, filled, Math.min(CHUNK, wanted - filled), offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return { bytes: bytes.subarray(0, filled), size };
  });
}

export async function stateAt(place: Place): Promise<FileState> {
  const stats = await existing(place);
  if (stats === undefined) return 'absent';
  if (stats.isDirectory()) return 'folder';
  if (stats.isSymbolicLink()) return `link:${await readlink(place.address)}`;
  return stats.isFile() ? openFile(place, digest) : 'other';
}

async function digest(handle: FileHandle): Promise<FileState> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK);
  for (;;) {
    const { bytesRead } = await handle.read(chunk, 0, CHUNK, null);
    if (bytesRead === 0) return `sha256:${hash.digest('hex')}`;
    hash.update(chunk.subarray(0, bytesRead));
  }
}

/** The state a file with this content has. */
export function stateOf(content: Uint8Array): FileState {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

export interface ReplaceOptions {
  /** Names the temporary file, so that a repeated attempt finds what a killed one left; 16 hex digits. */
  token: string;
  /** The state the place must still have at the moment of writing. */
  expect: FileState;
}

/**
 * Puts a whole file in a place at once: a reader sees the old content or the new, and after a crash it is one of the two.
 * The new file takes the old one's place; links to the old are neither followed nor written through.
 */
export async function replaceFile(place: Place, content: Uint8Array, options: ReplaceOptions): Promise<void> {
  const mode = await modeToKeep(place);
  const temporary = place.sibling(temporaryName(options.token + randomBytes(8).toString('hex')));
  try {
    await writeNew(temporary, content, mode);
    await place.verify();
    await expectState(place, options.expect);
    await rename(temporary, place.address);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await place.folder.sync();
}

/** Removes what an earlier attempt with this token left behind when it was killed. */
export async function sweepTemporaries(place: Place, token: string): Promise<void> {
  const prefix = temporaryName(token).replace('.tmp', '');
  for (const name of await readdir(place.sibling('.'))) {
    if (isTemporary(name) && name.startsWith(prefix)) await rm(place.sibling(name), { force: true });
  }
}

/** Removes a file, a link itself, or an empty folder. */
export async function removeFile(place: Place, expect: FileState): Promise<void> {
  await place.verify();
  await expectState(place, expect);
  await (expect === 'folder' ? rmdir(place.address) : unlink(place.address));
  await place.folder.sync();
}

async function expectState(place: Place, expected: FileState): Promise<void> {
  if ((await stateAt(place)) !== expected) {
    throw workspaceError('changed', place.path, 'was changed by something else meanwhile; look at it again');
  }
}

/** The permissions of the file that is replaced. @throws for what must not be written over. */
async function modeToKeep(place: Place): Promise<number> {
  const stats = await existing(place);
  if (stats === undefined) return 0o666;
  refuseIrregular(place, stats);
  if (stats.nlink > 1) {
    throw workspaceError('outside', place.path, 'has other names (hard links), which may lie outside the workspace', {
      hint: 'Write to a new name, or delete this one first.',
    });
  }
  return stats.mode & 0o777;
}

async function existing(place: Place): Promise<Stats | undefined> {
  try {
    return await lstat(place.address);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeNew(path: string, content: Uint8Array, mode: number): Promise<void> {
  const handle = await open(path, CREATE, mode);
  try {
    for (let at = 0; at < content.length; ) at += (await handle.write(content, at)).bytesWritten;
    if (mode !== 0o666) await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
