import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** Newer tags hold `replace` lines, which `go install` refuses. */
export const CLI_VERSION = 'v1.5.1';
export const CLI_MODULE = `github.com/temporalio/cli/cmd/temporal@${CLI_VERSION}`;

type Log = (line: string) => void;

const DOWNLOAD_HOST = 'https://temporal.download';
const REACH_TIMEOUT_MS = 3_000;
const PROGRESS_MS = 15_000;

/**
 * Lets the Temporal SDK fetch the CLI, which it does on the way to starting a server of its own; that one is stopped.
 *
 * @throws when the download host is not reachable, within 3 seconds, or `@temporalio/testing` is not installed.
 */
export async function downloadWithSdk(cache: string, _env: NodeJS.ProcessEnv, log: Log): Promise<string> {
  // Asked first, because the SDK itself retries a closed network for long.
  await fetch(DOWNLOAD_HOST, { method: 'HEAD', signal: AbortSignal.timeout(REACH_TIMEOUT_MS) });
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  log(`Fetching the Temporal CLI ${CLI_VERSION} into ${cache} (once)…`);
  mkdirSync(cache, { recursive: true });
  const executable = { type: 'cached-download', version: CLI_VERSION, downloadDir: cache } as const;
  const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } });
  await environment.teardown();
  return newestIn(cache);
}

function newestIn(folder: string): string {
  const age = (file: string) => statSync(file).mtimeMs;
  const [newest] = readdirSync(folder)
    .filter((name) => name.startsWith('temporal'))
    .map((name) => path.join(folder, name))
    .sort((a, b) => age(b) - age(a));
  if (newest === undefined) throw new Error('the SDK left no binary');
  return newest;
}

/**
 * Builds the CLI with the user's Go into our cache.
 *
 * @throws when Go is missing, too old or cannot reach the modules.
 */
export async function buildWithGo(cache: string, env: NodeJS.ProcessEnv, log: Log): Promise<string> {
  // Built aside and moved: two builders, or one that is killed, never leave half a binary.
  const aside = path.join(cache, `build-${process.pid}`);
  mkdirSync(aside, { recursive: true });
  try {
    log(`Building the Temporal CLI ${CLI_VERSION} with Go into ${cache} (once, some minutes)…`);
    await runGo(['install', '-v', CLI_MODULE], { ...env, ...goSettings(aside) }, log);
    renameSync(path.join(aside, 'temporal'), path.join(cache, 'temporal'));
    return path.join(cache, 'temporal');
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** The user's own Go settings for cross-compiling or vendoring would break this build. */
function goSettings(bin: string): NodeJS.ProcessEnv {
  return { GOBIN: bin, GOOS: '', GOARCH: '', GOFLAGS: '', GOWORK: 'off', CGO_ENABLED: '0' };
}

function runGo(args: string[], env: NodeJS.ProcessEnv, log: Log): Promise<void> {
  const go = spawn('go', args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const started = performance.now();
  let packages = 0;
  const said: string[] = [];
  createInterface({ input: go.stderr }).on('line', (line) => {
    if (isPackage(line)) packages += 1;
    else said.push(line);
  });
  const progress = setInterval(() => {
    log(`  ${Math.round((performance.now() - started) / 1000)} s, ${packages} packages compiled`);
  }, PROGRESS_MS);
  return new Promise<void>((resolve, reject) => {
    go.once('error', (error) => reject(new Error(`Go cannot be run (${error.message})`)));
    go.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(said.slice(-3).join(' ') || `go ended with ${code}`));
    });
  }).finally(() => clearInterval(progress));
}

/** `go install -v` prints every package it compiles on a line of its own. */
function isPackage(line: string): boolean {
  return /^[\w.~-]+(\/[\w.~-]+)*$/.test(line);
}
