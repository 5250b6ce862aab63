/** What the tests and their worker processes say to each other. */

/** Where, in which session, what is to happen. Keys are those the undisturbed run wrote down. */
export interface Target {
  session: string;
  key: string;
  /** `worker`: the process kills itself. `server`: it asks the tests to kill the Temporal server and waits until they did. */
  kill: 'worker' | 'server';
}

export type ToWorker = { type: 'poll' } | { type: 'arm'; targets: Target[] } | { type: 'go-on' } | { type: 'memory' };

export type FromWorker =
  | { type: 'loaded' }
  | { type: 'polling' }
  | { type: 'armed' }
  | { type: 'reached'; key: string }
  | { type: 'memory'; rss: number };

/** What a worker process is told at its start, in `HOLDFAST_CRASH_WORKER`. */
export interface WorkerSettings {
  address: string;
  queue: string;
  ledger: string;
  home: string;
  /** Every crossing of a failpoint is written here, a line each. */
  crossings: string;
  /** No crossings: remembering each of them is what would grow where memory and time are measured. */
  unwatched?: boolean;
  /** Polls for activities a worker keeps open; the SDK's default is 10. */
  polls?: number;
  /** Workflow tasks a worker works on at once; the SDK's default is 40. */
  tasks?: number;
}
