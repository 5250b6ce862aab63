import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startVendorServer, type VendorServer } from '../../testing/vendor-server';
import { CliProcess, cleanEnv, type Ended } from './cli-harness';

/** Where a suite's commands run: a folder, their environment, and a model vendor of our own. All of it is gone after the suite. */
export interface CliPlace {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly vendor: VendorServer;
  /** Writes a file of the project. */
  write(file: string, text: string): void;
  /** Begins a command in a process of its own; what still runs after the suite is ended. */
  start(...args: string[]): CliProcess;
  /** As `start`, with more in the environment or something on stdin. */
  startWith(more: { env?: NodeJS.ProcessEnv; input?: string }, ...args: string[]): CliProcess;
  /** A command, to its end. */
  cli(...args: string[]): Promise<Ended>;
}

/** To be called at the top of a test file, before hooks that use it. The key of the vendor is a canary that nothing may show. */
export function useCliPlace(name: string, given: NodeJS.ProcessEnv = {}): CliPlace {
  const started: CliProcess[] = [];
  let folder = '';
  let env: NodeJS.ProcessEnv = {};
  let vendor: VendorServer | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), `holdfast-${name}-`));
    vendor = await startVendorServer();
    const keyed = { OPENAI_API_KEY: 'sk-canary-key', OPENAI_BASE_URL: vendor.openaiURL };
    env = cleanEnv(path.join(folder, 'home'), { ...keyed, ...given });
  });

  afterAll(async () => {
    for (const one of started) await one.end();
    await vendor?.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const startWith: CliPlace['startWith'] = (more, ...args) => {
    const one = new CliProcess(args, { ...env, ...more.env }, folder, more.input);
    started.push(one);
    return one;
  };
  return {
    get folder() {
      return folder;
    },
    get env() {
      return env;
    },
    get vendor() {
      if (!vendor) throw new Error('the suite has not begun yet: use this inside a test');
      return vendor;
    },
    write(file, text) {
      const full = path.join(folder, file);
      mkdirSync(path.dirname(full), { recursive: true });
      writeFileSync(full, text);
    },
    start: (...args) => startWith({}, ...args),
    startWith,
    cli: (...args) => startWith({}, ...args).ended,
  };
}
