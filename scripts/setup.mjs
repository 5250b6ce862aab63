/**
 * What `npm start` and `npm test` need, made when it is missing: dependencies, the build, a Temporal server. Runs before
 * anything is installed, so it uses Node alone. Says what it does on stderr; says nothing when there is nothing to do. With
 * `--build` it only sees to the build.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { withSetupLock } from './setup-lock.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => path.join(root, ...parts);
const INSTALLED = at('node_modules', '.holdfast-installed');
const REMEMBERED = at('.holdfast', 'setup.json');
const PROGRESS_MS = 10_000;
const OLDEST_NODE = [20, 19];

const say = (line) => process.stderr.write(`${line}\n`);

/** Each step: whether there is something to do, and how it is done. In this order. */
const BUILD = { isDone: buildIsFresh, run: build };
const STEPS = process.argv.includes('--build')
  ? [BUILD]
  : [{ isDone: dependenciesAreThere, run: installDependencies }, BUILD, { isDone: temporalIsKnown, run: findTemporal }];

class SetupError extends Error {
  constructor(message, fix) {
    super(message);
    this.fix = fix;
  }
}

async function main() {
  requireNode();
  if (STEPS.every(({ isDone }) => isDone())) return;
  const waiting = () => say('Another setup of this folder is under way; waiting for it…');
  await withSetupLock(at('.holdfast', 'setup.lock'), waiting, async () => {
    for (const { isDone, run } of STEPS) if (!isDone()) await run();
  });
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  throw new SetupError(`Node ${process.versions.node} is too old.`, `Install Node ${OLDEST_NODE.join('.')} or newer.`);
}

function dependenciesAreThere() {
  const wanted = digest(readFileSync(at('package-lock.json')));
  if (readIfThere(INSTALLED) === wanted) return true;
  if (!installedMatchesLock()) return false;
  writeFileSync(INSTALLED, wanted);
  return true;
}

/** So that a tree someone has just installed by hand is not installed again: npm notes what it has put there. */
function installedMatchesLock() {
  const note = readIfThere(at('node_modules', '.package-lock.json'));
  if (note === undefined) return false;
  const installed = JSON.parse(note).packages;
  const wanted = Object.entries(JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages);
  return wanted
    .filter(([name, entry]) => name !== '' && !entry.optional && !entry.peer)
    .every(([name, entry]) => installed[name]?.version === entry.version);
}

async function installDependencies() {
  say('Installing dependencies with npm ci (once, a minute or more)…');
  await runNpm(['ci', '--include=dev', '--no-audit', '--no-fund'], 'Is the npm registry reachable? Then try again.');
  writeFileSync(INSTALLED, digest(readFileSync(at('package-lock.json'))));
}

function buildIsFresh() {
  return existsSync(at('dist', 'apps', 'cli', 'main.js')) && remembered().built === fingerprint();
}

async function build() {
  say('Building…');
  // Taken before: what changes while it is being built is built the next time.
  const built = fingerprint();
  await runNpm(['run', '--silent', 'build'], 'The messages above say what does not compile.');
  remember({ built });
}

/** Names, sizes and times of all that the build reads. */
function fingerprint() {
  const { include } = JSON.parse(readFileSync(at('tsconfig.build.json'), 'utf8'));
  const settings = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json', path.join('scripts', 'build.mjs')];
  return digest([...settings, ...include].flatMap((name) => tracesOf(at(name))).join('\n'));
}

function tracesOf(file) {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) return [];
  if (!found.isDirectory()) return [`${file} ${found.size} ${found.mtimeMs}`];
  return readdirSync(file).flatMap((name) => tracesOf(path.join(file, name)));
}

/** A server elsewhere needs none here, but the tests always use one of their own. */
function temporalIsKnown() {
  const elsewhere = process.env.TEMPORAL_ADDRESS || process.env.TEMPORAL_PROFILE;
  if (elsewhere && process.env.npm_lifecycle_event === 'prestart') return true;
  const { temporal } = remembered();
  return temporal !== undefined && temporal.environment === temporalEnvironment() && existsSync(temporal.path);
}

/** The library looks for it itself, and builds it when there is none: the same code as at run time. */
async function findTemporal() {
  const { href } = pathToFileURL(at('dist', 'workers', 'embedded', 'find-temporal-cli.js'));
  const { findTemporalCli } = (await import(href)).default;
  const cli = await findTemporalCli({ log: say }).catch((error) => {
    throw new SetupError(error.message, error.hint ?? 'Set HOLDFAST_TEMPORAL_CLI to a Temporal CLI.');
  });
  remember({ temporal: { path: cli.path, environment: temporalEnvironment() } });
}

function temporalEnvironment() {
  const { HOLDFAST_TEMPORAL_CLI, HOLDFAST_CACHE, XDG_CACHE_HOME, HOME } = process.env;
  return JSON.stringify([HOLDFAST_TEMPORAL_CLI, HOLDFAST_CACHE, XDG_CACHE_HOME, HOME]);
}

function remembered() {
  try {
    return JSON.parse(readFileSync(REMEMBERED, 'utf8'));
  } catch {
    return {};
  }
}

function remember(facts) {
  mkdirSync(path.dirname(REMEMBERED), { recursive: true });
  writeFileSync(REMEMBERED, JSON.stringify({ ...remembered(), ...facts }));
}

/** Its output goes to stderr: stdout belongs to the command that follows. */
function runNpm(args, fix) {
  const started = Date.now();
  const progress = setInterval(() => say(`  … ${Math.round((Date.now() - started) / 1000)} s`), PROGRESS_MS);
  return new Promise((resolve, reject) => {
    const npm = spawn('npm', args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
    npm.once('error', (error) => reject(new SetupError(`npm cannot be run: ${error.message}.`, 'Install npm.')));
    npm.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new SetupError(`npm ${args[0] === 'run' ? args.at(-1) : args[0]} failed.`, fix));
    });
  }).finally(() => clearInterval(progress));
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function digest(content) {
  return createHash('sha256').update(content).digest('hex');
}

main().catch((error) => {
  say(`\nSetup failed: ${error instanceof SetupError ? error.message : error.stack}`);
  if (error.fix) say(`Fix: ${error.fix}`);
  process.exitCode = 1;
});
