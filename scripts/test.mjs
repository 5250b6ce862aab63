/**
 * `npm test`: all suites, or those named with `--selectProjects`. Node's flag lets Jest load the packages that are ES modules
 * only. `--chaos` runs the heavy suites, which `npm test` runs in a short version.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const given = process.argv.slice(2);
const chaos = given.includes('--chaos');
const args = given.filter((arg) => arg !== '--chaos');
const { status } = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--no-warnings',
    path.join(root, 'node_modules/jest/bin/jest.js'),
    ...(chaos ? ['--selectProjects', 'crash'] : []),
    ...args,
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, ...(chaos && { HOLDFAST_CHAOS: 'long' }) } },
);
process.exit(status ?? 1);
