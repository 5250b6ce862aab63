import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { watch } from './processes';

/** One line of the ledger. */
export interface LedgerEntry {
  n: number;
  /** Milliseconds since epoch, by the ledger's clock. */
  at: number;
  phase: 'begun' | 'effect' | 'ended' | 'aborted';
  kind: 'model' | 'tool';
  session: string;
  /** `turn-3` for a model call, `3:c3-1` (turn and call id) for a tool call. */
  key: string;
  /** The tool, or the model. */
  name: string;
  effect?: 'read' | 'idempotent' | 'once';
  idempotencyKey?: string;
  attempt: number;
  pid: number;
  /** Of a model call: a digest of each message exactly as the provider got it, and of everything before the messages. */
  hashes?: string[];
  preamble?: string;
}

export interface Ledger {
  readonly url: string;
  /** Everything written so far, in order; of one session when named. */
  entries(session?: string): LedgerEntry[];
  stop(): Promise<void>;
}

export async function startLedger(folder: string): Promise<Ledger> {
  const file = path.join(folder, 'ledger.jsonl');
  const child = fork(path.join(__dirname, 'ledger-process.cjs'), [file], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  watch(child.pid, 'ledger');
  const { url } = await firstMessage<{ url: string }>(child);
  return {
    url,
    entries: (session) => read(file).filter((entry) => session === undefined || entry.session === session),
    stop: async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.disconnect();
      await gone;
    },
  };
}

function read(file: string): LedgerEntry[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  // What follows the last line break is a line being written.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as LedgerEntry);
}

function firstMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as T));
    child.once('exit', (code) => reject(new Error(`the ledger ended with ${code} before it listened`)));
  });
}
