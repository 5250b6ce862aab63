import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, ownIdentity, type ProcessIdentity } from '../../workers/embedded/process-identity';

/** As long as this whoever carried a run keeps its server for those that have not seen the end yet. */
const LAST_LOOK_MS = 10_000;
const LOOK_MS = 50;

/** Notes, in the home whose server it asks, that this process watches a run. @returns takes the note away. */
export function noteWatcher(home: string, id: string): () => void {
  const folder = folderOf(home, id);
  const note = path.join(folder, String(process.pid));
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(note, JSON.stringify(ownIdentity()));
  } catch {
    // A home that takes no files, or a full disk: it can be watched all the same.
  }
  return () => rmSync(note, { force: true });
}

/** Waits until nobody watches the run any more: what they have not read would go away with the server. */
export async function lastLook(home: string, id: string, waitMs = LAST_LOOK_MS): Promise<void> {
  const deadline = performance.now() + waitMs;
  while (watchersOf(home, id).some(isAlive) && performance.now() < deadline) await sleep(LOOK_MS);
  rmSync(folderOf(home, id), { recursive: true, force: true });
}

function watchersOf(home: string, id: string): ProcessIdentity[] {
  const folder = folderOf(home, id);
  try {
    return readdirSync(folder).map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')));
  } catch {
    // Nobody was there, or somebody is just coming or leaving; who comes now finds its server going.
    return [];
  }
}

/** The id itself may hold what no name of a folder can. */
function folderOf(home: string, id: string): string {
  return path.join(home, 'watching', createHash('sha256').update(id).digest('hex').slice(0, 32));
}
