import { setTimeout as sleep } from 'node:timers/promises';

/** Something that was started and can be stopped. */
export interface Running {
  /** Ends it in an orderly way. May be called more than once. */
  stop(): Promise<void>;
  /** Settles when it has ended, asked to or not; rejects with the reason when it failed. */
  readonly done: Promise<void>;
}

export interface KeepOptions {
  /** For the log. */
  name: string;
  /** First delay before it is started again, in ms; doubles up to 50 times that. Default: 100. */
  backoffMs?: number;
  /** Running this long counts as well again, in ms. Default: 10,000. */
  stableMs?: number;
  /** Not being well for this long is given up, in ms. Default: 60,000. */
  giveUpMs?: number;
  log?: (line: string) => void;
}

/** What is kept running: `stop` ends it for good, `done` rejects when it was given up. */
export interface Kept<T extends Running> extends Running {
  /** The present one; another after every restart. */
  readonly current: T;
}

/**
 * Starts something and starts it again whenever it ends unasked, with growing delays.
 *
 * @param start is given the one before, undefined at first. Its first failure is thrown; later ones are retried.
 */
export async function keepRunning<T extends Running>(
  start: (before: T | undefined) => Promise<T>,
  options: KeepOptions,
): Promise<Kept<T>> {
  const { name, backoffMs = 100, stableMs = 10_000, giveUpMs = 60_000, log = () => undefined } = options;
  const stopping = new AbortController();
  let current = await start(undefined);

  async function watch(): Promise<void> {
    let failures = 0;
    let unwellSince = 0;
    let end = await life();
    while (!stopping.signal.aborted) {
      const wasWell = failures === 0 || end.livedMs > stableMs;
      if (wasWell) unwellSince = performance.now();
      failures = wasWell ? 1 : failures + 1;
      if (performance.now() - unwellSince > giveUpMs) throw end.reason ?? new Error(`${name} keeps ending`);
      log(`${name} ended${end.reason ? ` (${messageOf(end.reason)})` : ''}; starting it again`);
      await pause(Math.min(backoffMs * 2 ** (failures - 1), backoffMs * 50), stopping.signal);
      if (!stopping.signal.aborted) end = await nextLife();
    }
  }

  async function nextLife(): Promise<End> {
    try {
      current = await start(current);
    } catch (reason) {
      return { reason, livedMs: 0 };
    }
    if (stopping.signal.aborted) await current.stop();
    return life();
  }

  async function life(): Promise<End> {
    const startedAt = performance.now();
    const reason = await ended(current);
    return { reason, livedMs: Math.round(performance.now() - startedAt) };
  }

  const done = watch();
  done.catch(() => undefined);
  return {
    get current() {
      return current;
    },
    done,
    async stop() {
      stopping.abort();
      await current.stop().catch((error: unknown) => log(`${name} did not stop cleanly (${messageOf(error)})`));
      await done.catch(() => undefined);
    },
  };
}

interface End {
  reason: unknown;
  livedMs: number;
}

/** The reason of its failure, or undefined when it ended without one. */
function ended(running: Running): Promise<unknown> {
  return running.done.then(
    () => undefined,
    (error: unknown) => error ?? new Error('unknown reason'),
  );
}

function pause(ms: number, signal: AbortSignal): Promise<unknown> {
  return sleep(ms, undefined, { signal }).catch(() => undefined);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
