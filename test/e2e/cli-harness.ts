import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const MAIN = path.join(__dirname, '..', '..', 'dist', 'apps', 'cli', 'main.js');

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The built command line in a process of its own. */
export class CliProcess {
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;
  private readonly child: ChildProcess;

  constructor(args: readonly string[], env: NodeJS.ProcessEnv, cwd: string, input?: string) {
    if (!existsSync(MAIN)) throw new Error('the command line is not built: npm run build');
    this.child = spawn(process.execPath, [MAIN, ...args], { env, cwd, stdio: 'pipe' });
    this.child.stdout?.on('data', (chunk) => {
      this.stdout += chunk;
    });
    this.child.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.child.stdin?.end(input ?? '');
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Waits until what it wrote, on either stream, matches. */
  async shows(what: RegExp, timeoutMs = 40_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!what.test(this.stdout) && !what.test(this.stderr)) {
      if (Date.now() > deadline || this.child.exitCode !== null) {
        throw new Error(`never showed ${what}:\n${this.stdout}\n${this.stderr}`);
      }
      await sleep(25);
    }
  }

  /** Ends it whatever it does. */
  async end(): Promise<void> {
    if (this.child.exitCode === null) this.child.kill('SIGKILL');
    await this.ended;
  }
}

/** The user's own settings must not reach the tests. */
export function cleanEnv(home: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(TEMPORAL_|HOLDFAST_|OPENAI_|ANTHROPIC_|npm_|CI$)/.test(name),
  );
  const own = Object.entries(process.env).filter(([name]) => /^HOLDFAST_(TEMPORAL_CLI|CACHE)$/.test(name));
  return {
    ...Object.fromEntries([...kept, ...own]),
    HOLDFAST_HOME: home,
    HOLDFAST_TEMPORAL_PORT: '0',
    HOLDFAST_TEMPORAL_UI_PORT: '0',
    ...more,
  };
}
