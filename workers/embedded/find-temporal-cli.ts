import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { HoldfastError } from '../../protocol/failures';
import { buildWithGo, CLI_MODULE, downloadWithSdk } from './obtain-temporal-cli';

export interface TemporalCli {
  path: string;
  /** As `temporal --version` prints it. */
  version: string;
}

export interface FindOptions {
  /** Default: `process.env`. */
  env?: NodeJS.ProcessEnv;
  /** What is looked at, fetched and built, a line at a time. Default: nowhere. */
  log?: (line: string) => void;
  /** False looks only at what is on this machine: no download, no build. Default: true. */
  obtain?: boolean;
}

/** Puts a binary into the cache folder and returns its path, or says why it cannot. */
export type Source = (cacheFolder: string, env: NodeJS.ProcessEnv, log: (line: string) => void) => Promise<string>;

const SOURCES: readonly { name: string; get: Source }[] = [
  { name: "the Temporal SDK's download", get: downloadWithSdk },
  { name: `go install ${CLI_MODULE}`, get: buildWithGo },
];

const EXECUTABLE = 'temporal';
const VERSION_TIMEOUT_MS = 20_000;

/**
 * The Temporal CLI, which holds the development server: `HOLDFAST_TEMPORAL_CLI`, `PATH`, `~/go/bin`, our cache, else
 * fetched into our cache by the Temporal SDK, else built there with Go (about four minutes, once). A binary that does not
 * run is skipped with a line in the log.
 *
 * @throws HoldfastError `Server.NotFound`, naming everything that was tried.
 */
export async function findTemporalCli(options: FindOptions = {}, sources = SOURCES): Promise<TemporalCli> {
  const { env = process.env, log = () => undefined, obtain = true } = options;
  const tried: string[] = [];
  for (const candidate of candidates(env)) {
    const cli = await verify(candidate, tried, log);
    if (cli) return cli;
  }
  for (const { name, get } of obtain ? sources : []) {
    try {
      const cli = await verify(await get(cacheFolder(env), env, log), tried, log);
      if (cli) return cli;
    } catch (error) {
      const line = `${name}: ${firstLine(error)}`;
      tried.push(line);
      log(line);
    }
  }
  throw notFound(tried);
}

/** `HOLDFAST_CACHE`, else `holdfast` in the user's cache folder. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  if (env.HOLDFAST_CACHE) return path.resolve(env.HOLDFAST_CACHE);
  return path.join(env.XDG_CACHE_HOME || path.join(env.HOME || homedir(), '.cache'), 'holdfast');
}

function candidates(env: NodeJS.ProcessEnv): string[] {
  const onPath = env.PATH?.split(path.delimiter).filter((folder) => folder !== '') ?? [];
  const folders = [...onPath, path.join(env.HOME || homedir(), 'go', 'bin')];
  const named = env.HOLDFAST_TEMPORAL_CLI ? [path.resolve(env.HOLDFAST_TEMPORAL_CLI)] : [];
  const usual = folders.map((folder) => path.join(folder, EXECUTABLE)).filter((file) => existsSync(file));
  return [...new Set([...named, ...usual, ...cached(cacheFolder(env))])];
}

/** Ours is called `temporal`; the SDK adds a version to the name. */
function cached(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name === EXECUTABLE || /^temporal-[\w.-]+$/.test(name))
    .map((name) => path.join(folder, name));
}

async function verify(file: string, tried: string[], log: (line: string) => void): Promise<TemporalCli | undefined> {
  const answer = await versionOf(file);
  if (answer.startsWith('temporal version')) return { path: file, version: answer };
  const line = `${file}: ${answer}`;
  tried.push(line);
  log(`skipped ${line}`);
  return undefined;
}

/** What it prints of itself, or what is wrong with it. */
async function versionOf(file: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(file, ['--version'], { timeout: VERSION_TIMEOUT_MS });
    return /^temporal version/.test(stdout) ? stdout.trim() : 'is another program';
  } catch (error) {
    return `does not run (${firstLine(error)})`;
  }
}

function notFound(tried: string[]): HoldfastError {
  const places = ['HOLDFAST_TEMPORAL_CLI', 'PATH', '~/go/bin', "Holdfast's cache"].join(', ');
  const list = tried.map((line) => `\n  ${line}`).join('');
  return new HoldfastError('Server.NotFound', `no Temporal CLI that runs in ${places}${list}`, {
    hint: `Install it (https://docs.temporal.io/cli, or \`go install ${CLI_MODULE}\`) or set HOLDFAST_TEMPORAL_CLI to its path; or use a running cluster: set TEMPORAL_ADDRESS.`,
    details: { tried },
  });
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.trim().replace(/\n[\s\S]*/, '');
}
