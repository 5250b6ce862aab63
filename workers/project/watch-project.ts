import { type Dirent, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** When each file of a project was last written, by its path in the project. */
export type ProjectState = ReadonlyMap<string, string>;

const FOLDERS = ['agents', 'tools', 'providers'];
const CONFIG = /^holdfast\.(ya?ml|toml|json)$/;
const POLL_MS = 300;

/**
 * Tells of changes to a project's agents, tools, providers and settings. A file is looked at again and again, because notices of the file
 * system are lost over network and container mounts; a change counts once nothing has moved between two looks, so that a file
 * that is still being written is left alone.
 *
 * @param since the state that is known already.
 * @param changed told the files; the next change waits until it has settled.
 * @returns how to stop.
 */
export function watchProject(
  root: string,
  since: ProjectState,
  changed: (files: string[]) => Promise<void>,
  everyMs = POLL_MS,
): () => void {
  const stopping = new AbortController();
  const { signal } = stopping;
  const watch = async (): Promise<void> => {
    let known = since;
    let seen = since;
    for (;;) {
      await sleep(everyMs, undefined, { signal, ref: false });
      const now = await projectState(root);
      const files = difference(known, now);
      if (files.length > 0 && difference(seen, now).length === 0) {
        known = now;
        await changed(files);
      }
      seen = now;
    }
  };
  watch().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return () => stopping.abort();
}

export async function projectState(root: string): Promise<ProjectState> {
  const own = (await entriesOf(root)).filter(({ name }) => CONFIG.test(name)).map(({ name }) => name);
  const files = [...own, ...(await Promise.all(FOLDERS.map((folder) => filesUnder(root, folder)))).flat()];
  return new Map(files.map((file) => [file, stampOf(path.join(root, file))]));
}

async function filesUnder(root: string, folder: string): Promise<string[]> {
  const entries = (await entriesOf(path.join(root, folder))).filter(({ name }) => name !== 'node_modules');
  const found = entries.map((entry) => {
    const file = path.join(folder, entry.name);
    return entry.isDirectory() ? filesUnder(root, file) : [file];
  });
  return (await Promise.all(found)).flat();
}

/** A folder may be missing, or go away at any moment. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}

function stampOf(file: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    // It went away, or may not be looked at: reading it will tell.
    return '';
  }
}

function difference(before: ProjectState, after: ProjectState): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((file) => before.get(file) !== after.get(file));
}
