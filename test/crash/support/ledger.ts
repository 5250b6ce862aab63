import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
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
    entries: reader(file),
    stop: async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.disconnect();
      await gone;
    },
  };
}

const CHUNK = 1 << 20;

/** Reads on from where it was: after an hour under fire the file has hundreds of thousands of lines, and each run asks for its own. */
function reader(file: string): Ledger['entries'] {
  const all: LedgerEntry[] = [];
  const bySession = new Map<string, LedgerEntry[]>();
  let position = 0;
  /** What follows the last line break is a line being written. */
  let rest = Buffer.alloc(0);
  function take(line: string): void {
    const entry = JSON.parse(line) as LedgerEntry;
    all.push(entry);
    const known = bySession.get(entry.session);
    if (known) known.push(entry);
    else bySession.set(entry.session, [entry]);
  }
  function readOn(): void {
    if (!existsSync(file)) return;
    const descriptor = openSync(file, 'r');
    const chunk = Buffer.alloc(CHUNK);
    for (let read = readSync(descriptor, chunk, 0, CHUNK, position); read > 0; ) {
      position += read;
      const text = Buffer.concat([rest, chunk.subarray(0, read)]);
      const end = text.lastIndexOf(0x0a) + 1;
      rest = Buffer.from(text.subarray(end));
      for (const line of text.toString('utf8', 0, end).split('\n')) if (line !== '') take(line);
      read = readSync(descriptor, chunk, 0, CHUNK, position);
    }
    closeSync(descriptor);
  }
  return (session) => {
    readOn();
    return [...(session === undefined ? all : (bySession.get(session) ?? []))];
  };
}

function firstMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as T));
    child.once('exit', (code) => reject(new Error(`the ledger ended with ${code} before it listened`)));
  });
}
