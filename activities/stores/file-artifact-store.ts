import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '../../protocol/failures';
import type { ArtifactRef } from '../../protocol/messages';
import { type ArtifactSource, type ArtifactStore, artifactMissing, type ByteRange, digestOf } from './artifact-store';

/** Age after which a temporary file cannot belong to a put that is still running. */
const STALE_MS = 24 * 60 * 60 * 1_000;

/**
 * Artifacts as files: `<folder>/<hash of the scope>/<hash of the bytes>`. Scopes and ids never become part of a path as
 * they are, so no text in them can lead anywhere. One folder may be shared by many workers.
 * A read hashes the whole file (about 1 ms per MB), also for a range: that is what detects damage.
 */
export class FileArtifactStore implements ArtifactStore {
  private swept: Promise<void> | undefined;

  constructor(private readonly folder: string) {}

  async put(scope: string, source: ArtifactSource, mediaType: string): Promise<ArtifactRef> {
    const folder = this.scopeFolder(scope);
    const temporary = join(await this.temporaryFolder(), randomUUID());
    try {
      const { digest, bytes } = await writeDurably(temporary, source);
      await mkdir(folder, { recursive: true });
      await rename(temporary, join(folder, digest));
      await syncFolder(folder);
      await syncFolder(this.folder);
      return { id: `sha256:${digest}`, bytes, mediaType };
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async get(scope: string, id: string, range: ByteRange = {}): Promise<Buffer> {
    const { path, digest } = this.locate(scope, id);
    const start = Math.max(0, Math.floor(range.offset ?? 0));
    const end = start + Math.max(0, Math.floor(range.length ?? Number.MAX_SAFE_INTEGER - start));
    const hash = createHash('sha256');
    const kept: Buffer[] = [];
    let at = 0;
    try {
      for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
        hash.update(chunk);
        const part = chunk.subarray(Math.max(0, start - at), Math.max(0, end - at));
        if (part.length > 0) kept.push(part);
        at += chunk.length;
      }
    } catch (error) {
      throw missingOr(error, id);
    }
    if (hash.digest('hex') !== digest) throw artifactMissing(id, 'damaged');
    return Buffer.concat(kept);
  }

  async size(scope: string, id: string): Promise<number> {
    try {
      return (await stat(this.locate(scope, id).path)).size;
    } catch (error) {
      throw missingOr(error, id);
    }
  }

  async deleteScope(scope: string): Promise<void> {
    await rm(this.scopeFolder(scope), { recursive: true, force: true });
  }

  private locate(scope: string, id: string): { path: string; digest: string } {
    const digest = digestOf(id);
    if (digest === undefined) throw artifactMissing(id, 'missing');
    return { path: join(this.scopeFolder(scope), digest), digest };
  }

  private scopeFolder(scope: string): string {
    if (scope === '') throw new HoldfastError('Input.Invalid', 'an artifact scope must not be empty');
    // UTF-16, not UTF-8: lone surrogates all become the same bytes in UTF-8, and two scopes would be one.
    return join(this.folder, createHash('sha256').update(Buffer.from(scope, 'utf16le')).digest('hex'));
  }

  private async temporaryFolder(): Promise<string> {
    const folder = join(this.folder, 'incoming');
    await mkdir(folder, { recursive: true });
    this.swept ??= removeStale(folder);
    await this.swept;
    return folder;
  }
}

function missingOr(error: unknown, id: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR' ? artifactMissing(id, 'missing', { cause: error }) : error;
}

async function writeDurably(path: string, source: ArtifactSource): Promise<{ digest: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const handle = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of source instanceof Uint8Array ? [source] : source) {
      hash.update(chunk);
      bytes += chunk.length;
      await writeAll(handle, chunk);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { digest: hash.digest('hex'), bytes };
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await handle.write(chunk, at)).bytesWritten;
}

/** Makes renames in a folder survive a power cut; systems that cannot open folders do without. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/** What workers that were killed left behind. */
async function removeStale(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now());
    if (age > STALE_MS) await rm(path, { force: true });
  }
}
