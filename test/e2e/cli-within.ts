import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { main } from '../../apps/cli/program';
import { cleanEnv, type Ended } from './cli-harness';
import { type CliPlace, useCliPlace } from './cli-place';

// Workers here would bundle the workflows anew at every start, from the sources; the bundle of the build is theirs.
jest.mock('../../workers/bundler', () => ({
  ...jest.requireActual<typeof import('../../workers/bundler')>('../../workers/bundler'),
  ownWorkflows: () => ({ workflowBundle: { codePath: `${__dirname}/../../dist/workflows/bundle.js` } }),
}));

/** Commands inside this process, where the code that runs can be seen. What they write is caught. */
export interface CliWithin extends Pick<CliPlace, 'folder' | 'vendor' | 'write'> {
  /** What was written since the latest command began. */
  readonly written: { stdout: string; stderr: string };
  cli(...args: string[]): Promise<Ended>;
  /** To be called where hooks are, after those that write the project: `dev` runs beside the tests that follow, until all is over. */
  dev(): void;
  /** Waits until what was written, on either stream, matches. */
  shows(what: RegExp): Promise<void>;
  /** A terminal or a pipe for the next command: says each line, or does it, once what was written matches, and then ends. */
  saying(isTTY: boolean, lines: [when: RegExp | (() => boolean), line: string | (() => void)][]): void;
}

/** What commands in this process write, from the first test to the last; and a way to run one. */
function useCaught() {
  const written = { stdout: '', stderr: '' };
  const { env } = process;

  beforeAll(() => {
    for (const stream of ['stdout', 'stderr'] as const) {
      jest.spyOn(process[stream], 'write').mockImplementation((chunk) => {
        written[stream] += String(chunk);
        return true;
      });
    }
  });

  afterAll(() => {
    jest.restoreAllMocks();
    process.env = env;
  });

  const run = async (...args: string[]): Promise<Ended> => {
    Object.assign(written, { stdout: '', stderr: '' });
    const code = await main(['node', 'holdfast', ...args]);
    return { code, ...written };
  };
  return { written, run };
}

/** Commands inside this process, in a folder that is made for each test and is where the user stands. */
export interface CliHere {
  readonly folder: string;
  write(file: string, text: string): void;
  cli(...args: string[]): Promise<Ended>;
}

/** To be called at the top of a test file. */
export function useCliHere(name: string): CliHere {
  const { run } = useCaught();
  const before = process.cwd();
  let folder = '';

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), `holdfast-${name}-`)));
    const { HOLDFAST_HOME: _home, ...env } = cleanEnv('');
    process.env = env;
    process.chdir(folder);
  });

  afterEach(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  return {
    get folder() {
      return folder;
    },
    write(file, text) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      writeFileSync(path.join(folder, file), text);
    },
    cli: run,
  };
}

/** Commands inside this process, beside what the suite itself has started: in the folder and with the environment it says. */
export function useCliAt(place: () => { folder: string; env: NodeJS.ProcessEnv }): CliHere['cli'] {
  const { run } = useCaught();
  const before = process.cwd();
  afterAll(() => process.chdir(before));
  return (...args) => {
    const { folder, env } = place();
    process.env = env;
    process.chdir(folder);
    return run(...args);
  };
}

/** To be called at the top of a test file. Commands run in the suite's folder and with `given` in the environment. */
export function useCliWithin(name: string, given: NodeJS.ProcessEnv = {}): CliWithin {
  let serving: Promise<Ended> | undefined;
  // Before the hooks of the place, which take away what it uses.
  afterAll(async () => {
    if (!serving) return;
    process.emit('SIGINT', 'SIGINT');
    expect(await serving).toMatchObject({ code: 0 });
  }, 60_000);
  const place = useCliPlace(name, { HOLDFAST_MODEL: 'simulated/rules', ...given });
  const { written, run } = useCaught();
  const { stdin } = process;

  beforeAll(() => {
    process.env = place.env;
  });

  afterAll(() => {
    Object.defineProperty(process, 'stdin', { value: stdin });
  });

  const cli: CliWithin['cli'] = (...args) => run('--project', place.folder, ...args);
  const shows: CliWithin['shows'] = async (what) => {
    const deadline = Date.now() + 40_000;
    while (!what.test(written.stdout + written.stderr)) {
      if (Date.now() > deadline) throw new Error(`never showed ${what}:\n${written.stdout}\n${written.stderr}`);
      await sleep(20);
    }
  };
  return {
    get folder() {
      return place.folder;
    },
    get vendor() {
      return place.vendor;
    },
    write: place.write,
    written,
    cli,
    shows,
    dev() {
      beforeAll(async () => {
        serving = cli('dev', '--grace', '1s');
        await shows(/Ready/);
      }, 120_000);
    },
    saying(isTTY, lines) {
      const input = Object.assign(new PassThrough(), { isTTY, setRawMode: () => undefined });
      Object.defineProperty(process, 'stdin', { value: input, configurable: true });
      let at = 0;
      const look = setInterval(() => {
        if (at === lines.length) {
          clearInterval(look);
          input.end();
          return;
        }
        const [when, line] = lines[at] as (typeof lines)[number];
        if (!(when instanceof RegExp ? when.test(written.stdout + written.stderr) : when())) return;
        at++;
        if (typeof line === 'string') input.write(`${line}\n`);
        else line();
      }, 50);
    },
  };
}
