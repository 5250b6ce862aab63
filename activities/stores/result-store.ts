import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeptResult } from '../../protocol/activities';

/** What tasks gave, by the digest of what was asked. Losing it costs money, never truth. */
export interface ResultStore {
  /** Undefined where nothing is kept, or what is kept is too old or cannot be read. */
  get(key: string, now: number): Promise<KeptResult | undefined>;
  put(key: string, result: KeptResult): Promise<void>;
}

/** Age after which a file that is being written cannot be any more. */
const ABANDONED_MS = 24 * 60 * 60 * 1_000;
const KEY = /^[0-9a-f]{64}$/;

/** A file for each result, in 256 folders, so that none of them grows large. One folder may be shared by many workers. */
export class FileResultStore implements ResultStore {
  constructor(private readonly folder: string) {}

  async get(key: string, now: number): Promise<KeptResult | undefined> {
    const text = await readFile(this.pathOf(key), 'utf8').catch(() => undefined);
    const result = text === undefined ? undefined : parsed(text);
    return result && result.until > now ? result : undefined;
  }

  async put(key: string, result: KeptResult): Promise<void> {
    const path = this.pathOf(key);
    const folder = join(path, '..');
    await mkdir(folder, { recursive: true });
    await removeOld(folder, result.at);
    const temporary = `${path}.${randomUUID()}`;
    try {
      await writeFile(temporary, JSON.stringify(result), { mode: 0o600 });
      await utimes(temporary, new Date(result.at), new Date(result.until));
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  private pathOf(key: string): string {
    if (!KEY.test(key)) throw new Error('the key of a result is no digest');
    return join(this.folder, key.slice(0, 2), key);
  }
}

/** Whoever adds to a folder takes out of it what nobody may be given any more: a file's time is when that is. */
async function removeOld(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const { mtimeMs = now } = (await stat(path).catch(() => undefined)) ?? {};
    if (mtimeMs + (KEY.test(name) ? 0 : ABANDONED_MS) < now) await rm(path, { force: true });
  }
}

function parsed(text: string): KeptResult | undefined {
  try {
    return JSON.parse(text) as KeptResult;
  } catch {
    return undefined;
  }
}
