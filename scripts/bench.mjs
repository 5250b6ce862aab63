/**
 * `npm run bench`: builds, installs the benchmark's own packages when they are not those of its lock file, and runs it.
 * `--only turns,children` measures these alone; `--quick` measures little of everything. Both print and write nothing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const bench = path.join(root, 'bench');

run(process.execPath, [path.join(root, 'scripts', 'build.mjs')], root);
if (!installed()) run('npm', ['ci', '--no-audit', '--no-fund'], bench);
run(process.execPath, [path.join(bench, 'run.mjs'), ...process.argv.slice(2)], root);

/** npm writes its own copy of the lock file after everything else. */
function installed() {
  const copy = path.join(bench, 'node_modules', '.package-lock.json');
  return existsSync(copy) && statSync(copy).mtimeMs >= statSync(path.join(bench, 'package-lock.json')).mtimeMs;
}

function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, {
    cwd,
    stdio: 'inherit',
    shell: command === 'npm' && process.platform === 'win32',
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
