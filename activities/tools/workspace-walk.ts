import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fromSystem, workspaceError } from './workspace-error';

/**
 * From a folder down to a place, one name at a time, never through a link the kernel follows.
 *
 * Each folder is opened with O_NOFOLLOW relative to its opened parent, so whoever swaps a folder for a link meanwhile
 * changes nothing: a descriptor keeps naming the folder it was opened on. Links are read and walked by this code, which
 * never climbs above the base. Node has no `openat`; on Linux `/proc/self/fd/<n>/<name>` is the same. Elsewhere names are
 * joined to the folder's path, and every folder is checked to still be the one that was opened: after it was opened, before
 * a change takes effect, and before anything read is given out. That makes a race hard to win but does not rule it out:
 * where programs the run may not trust work in the same folders, run the worker on Linux.
 */

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Links followed and folders made on one way; the kernel allows 40 links. */
const MAX_DETOURS = 100;
const MAX_FOLDERS = 256;

/** How a name in an opened folder is addressed. */
export type Addressing = 'descriptor' | 'path';

export const DEFAULT_ADDRESSING: Addressing = process.platform === 'linux' ? 'descriptor' : 'path';

export interface WalkOptions {
  /** Absolute and free of links. */
  base: string;
  addressing: Addressing;
  /** Set where folders that are missing on the way are to be made; throws for one that must not be. */
  mayMake?(segments: string[]): void;
  /** Whether a link in the last place is followed. Default true. */
  followLast?: boolean;
  /** Opens the last name as a folder too; the place is then that folder. */
  enterLast?: boolean;
  /** Refuses a folder on the way, by what it is and not by its name. */
  admit(folder: FileHandle, path: string): Promise<void>;
}

/** An opened folder on the way. */
interface Folder {
  handle: FileHandle;
  name: string;
}

/** Where a walk arrived: a name, which need not exist, in a folder that is open. */
export class Place {
  constructor(
    /** As the model wrote it. */
    readonly path: string,
    /** The name in the opened folder; undefined when the place is that folder itself. */
    readonly name: string | undefined,
    private readonly options: WalkOptions,
    private readonly folders: readonly Folder[],
  ) {}

  /** Right for as long as the walk is open, whatever is renamed meanwhile. */
  get address(): string {
    return this.sibling(this.name ?? '.');
  }

  /** Names from the base down, links resolved. Empty for the base itself. */
  get segments(): string[] {
    const names = this.folders.slice(1).map((folder) => folder.name);
    return this.name === undefined ? names : [...names, this.name];
  }

  /** The folder the place is in, or is. */
  get folder(): FileHandle {
    return (this.folders.at(-1) as Folder).handle;
  }

  /** Another name in the same folder. */
  sibling(name: string): string {
    return addressOf(this.options, this.folders, name);
  }

  /** Throws when names were addressed by path and some folder is no longer the one that was opened. */
  async verify(): Promise<void> {
    if (this.options.addressing === 'path') await verifyPath(this.options, this.folders, this.path);
  }
}

function addressOf(options: WalkOptions, folders: readonly Folder[], name: string): string {
  if (options.addressing === 'descriptor') return `/proc/self/fd/${folders.at(-1)?.handle.fd}/${name}`;
  return join(options.base, ...folders.slice(1).map((folder) => folder.name), name);
}

/**
 * Walks to `segments` below the base, hands the place to `use`, and closes what it opened.
 * @throws HoldfastError `Workspace.Invalid` when the way leads outside or a folder on it is missing.
 */
export async function withPlace<T>(
  path: string,
  segments: readonly string[],
  options: WalkOptions,
  use: (place: Place) => Promise<T>,
): Promise<T> {
  const walk = new Walk(path, options);
  try {
    const place = await walk.to(segments);
    const result = await use(place);
    await place.verify();
    return result;
  } catch (error) {
    throw fromSystem(error, path);
  } finally {
    await walk.close();
  }
}

class Walk {
  private readonly folders: Folder[] = [];
  private detours = 0;

  constructor(
    private readonly path: string,
    private readonly options: WalkOptions,
  ) {}

  async to(segments: readonly string[]): Promise<Place> {
    this.folders.push({ handle: await open(this.options.base, FOLDER), name: '' });
    const ahead = [...segments];
    for (let name = ahead.shift(); name !== undefined; name = ahead.shift()) {
      if (name === '..') await this.up();
      else if (ahead.length === 0 && !this.options.enterLast) {
        const target = this.options.followLast === false ? undefined : await this.linkTarget(name);
        if (target === undefined) return this.place(name);
        ahead.push(...(await this.follow(target)));
      } else {
        ahead.unshift(...(await this.down(name)));
      }
    }
    return this.place();
  }

  async close(): Promise<void> {
    for (const { handle } of this.folders.splice(0)) await handle.close();
  }

  private place(name?: string): Place {
    return new Place(this.path, name, this.options, this.folders);
  }

  private async up(): Promise<void> {
    if (this.folders.length === 1) throw workspaceError('outside', this.path, 'leads outside the workspace');
    await this.folders.pop()?.handle.close();
  }

  /** Into a folder; for a link the names it stands for, to be walked instead. */
  private async down(name: string): Promise<string[]> {
    const address = addressOf(this.options, this.folders, name);
    try {
      await this.enter(name, await open(address, FOLDER));
      return [];
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' && this.options.mayMake) {
        this.countDetour();
        this.options.mayMake(this.place(name).segments);
        await mkdir(address).catch(ignoreExisting);
        await this.folders.at(-1)?.handle.sync();
        return [name];
      }
      const target = code === 'ENOTDIR' || code === 'ELOOP' ? await this.linkTarget(name) : undefined;
      if (target === undefined) throw error;
      return this.follow(target);
    }
  }

  private async enter(name: string, handle: FileHandle): Promise<void> {
    this.folders.push({ handle, name });
    if (this.folders.length > MAX_FOLDERS) throw workspaceError('path', this.path, 'is too deep');
    if (this.options.addressing === 'path') await verifyPath(this.options, this.folders, this.path);
    await this.options.admit(handle, this.path);
  }

  private async linkTarget(name: string): Promise<string | undefined> {
    try {
      return await readlink(addressOf(this.options, this.folders, name));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EINVAL' || code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** The names a link stands for. An absolute one is walked from the base when it points below it. */
  private async follow(target: string): Promise<string[]> {
    this.countDetour();
    if (!target.startsWith('/')) return namesOf(target);
    const { base } = this.options;
    if (target !== base && !target.startsWith(`${base}/`)) {
      throw workspaceError('outside', this.path, 'is a link that leads outside the workspace');
    }
    for (const { handle } of this.folders.splice(1)) await handle.close();
    return namesOf(target.slice(base.length));
  }

  private countDetour(): void {
    if (++this.detours > MAX_DETOURS) throw workspaceError('outside', this.path, 'goes through too many links');
  }
}

function namesOf(target: string): string[] {
  return target.split('/').filter((name) => name !== '' && name !== '.');
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

async function verifyPath(options: WalkOptions, folders: readonly Folder[], path: string): Promise<void> {
  for (let depth = 0; depth < folders.length; depth++) {
    const found = await lstat(addressOf(options, folders.slice(0, depth + 1), '.'));
    const opened = await (folders[depth] as Folder).handle.stat();
    if (found.dev !== opened.dev || found.ino !== opened.ino) {
      throw workspaceError('changed', path, 'was moved while it was used');
    }
  }
}
