import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Crossing } from './failpoints';
import type { FromWorker, Target, ToWorker, WorkerSettings } from './ipc';
import { watch } from './processes';

export interface WorkerExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A worker process as the tests hold it. */
export class WorkerHandle {
  readonly exited: Promise<WorkerExit>;
  private readonly waiting: { type: FromWorker['type']; resolve: (message: FromWorker) => void }[] = [];
  private onReached: (key: string) => Promise<void> = async () => undefined;

  private constructor(
    private readonly child: ChildProcess,
    readonly logFile: string,
  ) {
    this.exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
    child.on('message', (message: FromWorker) => void this.receive(message));
    watch(child.pid, 'worker');
  }

  /** Starts the process and loads everything; it takes no work before `poll`. */
  static async load(settings: WorkerSettings): Promise<WorkerHandle> {
    // Not in the home: its disk may be full.
    const logFile = path.join(path.dirname(settings.crossings), 'workers.log');
    const log = openSync(logFile, 'a');
    const child = fork(path.join(__dirname, 'worker-process.cjs'), [], {
      stdio: ['ignore', log, log, 'ipc'],
      env: { ...process.env, HOLDFAST_CRASH_WORKER: JSON.stringify(settings) },
      execArgv: [],
    });
    closeSync(log);
    const handle = new WorkerHandle(child, logFile);
    await handle.hear('loaded');
    return handle;
  }

  static async start(settings: WorkerSettings): Promise<WorkerHandle> {
    const handle = await WorkerHandle.load(settings);
    await handle.poll();
    return handle;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async poll(): Promise<void> {
    this.tell({ type: 'poll' });
    await this.hear('polling');
  }

  /** Sets failpoints; `onReached` is what kills the server. */
  async arm(targets: Target[], onReached: (key: string) => Promise<void> = async () => undefined): Promise<void> {
    this.onReached = onReached;
    this.tell({ type: 'arm', targets });
    await this.hear('armed');
  }

  async rss(): Promise<number> {
    this.tell({ type: 'memory' });
    const heard = await this.hear('memory');
    return heard.type === 'memory' ? heard.rss : 0;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async kill(): Promise<void> {
    if (this.alive) this.signal('SIGKILL');
    await this.exited;
  }

  private tell(message: ToWorker): void {
    // A process that was killed a moment ago cannot be told; its exit is what counts.
    if (this.child.connected) this.child.send(message, () => undefined);
  }

  private async receive(message: FromWorker): Promise<void> {
    const at = this.waiting.findIndex(({ type }) => type === message.type);
    if (at >= 0) this.waiting.splice(at, 1)[0]?.resolve(message);
    if (message.type !== 'reached') return;
    await this.onReached(message.key);
    this.tell({ type: 'go-on' });
  }

  private hear(type: FromWorker['type']): Promise<FromWorker> {
    const heard = new Promise<FromWorker>((resolve) => this.waiting.push({ type, resolve }));
    const gone = this.exited.then(({ code, signal }): never => {
      throw new Error(`the worker ended (${code ?? signal}) before it was "${type}":\n${tail(this.logFile)}`);
    });
    return Promise.race([heard, gone]);
  }
}

export function tail(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').slice(-3_000) : '';
}

/** The crossings a file of a worker holds, of one session when named. */
export function readCrossings(file: string, session?: string): Crossing[] {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  const crossings = lines.map((line) => JSON.parse(line) as Crossing);
  return crossings.filter((crossing) => session === undefined || crossing.session === session);
}
