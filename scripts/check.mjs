/** `npm run check`: everything that needs no server. One line a step; a failing step shows its output and the rest goes on. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) => path.join(root, 'node_modules', '.bin', name);
const suites = process.argv.includes('--no-tests') ? [] : ['unit', 'contract', 'boundaries'];

const steps = [
  ['format and lint', [bin('biome'), 'check', '--error-on-warnings', '.']],
  ['types', [bin('tsc'), '-p', 'tsconfig.json']],
  ['arrows between rooms', [bin('depcruise'), '--config', '.dependency-cruiser.cjs', ...rooms()]],
  ['dead code', [bin('knip'), '--no-progress']],
  ...suites.map((suite) => [`tests: ${suite}`, [process.execPath, 'scripts/test.mjs', '--selectProjects', suite]]),
  ['build', [process.execPath, 'scripts/build.mjs']],
  ['package', [bin('publint'), '--strict']],
  ['package types', [bin('attw'), '--pack', '.', '--profile', 'node16', '--quiet']],
];

function rooms() {
  return [
    'index.ts',
    'protocol',
    'streams',
    'workflows',
    'activities',
    'workers',
    'client',
    'apps',
    'testing',
    'examples',
  ];
}

let passed = 0;
const failed = [];
for (const [name, [command, ...args]] of steps) {
  const started = Date.now();
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (status === 0) passed++;
  else failed.push(name);
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  if (status !== 0) console.log(`${stdout}${stderr}`);
}
console.log(`checks: ${passed} passed, ${failed.length} failed`);
process.exit(failed.length === 0 ? 0 : 1);
