import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Json } from '../../protocol/json';
import { workspaceError } from './workspace-error';
import type { FileState } from './workspace-file';

/** What a call is about to do to one file. */
export interface Plan {
  before: FileState;
  after: FileState;
  /** What the model is told once it is done. */
  answer: Json;
  apply(): Promise<void>;
}

/** One call's change of one file, so told that it can be repeated. */
export interface Change {
  /** The same over all attempts of the call, and for no other call. */
  key: string;
  path: string;
  /** What is asked for, in short; a key that comes back with another request is refused. */
  request: string;
  state(): Promise<FileState>;
  /** Checks the request against the file as it is, and says what would change. Throws when it cannot be done. */
  plan(retry: boolean): Promise<Plan>;
}

interface Entry extends Pick<Plan, 'before' | 'after' | 'answer'> {
  request: string;
  done: boolean;
}

/** Moments between which a process may die; tests stop here. */
export type JournalStep = 'planned' | 'recorded' | 'applied' | 'finished';

/**
 * Makes changes of files happen once per key, though the process may die at any moment and the call be repeated. The
 * intent is on disk before the change, outside of what the run's tools can reach. A repeated call compares the file with
 * it: changed already, it gives the first answer; not yet, it goes on; neither, somebody else was there, and it is refused.
 */
export class EffectJournal {
  constructor(
    private readonly folder: string,
    private readonly checkpoint: (step: JournalStep) => void = () => undefined,
  ) {}

  /**
   * The answer of the change, made now or earlier.
   * @throws HoldfastError `Workspace.Invalid` (`changed`) when the file is in neither of the expected states; whatever
   * `plan` throws.
   */
  async once(change: Change): Promise<Json> {
    const known = await this.read(change.key);
    if (known === undefined) return this.first(change);
    if (known.request !== digestOf(change.request)) {
      throw workspaceError(
        'changed',
        change.path,
        'was asked to be changed differently under the same idempotency key',
      );
    }
    if (!known.done) await this.resume(change, known);
    return known.answer;
  }

  private async first(change: Change): Promise<Json> {
    const plan = await change.plan(false);
    this.checkpoint('planned');
    const { before, after, answer } = plan;
    const entry: Entry = { request: digestOf(change.request), before, after, answer, done: false };
    await this.write(change.key, entry);
    this.checkpoint('recorded');
    await plan.apply();
    await this.finish(change, entry);
    return answer;
  }

  private async resume(change: Change, known: Entry): Promise<void> {
    const state = await change.state();
    if (state !== known.after) {
      const plan = state === known.before ? await change.plan(true) : undefined;
      if (plan?.after !== known.after) {
        throw workspaceError(
          'changed',
          change.path,
          'was changed by something else since this call began; look at it again',
        );
      }
      await plan.apply();
    }
    await this.finish(change, known);
  }

  private async finish(change: Change, entry: Entry): Promise<void> {
    this.checkpoint('applied');
    await this.write(change.key, { ...entry, done: true });
    this.checkpoint('finished');
  }

  private async read(key: string): Promise<Entry | undefined> {
    try {
      return JSON.parse(await readFile(this.entryPath(key), 'utf8')) as Entry;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  private async write(key: string, entry: Entry): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const path = this.entryPath(key);
    const temporary = `${path}.${randomUUID()}`;
    try {
      await writeWhole(temporary, JSON.stringify(entry));
      await rename(temporary, path);
    } catch (error) {
      // On a full disk nothing must be left that keeps it full.
      await rm(temporary, { force: true });
      throw error;
    }
    const folder = await open(this.folder, 'r');
    await folder.sync().finally(() => folder.close());
  }

  private entryPath(key: string): string {
    return join(this.folder, `${digestOf(key)}.json`);
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
