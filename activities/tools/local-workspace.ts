import { createHash } from 'node:crypto';
import type { Dirent, Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import type { Json } from '../../protocol/json';
import type { Mount } from '../../protocol/session';
import { withPathLock } from './path-lock';
import type {
  EntryType,
  FileChange,
  FileEntry,
  FileInfo,
  WalkEntriesOptions,
  Workspace,
  WorkspaceOptions,
} from './workspace';
import { admit, Bases, type Located, whyReadOnly } from './workspace-bases';
import { isRefused, workspaceError } from './workspace-error';
import {
  type FilePart,
  type FileState,
  readPart,
  removeFile,
  replaceFile,
  stateAt,
  stateOf,
  sweepTemporaries,
} from './workspace-file';
import { EffectJournal, type Plan } from './workspace-journal';
import { isTemporary } from './workspace-path';
import { DEFAULT_ADDRESSING, type Place, type WalkOptions, withPlace } from './workspace-walk';

const MAX_WRITE_BYTES = 10 * 1024 * 1024;
const MAX_READ_BYTES = 16 * 1024 * 1024;

/**
 * A workspace on the worker's own file system. Makes the root and the journal when they are missing.
 * @throws HoldfastError `Workspace.Invalid` for mounts that do not exist, overlap or belong to the system.
 */
export function openWorkspace(options: WorkspaceOptions): Workspace {
  return new LocalWorkspace(Bases.open(options), options);
}

type PlaceOptions = Partial<Pick<WalkOptions, 'followLast' | 'enterLast' | 'mayMake'>>;

class LocalWorkspace implements Workspace {
  readonly root: string;
  readonly mounts: readonly Mount[];
  private readonly journal: EffectJournal;

  constructor(
    private readonly bases: Bases,
    private readonly options: WorkspaceOptions,
  ) {
    this.root = bases.root.path;
    this.mounts = options.mounts ?? [];
    this.journal = new EffectJournal(options.journal, options.checkpoint);
  }

  async info(path: string): Promise<FileInfo> {
    const target = this.bases.locate(path);
    return this.at(target, {}, async (place) => {
      const stats = await lstat(place.address);
      const writable = whyReadOnly(target.base, place.segments) === undefined;
      return { path, type: typeOf(stats), bytes: stats.size, modifiedMs: Math.floor(stats.mtimeMs), writable };
    });
  }

  async list(path: string, { sizes = false }: { sizes?: boolean } = {}): Promise<FileEntry[]> {
    const target = this.bases.locate(path);
    const isRoot = target.base === this.bases.root && target.segments.length === 0;
    const prefix = path.split('/').filter((name) => name !== '' && name !== '.');
    const entries = await this.at(target, { enterLast: true }, async (place) => {
      const found = await readdir(place.address, { withFileTypes: true });
      const visible = found.filter(({ name }) => !isTemporary(name) && !(isRoot && this.bases.shadowed(name)));
      return Promise.all(visible.map((entry) => this.entryOf(place, entry, prefix, sizes)));
    });
    if (isRoot) entries.push(...this.mounts.map(({ name }): FileEntry => ({ path: name, type: 'folder' })));
    return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async *walk(path: string, options: WalkEntriesOptions = {}): AsyncGenerator<FileEntry> {
    const { depth = Number.POSITIVE_INFINITY, enter = () => true, sizes = false, signal } = options;
    const open = [{ entries: await this.list(path, { sizes }), next: 0 }];
    for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
      signal?.throwIfAborted();
      const entry = level.entries[level.next++];
      if (entry === undefined) {
        open.pop();
        continue;
      }
      yield entry;
      if (entry.type !== 'folder' || open.length > depth || !enter(entry.path)) continue;
      open.push({ entries: await this.listIfAllowed(entry.path, sizes), next: 0 });
    }
  }

  async read(path: string, { offset = 0, length }: { offset?: number; length?: number } = {}): Promise<FilePart> {
    return this.at(this.bases.locate(path), {}, (place) => this.readAt(place, offset, length));
  }

  async state(path: string): Promise<FileState> {
    return this.stateOf(this.bases.locate(path), {});
  }

  async changeOnce({ key, path, request, change }: FileChange): Promise<Json> {
    const target = this.bases.locate(path);
    const plan = async (retry: boolean): Promise<Plan> => {
      const before = await this.changeable(target, {});
      if (before === 'folder') throw workspaceError('kind', path, 'is a folder');
      const content = (): Promise<Buffer> => this.contentOf(target, before);
      const result = await change(before, content);
      this.checkSize(path, result.content);
      const token = tokenOf(key);
      const after = stateOf(result.content);
      const apply = (): Promise<void> => this.replace(target, result.content, { token, expect: before }, retry);
      return { before, after, answer: result.answer, apply };
    };
    return this.once(target, key, request, plan, {});
  }

  async removeOnce({ key, path }: Pick<FileChange, 'key' | 'path'>): Promise<Json> {
    const target = this.bases.locate(path);
    const link = { followLast: false };
    const plan = async (): Promise<Plan> => {
      const before = await this.changeable(target, link);
      if (before === 'absent') throw workspaceError('missing', path, 'does not exist');
      const apply = (): Promise<void> =>
        this.at(target, link, (place) => {
          this.checkWritable(target, place.segments);
          return removeFile(place, before);
        });
      return { before, after: 'absent', answer: { path, removed: true }, apply };
    };
    return this.once(target, key, 'remove', plan, link);
  }

  private once(
    target: Located,
    key: string,
    request: string,
    plan: (retry: boolean) => Promise<Plan>,
    options: PlaceOptions,
  ): Promise<Json> {
    const { path, base, segments } = target;
    const state = (): Promise<FileState> => this.stateOf(target, options);
    const change = { key, path, request: JSON.stringify([path, request]), state, plan };
    return withPathLock([base.path, ...segments].join('/'), () => this.journal.once(change));
  }

  /** What is in a place that may be changed. Not even the state of others is told to who wants to write them. */
  private async changeable(target: Located, options: PlaceOptions): Promise<FileState> {
    this.checkWritable(target, target.segments);
    if (target.segments.length === 0) throw workspaceError('kind', target.path, 'is a folder');
    return this.stateOf(target, options);
  }

  private stateOf(target: Located, options: PlaceOptions): Promise<FileState> {
    return this.at(target, options, stateAt).catch((error) => {
      if (isRefused(error, 'missing')) return 'absent';
      throw error;
    });
  }

  private async contentOf(target: Located, expected: FileState): Promise<Buffer> {
    const { bytes } = await this.at(target, {}, (place) => this.readAt(place, 0, undefined));
    if (stateOf(bytes) === expected) return bytes;
    throw workspaceError('changed', target.path, 'was changed by something else meanwhile; look at it again');
  }

  private replace(
    target: Located,
    content: Uint8Array,
    options: { token: string; expect: FileState },
    retry: boolean,
  ): Promise<void> {
    const mayMake = (segments: string[]): void => this.checkWritable(target, segments);
    return this.at(target, { mayMake }, async (place) => {
      this.checkWritable(target, place.segments);
      if (place.name === undefined) throw workspaceError('kind', target.path, 'is a folder');
      if (retry) await sweepTemporaries(place, options.token);
      await replaceFile(place, content, options);
    });
  }

  private readAt(place: Place, offset: number, length: number | undefined): Promise<FilePart> {
    const limit = this.options.maxReadBytes ?? MAX_READ_BYTES;
    return readPart(place, offset, length ?? limit + 1).then((part) => {
      if (part.bytes.length <= limit) return part;
      throw workspaceError('too-large', place.path, `has ${part.size} bytes; at most ${limit} are read at once`);
    });
  }

  private at<T>(target: Located, options: PlaceOptions, use: (place: Place) => Promise<T>): Promise<T> {
    const { base, path, segments } = target;
    const walk: WalkOptions = {
      base: base.path,
      addressing: this.options.addressing ?? DEFAULT_ADDRESSING,
      admit: (folder, way) => admit(base, folder, way),
      ...options,
    };
    return withPlace(path, segments, walk, (place) => {
      const first = place.segments[0];
      if (base === this.bases.root && first !== undefined && this.bases.shadowed(first)) {
        throw workspaceError('path', path, `leads to "${first}" in the run's own folder, where a mount is`);
      }
      return use(place);
    });
  }

  private async entryOf(place: Place, entry: Dirent, prefix: string[], sizes: boolean): Promise<FileEntry> {
    const bytes = sizes && entry.isFile() ? await sizeAt(place, entry.name) : undefined;
    const path = [...prefix, entry.name].join('/');
    return { path, type: typeOf(entry), ...(bytes !== undefined && { bytes }) };
  }

  private async listIfAllowed(path: string, sizes: boolean): Promise<FileEntry[]> {
    try {
      return await this.list(path, { sizes });
    } catch (error) {
      if (isRefused(error, 'path', 'outside', 'missing', 'kind', 'changed', 'system')) return [];
      throw error;
    }
  }

  private checkWritable({ base, path }: Located, segments: readonly string[]): void {
    const reason = whyReadOnly(base, segments);
    if (reason !== undefined) throw workspaceError('read-only', path, reason);
  }

  private checkSize(path: string, content: Uint8Array): void {
    const limit = this.options.maxWriteBytes ?? MAX_WRITE_BYTES;
    if (content.length <= limit) return;
    throw workspaceError('too-large', path, `would have ${content.length} bytes; at most ${limit} are allowed`);
  }
}

async function sizeAt(place: Place, name: string): Promise<number | undefined> {
  return (await lstat(place.sibling(name)).catch(() => undefined))?.size;
}

function typeOf(entry: Pick<Stats, 'isFile' | 'isDirectory' | 'isSymbolicLink'>): EntryType {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  return entry.isSymbolicLink() ? 'link' : 'other';
}

/** Names a call's temporary files. */
function tokenOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 16);
}
