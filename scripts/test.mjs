/**
 * `npm test`: all suites, or those named with `--selectProjects`. Node's flag lets Jest load the packages that are ES modules
 * only. Suites that measure time run last and alone. `--chaos` runs the heavy suites, which `npm test` runs in a short version.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const given = process.argv.slice(2);
const chaos = given.includes('--chaos');
const args = given.filter((arg) => arg !== '--chaos');

/** Their bars hold on a machine that does nothing else. */
const ALONE = ['worker-process', 'long-session', 'long-chat'];
const alonePaths = ALONE.map((name) => path.join('test', 'crash', `${name}.test.ts`));

function jest(...more) {
  const { status } = spawnSync(
    process.execPath,
    ['--experimental-vm-modules', '--no-warnings', path.join(root, 'node_modules/jest/bin/jest.js'), ...more],
    { cwd: root, stdio: 'inherit', env: { ...process.env, ...(chaos && { HOLDFAST_CHAOS: 'long' }) } },
  );
  return status ?? 1;
}

/** Suites that run what is built, or code of their own: what they cover is not measured, and measuring made them several times slower. */
const UNMEASURED = ['boundaries', 'replay', 'crash'];

/** What is passed on to a run beside the first: `tests.json` has `tests.NAME.json` beside it, and coverage is that of the first. */
function argsBeside(name) {
  return args
    .filter((arg) => !arg.startsWith('--coverage'))
    .map((arg) => (arg.startsWith('--outputFile=') ? arg.replace(/(\.json)?$/, `.${name}.json`) : arg));
}

const isWhole = !args.some((arg) =>
  /^[^-]|^--(selectProjects|ignoreProjects|runTestsByPath|testPathPatterns)/.test(arg),
);
if (chaos) process.exit(jest('--selectProjects', 'crash', '--runInBand', ...args));
if (!isWhole) process.exit(jest(...args));
const notAlone = ['--testPathIgnorePatterns', `/test/crash/(${ALONE.join('|')})\\.test`];
const measured = args.some((arg) => arg.startsWith('--coverage'));
const runs = measured
  ? [
      () => jest(...args, '--ignoreProjects', ...UNMEASURED),
      () => jest(...argsBeside('unmeasured'), ...notAlone, '--selectProjects', ...UNMEASURED),
    ]
  : [() => jest(...args, ...notAlone)];
runs.push(() => jest(...argsBeside('alone'), '--runInBand', '--runTestsByPath', ...alonePaths));
process.exit(Math.max(...runs.map((run) => run())));
