import { mkdirSync, realpathSync, type Stats, statfsSync, statSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { isAbsolute, sep } from 'node:path';
import { HoldfastError } from '../../protocol/failures';
import type { Mount } from '../../protocol/session';
import type { WorkspaceOptions } from './workspace';
import { workspaceError } from './workspace-error';
import { foldedName, segmentsOf } from './workspace-path';

/** The kernel's own file systems, by magic number: proc, sysfs, devpts, debugfs, tracefs, cgroup, cgroup2, bpf, securityfs. */
const SYSTEM_FILES = new Set([
  0x9fa0, 0x62656572, 0x1cd1, 0x64626720, 0x74726163, 0x27e0eb, 0x63677270, 0xcafe4a11, 0x73636673,
]);

/** Read and run by other programs that trust them: what an agent writes there would act outside of its run. */
const PROTECTED = new Set([
  '.git',
  '.gitmodules',
  '.hg',
  '.svn',
  '.husky',
  '.vscode',
  '.idea',
  '.devcontainer',
  '.claude',
  '.cursor',
  '.mcp.json',
  '.envrc',
  '.npmrc',
  '.bashrc',
  '.bash_profile',
  '.profile',
  '.zshrc',
  '.zprofile',
  '.ssh',
]);

/** A folder paths are walked from: the run's own, or a mount. */
export interface Base {
  /** Absent for the run's own folder. */
  mount?: Mount;
  /** Absolute and free of links. */
  path: string;
  device: number;
  /** Folders that must not be entered, as `device:inode`. */
  hidden: ReadonlySet<string>;
}

export interface Located {
  /** As the model wrote it. */
  path: string;
  base: Base;
  /** Below the base. */
  segments: string[];
}

/** The bases of a workspace, made and checked. */
export class Bases {
  private constructor(
    readonly root: Base,
    readonly mounts: readonly Base[],
  ) {}

  /**
   * Synchronous: every call of a tool opens a workspace, and a dozen trips to the thread pool would cost more than the call.
   * @throws HoldfastError `Workspace.Invalid` for folders that are missing, overlap or belong to the system.
   */
  static open({ root, journal, mounts = [], hidden = [] }: WorkspaceOptions): Bases {
    const rootPath = made(root);
    const journalPath = made(journal);
    if (within(rootPath, journalPath)) throw unusable('the journal is inside the folder of the run');
    const secret = identities([journalPath, ...hidden]);
    const fromMounts = new Set([...secret, ...identities([rootPath])]);
    const bases: Base[] = [];
    for (const mount of mounts) {
      const path = existing(mount);
      if (within(rootPath, path)) throw unusable(`mount "${mount.name}" is inside the folder of the run`);
      if (within(journalPath, path)) throw unusable(`mount "${mount.name}" is inside the journal`);
      if (bases.some((base) => base.mount && sameName(base.mount.name, mount.name))) {
        throw unusable(`two mounts are named "${mount.name}"`);
      }
      bases.push({ ...openBase(path, fromMounts), mount });
    }
    return new Bases(openBase(rootPath, secret), bases);
  }

  /** The base of a path. @throws HoldfastError `Workspace.Invalid` for text that is no path of a workspace. */
  locate(path: string): Located {
    const segments = segmentsOf(path);
    const first = segments[0];
    const base = first === undefined ? undefined : this.mounted(path, first);
    return base ? { path, base, segments: segments.slice(1) } : { path, base: this.root, segments };
  }

  /** The mount of this name. A name that only looks the same is refused: it would be another file on some systems. */
  private mounted(path: string, name: string): Base | undefined {
    const base = this.mounts.find((candidate) => candidate.mount && sameName(candidate.mount.name, name));
    if (base === undefined || base.mount?.name === name) return base;
    throw workspaceError('path', path, `is written almost like the mount "${base.mount?.name}"; write it so`);
  }

  /** Whether a name in the run's own folder is out of sight because a mount has it. */
  shadowed(name: string): boolean {
    return this.mounts.some((base) => base.mount && sameName(base.mount.name, name));
  }
}

function sameName(a: string, b: string): boolean {
  return foldedName(a) === foldedName(b);
}

/** Refuses to enter folders that are hidden or the kernel's own, by what they are: names and links do not matter. */
export async function admit(base: Base, folder: FileHandle, path: string): Promise<void> {
  const stats = await folder.stat();
  if (base.hidden.has(identityOf(stats))) throw workspaceError('outside', path, 'is not part of the workspace');
  if (stats.dev !== base.device && isSystem(`/proc/self/fd/${folder.fd}`)) {
    throw workspaceError('outside', path, 'belongs to the system');
  }
}

/** Whether segments below a base may be changed; the reason when not. */
export function whyReadOnly(base: Base, segments: readonly string[]): string | undefined {
  if (base.mount === undefined) return undefined;
  if (base.mount.access !== 'write') return `is in the mount "${base.mount.name}", which is for reading only`;
  const found = segments.find((segment) => PROTECTED.has(foldedName(segment)));
  return found === undefined ? undefined : `is or is in "${found}", which other programs trust; it is for reading only`;
}

function openBase(path: string, hidden: ReadonlySet<string>): Base {
  const stats = statSync(path);
  if (!stats.isDirectory()) throw unusable(`${path} is not a folder`);
  if (hidden.has(identityOf(stats))) throw unusable(`${path} is a folder that must not be seen`);
  if (isSystem(path)) throw unusable(`${path} belongs to the system`);
  return { path, device: stats.dev, hidden };
}

function isSystem(path: string): boolean {
  // Other systems have no such folders, or no number to know them by.
  return process.platform === 'linux' && SYSTEM_FILES.has(statfsSync(path).type);
}

function identities(paths: readonly string[]): Set<string> {
  const found = paths.map((path) => statSync(path, { throwIfNoEntry: false }));
  return new Set(found.flatMap((stats) => (stats ? [identityOf(stats)] : [])));
}

function identityOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

function made(folder: string): string {
  mkdirSync(absolute(folder), { recursive: true });
  return realpathSync.native(folder);
}

function existing({ name, path }: Mount): string {
  try {
    return realpathSync.native(absolute(path));
  } catch (cause) {
    if (HoldfastError.is(cause)) throw cause;
    throw unusable(`the folder of mount "${name}" does not exist`, cause);
  }
}

function absolute(path: string): string {
  if (isAbsolute(path)) return path;
  throw unusable(`${JSON.stringify(path)} must be an absolute path`);
}

function within(outer: string, inner: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);
}

function unusable(problem: string, cause?: unknown): HoldfastError {
  return new HoldfastError('Workspace.Invalid', `the workspace cannot be used: ${problem}`, {
    hint: 'Check the mounts the run was started with.',
    ...(cause !== undefined && { cause }),
  });
}
