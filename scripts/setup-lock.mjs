/** One setup at a time in a checkout; the lock of one that was killed is taken over after some seconds. */
import { mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const BEAT_MS = 2_000;
const STALE_MS = 15_000;
const POLL_MS = 200;

/**
 * Runs `work` while no other process runs theirs under the same lock file. `onWait` is called once if it has to wait.
 */
export async function withSetupLock(file, onWait, work) {
  mkdirSync(path.dirname(file), { recursive: true });
  for (let waited = false; !acquire(file); waited = true) {
    if (!waited) onWait();
    await sleep(POLL_MS);
  }
  const beat = setInterval(() => touch(file), BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    rmSync(file, { force: true });
  }
}

function acquire(file) {
  if (create(file)) return true;
  if (ageOf(file) > STALE_MS) removeStale(file);
  return false;
}

/** Removing is itself done by one at a time: a slow one must not remove the lock that a quick one has just taken. */
function removeStale(file) {
  const turn = `${file}.turn`;
  if (!create(turn)) {
    if (ageOf(turn) > STALE_MS) rmSync(turn, { force: true });
    return;
  }
  if (ageOf(file) > STALE_MS) rmSync(file, { force: true });
  rmSync(turn, { force: true });
}

function create(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function ageOf(file) {
  const found = statSync(file, { throwIfNoEntry: false });
  return found ? Date.now() - found.mtimeMs : 0;
}

function touch(file) {
  const now = new Date();
  utimesSync(file, now, now);
}
