import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { main } from '../../apps/cli/program';
import type { Ended } from './cli-harness';
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
  /** Waits until what was written, on either stream, matches. */
  shows(what: RegExp): Promise<void>;
  /** A terminal or a pipe for the next command: says each line, or does it, once what was written matches, and then ends. */
  saying(isTTY: boolean, lines: [when: RegExp | (() => boolean), line: string | (() => void)][]): void;
}

/** To be called at the top of a test file. Commands run in the suite's folder and with `given` in the environment. */
export function useCliWithin(name: string, given: NodeJS.ProcessEnv = {}): CliWithin {
  const place = useCliPlace(name, { HOLDFAST_MODEL: 'simulated/rules', ...given });
  const written = { stdout: '', stderr: '' };
  const { stdin } = process;
  let before: NodeJS.ProcessEnv;

  beforeAll(() => {
    before = process.env;
    process.env = place.env;
    for (const stream of ['stdout', 'stderr'] as const) {
      jest.spyOn(process[stream], 'write').mockImplementation((chunk) => {
        written[stream] += String(chunk);
        return true;
      });
    }
  });

  afterAll(() => {
    jest.restoreAllMocks();
    process.env = before;
    Object.defineProperty(process, 'stdin', { value: stdin });
  });

  return {
    get folder() {
      return place.folder;
    },
    get vendor() {
      return place.vendor;
    },
    write: place.write,
    written,
    async cli(...args) {
      Object.assign(written, { stdout: '', stderr: '' });
      const code = await main(['node', 'holdfast', '--project', place.folder, ...args]);
      return { code, ...written };
    },
    async shows(what) {
      const deadline = Date.now() + 40_000;
      while (!what.test(written.stdout + written.stderr)) {
        if (Date.now() > deadline) throw new Error(`never showed ${what}:\n${written.stdout}\n${written.stderr}`);
        await sleep(20);
      }
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
