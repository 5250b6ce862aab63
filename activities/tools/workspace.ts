import type { Json } from '../../protocol/json';
import type { Mount } from '../../protocol/session';
import type { FilePart, FileState } from './workspace-file';
import type { JournalStep } from './workspace-journal';
import type { Addressing } from './workspace-walk';

export type EntryType = 'file' | 'folder' | 'link' | 'other';

export interface FileEntry {
  /** From the workspace's root, with `/`. */
  path: string;
  type: EntryType;
  /** Length of a file; absent unless asked for, and for what is no file. */
  bytes?: number;
}

export interface FileInfo {
  path: string;
  type: EntryType;
  bytes: number;
  /** Milliseconds since the epoch. */
  modifiedMs: number;
  /** Whether the workspace lets it be changed. */
  writable: boolean;
}

export interface WalkEntriesOptions {
  /** Folders below the first; default: no limit. */
  depth?: number;
  /** Whether a folder is looked into. Default: always. */
  enter?(path: string): boolean;
  /** Adds `bytes`. */
  sizes?: boolean;
  signal?: AbortSignal;
}

/** One change of one file; see `changeOnce`. */
export interface FileChange {
  /** The call's idempotency key. */
  key: string;
  path: string;
  /** What is asked for; equal for equal requests. */
  request: string;
  /**
   * The file's new content and the answer, from what is there now: its state and, when asked for, its content. Must give
   * the same for the same content. Throws when the change cannot be made.
   */
  change(before: FileState, content: () => Promise<Buffer>): Promise<{ content: Uint8Array; answer: Json }>;
}

/**
 * The files one run may touch. Paths are relative, with `/`; the first segment may name a mount. Everything else is the
 * run's own folder, which is writable. No path, link or race leads outside (`workspace-walk.ts` says
 * how). Links inside are followed. A file with other hard links can be read (who made the link could read it) but not
 * written. Every method throws HoldfastError `Workspace.Invalid` (`details.reason` says why), and no path of the worker's
 * machine is in its message.
 */
export interface Workspace {
  /** The run's own folder, absolute; for tools that start processes inside it. */
  readonly root: string;
  readonly mounts: readonly Mount[];
  info(path: string): Promise<FileInfo>;
  /** What a folder holds, sorted by name. Mounts are in the root. */
  list(path: string, options?: { sizes?: boolean }): Promise<FileEntry[]>;
  /** All that is below a folder, each folder before its content, sorted by name. Links are not followed. */
  walk(path: string, options?: WalkEntriesOptions): AsyncIterable<FileEntry>;
  /** Bytes of a file. Default: all of it; more than `maxReadBytes` at once is refused. */
  read(path: string, range?: { offset?: number; length?: number }): Promise<FilePart>;
  /** What is at a path, links followed. */
  state(path: string): Promise<FileState>;
  /**
   * Changes or creates one file, atomically and once per key: a repeated call gives the first answer and changes nothing
   * more. Folders on the way are made. Changes of one file are made one after the other.
   */
  changeOnce(change: FileChange): Promise<Json>;
  /** Removes a file, a link (not what it points to) or an empty folder, once per key. Gives `{ path, removed: true }`. */
  removeOnce(change: Pick<FileChange, 'key' | 'path'>): Promise<Json>;
}

export interface WorkspaceOptions {
  /** Absolute; made when missing. */
  root: string;
  /** Where intents of changes are kept: absolute, made when missing, outside of `root` and of every mount. */
  journal: string;
  mounts?: readonly Mount[];
  /** Folders that must not be seen even inside a mount: Holdfast's own home, secrets. Missing ones are ignored. */
  hidden?: readonly string[];
  /** How opened folders are addressed. Default: by descriptor on Linux, by path (with checks) elsewhere. */
  addressing?: Addressing;
  /** Called between the steps of a change; for tests that stop a process there. */
  checkpoint?(step: JournalStep): void;
  /** Bytes one file may have when written. Default 10 MB. */
  maxWriteBytes?: number;
  /** Bytes one read may give. Default 16 MB. */
  maxReadBytes?: number;
}

export { openWorkspace } from './local-workspace';
