import { createHash, randomBytes } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { chmod, lstat, mkdir, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A socket's path may have 108 bytes on Linux and 104 on macOS, the ending zero included. */
const MAX_PATH_BYTES = 103;
const NAME = /^\d+-[0-9a-f]{8}\.sock$/;
const LONGEST_NAME = '4294967295-01234567.sock';
/** A socket that refuses may belong to a process that is about to listen on it. */
const STALE_AFTER_MS = 10_000;
const WINDOWS = process.platform === 'win32';

/** Where the processes of one home find each other's sockets. Only this user may enter it. */
export class SocketFolder {
  private constructor(private readonly folder: string) {}

  /**
   * `<home>/streams`, or a folder of this home in the system's temporary one where that is too long for a socket. `make`: also
   * where there is no such home yet.
   */
  static async open(home: string, make: boolean): Promise<SocketFolder> {
    if (make) await mkdir(home, { recursive: true });
    const folder = folderOf(await realpath(home));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = await lstat(folder).then((found) => {
      if (!found.isDirectory()) throw new Error(`${folder} is not a folder`);
      return found;
    });
    const own = process.getuid?.() ?? uid;
    if (uid !== own) throw new Error(`${folder} belongs to another user`);
    if (!WINDOWS && mode & 0o077) await chmod(folder, 0o700);
    return new SocketFolder(folder);
  }

  newName(): string {
    return `${process.pid}-${randomBytes(4).toString('hex')}.sock`;
  }

  /** What to listen on and to connect to; on Windows a pipe whose name is a file of this folder. */
  addressOf(name: string): string {
    return WINDOWS ? `\\\\.\\pipe\\holdfast-${digestOf(this.folder)}-${name}` : path.join(this.folder, name);
  }

  /** Makes a socket that listens known to others. */
  async announce(name: string): Promise<void> {
    if (WINDOWS) await writeFile(path.join(this.folder, name), '');
    else await chmod(path.join(this.folder, name), 0o600);
  }

  async names(): Promise<string[]> {
    return (await readdir(this.folder)).filter((name) => NAME.test(name));
  }

  async remove(name: string): Promise<void> {
    await rm(path.join(this.folder, name), { force: true });
  }

  /** Removes what a process left behind that ended without a chance to. */
  async removeStale(name: string): Promise<void> {
    const found = await lstat(path.join(this.folder, name)).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > STALE_AFTER_MS) await this.remove(name).catch(() => undefined);
  }

  watch(onChange: () => void): FSWatcher {
    const watcher = watch(this.folder, { persistent: false }, onChange);
    // A folder that is removed ends the watch; looking now and then goes on.
    return watcher.on('error', () => watcher.close());
  }
}

function folderOf(home: string): string {
  const folder = path.join(home, 'streams');
  if (WINDOWS || Buffer.byteLength(path.join(folder, LONGEST_NAME)) <= MAX_PATH_BYTES) return folder;
  return path.join(tmpdir(), `holdfast-${process.getuid?.() ?? 0}-${digestOf(home)}`);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
