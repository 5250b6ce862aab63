import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity';

interface Holder extends ProcessIdentity {
  /** Names this one holding, so that a reader who comes late cannot mistake a later one for it. */
  nonce: string;
}

const POLL_MS = 50;

/**
 * Runs `work` while no other process on this machine runs theirs under the same lock file. The lock of a process that
 * died is taken over.
 *
 * @param waitMs how long to wait for another holder; then `onTimeout` makes the error.
 */
export async function withLock<T>(
  path: string,
  waitMs: number,
  onTimeout: (holder: ProcessIdentity) => Error,
  work: () => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const release = tryLock(path);
    if (typeof release === 'function') {
      try {
        return await work();
      } finally {
        release();
      }
    }
    if (performance.now() > deadline) throw onTimeout(release);
    await sleep(POLL_MS);
  }
}

/** The way to let go, or who holds it. */
function tryLock(path: string): (() => void) | ProcessIdentity {
  const mine: Holder = { ...ownIdentity(), nonce: randomUUID() };
  if (placeIfAbsent(path, mine)) return () => rmSync(path, { force: true });
  const holder = readHolder(path);
  if (holder === undefined) return tryLock(path);
  if (isAlive(holder)) return holder;
  return takeOver(path, holder, mine) ? () => rmSync(path, { force: true }) : holder;
}

/**
 * Two processes may find the same dead holder, and the slower one must not remove the lock the faster one has just
 * taken. So the right to replace that one dead holding is itself a lock, named by the holding's nonce.
 */
function takeOver(path: string, dead: Holder, mine: Holder): boolean {
  const turn = tryLock(`${path}.${dead.nonce}`);
  if (typeof turn !== 'function') return false;
  try {
    if (readHolder(path)?.nonce !== dead.nonce) return false;
    writeAside(path, mine, (aside) => renameSync(aside, path));
    return true;
  } finally {
    turn();
  }
}

/** A link appears at once and whole, so nobody reads half a holder. */
function placeIfAbsent(path: string, holder: Holder): boolean {
  try {
    writeAside(path, holder, (aside) => linkSync(aside, path));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function writeAside(path: string, holder: Holder, place: (aside: string) => void): void {
  const aside = `${path}.${process.pid}.${holder.nonce}`;
  writeFileSync(aside, JSON.stringify(holder));
  try {
    place(aside);
  } finally {
    rmSync(aside, { force: true });
  }
}

/** Undefined when it is gone. What cannot be read as a holder was not written by us: nobody is behind it. */
function readHolder(path: string): Holder | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    const { pid, startedAt, nonce } = (JSON.parse(text) ?? {}) as Partial<Holder>;
    return { pid: Number(pid), startedAt: String(startedAt), nonce: String(nonce ?? 'unreadable') };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (error instanceof SyntaxError) return { pid: 0, startedAt: '', nonce: 'unreadable' };
    throw error;
  }
}
