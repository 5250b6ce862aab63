import { Worker } from 'node:worker_threads';

/** A line that fits. */
export interface LineMatch {
  /** From 1. */
  line: number;
  text: string;
}

/** Plain JavaScript, run in the thread: it must work from the compiled package and from source alike. */
const THREAD = `
const { parentPort, workerData } = require('node:worker_threads');
const expression = new RegExp(workerData.source, workerData.flags);
parentPort.on('message', ({ text, limit }) => {
  const matches = [];
  let line = 0;
  for (const content of text.split('\\n')) {
    line++;
    if (matches.length < limit && expression.test(content)) matches.push({ line, text: content });
  }
  parentPort.postMessage(matches);
});
`;

/**
 * Matches a regular expression in a thread of its own. JavaScript's engine backtracks, so a hostile pattern can run for
 * ever; here it is stopped in the middle, and the worker's own thread never waits for it.
 */
export class RegexWorker {
  private readonly worker: Worker;
  private readonly ready: Promise<void>;
  private failure: Error | undefined;
  private waiting: { resolve(matches: LineMatch[]): void; reject(error: Error): void } | undefined;

  /** @throws SyntaxError for an expression that is not valid. */
  constructor(source: string, flags: string) {
    new RegExp(source, flags);
    const resourceLimits = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 };
    this.worker = new Worker(THREAD, { eval: true, env: {}, workerData: { source, flags }, resourceLimits });
    this.ready = new Promise((resolve) => {
      this.worker.once('online', resolve).once('exit', () => resolve());
    });
    this.worker.on('message', (matches: LineMatch[]) => this.waiting?.resolve(matches));
    this.worker.on('error', (error) => this.fail(error));
  }

  /**
   * The first lines that fit, at most `limit`. One text at a time. Rejects with `tooSlow` after `timeoutMs`, which ends
   * the thread, or with the reason it was stopped for.
   */
  async match(text: string, limit: number, timeoutMs: number, tooSlow: Error): Promise<LineMatch[]> {
    await this.ready;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        if (this.failure) reject(this.failure);
        this.waiting = { resolve, reject };
        timer = setTimeout(() => void this.stop(tooSlow), timeoutMs);
        this.worker.postMessage({ text, limit });
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the thread, also in the middle of a match, which then rejects with `reason`. */
  async stop(reason: Error): Promise<void> {
    this.fail(reason);
    await this.worker.terminate();
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.waiting?.reject(this.failure);
  }
}
