import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { HoldfastError } from '../protocol/failures';

export interface RotatingFileOptions {
  /** A file that would become larger is put away first. Default: 10 million. */
  maxBytes?: number;
  /** A file whose first line is older is put away before the next one is written, in ms. Default: never. */
  maxAgeMs?: number;
  /** So many compressed ones are kept, the newest. Default: 5. */
  keep?: number;
}

/** What is put away: the file's name and when. */
const PUT_AWAY = /^\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z-\d+(\.gz)?$/;

/**
 * A file that is written line by line and put away when it is full or old: compressed beside it, the oldest removed. For one process: two
 * that write to one file would put it away under each other.
 */
export class RotatingFile {
  private descriptor: number;
  private size: number;
  /** When its first line was written, ms since epoch. */
  private since: number;
  private count = 0;
  /** Compressing goes on behind the writing, one file after the other. */
  private behind: Promise<void>;

  /** @throws HoldfastError `Config.Invalid` when it cannot be written. */
  constructor(
    private readonly file: string,
    private readonly options: RotatingFileOptions = {},
  ) {
    [this.descriptor, this.size, this.since] = opened(file);
    // A process that was killed may have left one uncompressed.
    this.behind = this.tidy();
  }

  /** Written before it returns, so that the last line before a crash is there. On a full disk the line is lost, not the work. */
  write(text: string): void {
    const bytes = Buffer.byteLength(text);
    try {
      if (this.size > 0 && this.isDue(bytes)) this.putAway();
      if (this.size === 0) this.since = Date.now();
      writeSync(this.descriptor, text);
      this.size += bytes;
    } catch {
      // The same line has been written to standard error.
    }
  }

  /** Nothing can be written afterwards. Resolves when all is compressed. */
  close(): Promise<void> {
    closeSync(this.descriptor);
    return this.behind;
  }

  private isDue(more: number): boolean {
    const { maxBytes = 10_000_000, maxAgeMs = Number.POSITIVE_INFINITY } = this.options;
    return this.size + more > maxBytes || Date.now() - this.since > maxAgeMs;
  }

  private putAway(): void {
    const stamp = new Date().toISOString().replace(/[:.]/g, '-');
    renameSync(this.file, `${this.file}.${stamp}-${this.count++}`);
    const full = this.descriptor;
    [this.descriptor, this.size, this.since] = opened(this.file);
    closeSync(full);
    this.behind = this.behind.then(() => this.tidy());
  }

  /** A log that cannot be tidied is still written. */
  private async tidy(): Promise<void> {
    try {
      for (const name of (await this.away()).filter((one) => !one.endsWith('.gz'))) await compress(name);
      const { keep = 5 } = this.options;
      for (const name of (await this.away()).slice(keep)) await rm(name, { force: true });
    } catch {
      // Tried again when the next one is put away.
    }
  }

  /** Those put away, the newest first. */
  private async away(): Promise<string[]> {
    const { dir, base } = path.parse(path.resolve(this.file));
    const names = await readdir(dir);
    const ours = names.filter((name) => name.startsWith(base) && PUT_AWAY.test(name.slice(base.length)));
    return ours
      .sort()
      .reverse()
      .map((name) => path.join(dir, name));
  }
}

function opened(file: string): [descriptor: number, size: number, since: number] {
  try {
    mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
    const descriptor = openSync(file, 'a', 0o600);
    const { size, birthtimeMs, ctimeMs } = fstatSync(descriptor);
    // Some file systems do not know when a file was made.
    return [descriptor, size, birthtimeMs || ctimeMs];
  } catch (cause) {
    throw new HoldfastError('Config.Invalid', `the log file ${file} cannot be written: ${(cause as Error).message}`, {
      hint: 'Give a path you may write to: --log-file, or log.file in holdfast.yaml.',
      cause,
    });
  }
}

/** Under another name until it is whole. */
async function compress(file: string): Promise<void> {
  const partial = `${file}.part`;
  await pipeline(createReadStream(file), createGzip(), createWriteStream(partial, { mode: 0o600 }));
  await rename(partial, `${file}.gz`);
  await rm(file);
}
