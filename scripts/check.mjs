/** `npm run check`: everything that needs no server. One line a step; a failing step shows its output and the rest goes on. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) => path.join(root, 'node_modules', '.bin', name);
const suites = process.argv.includes('--no-tests') ? [] : ['unit', 'contract', 'boundaries'];

/** Steps of a lane run one after the other, lanes side by side: the types alone take as long as all the rest. */
const lanes = [
  [['types', [bin('tsc'), '-p', 'tsconfig.json']]],
  [
    ['format and lint', [bin('biome'), 'check', '--error-on-warnings', '.']],
    ['arrows between rooms', [bin('depcruise'), '--config', '.dependency-cruiser.cjs', ...rooms()]],
    ['dead code', [bin('knip'), '--no-progress']],
    ...suites.map((suite) => [`tests: ${suite}`, [process.execPath, 'scripts/test.mjs', '--selectProjects', suite]]),
    ['build', [process.execPath, 'scripts/setup.mjs', '--build']],
    ['package', [bin('publint'), '--strict']],
    ['package types', [bin('attw'), '--pack', '.', '--profile', 'node16', '--quiet']],
  ],
];
/** `npm pack` would build once more. */
const env = { ...process.env, npm_config_ignore_scripts: 'true' };

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

async function check([name, [command, ...args]]) {
  const started = Date.now();
  const { isOk, output } = await run(command, args);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (isOk) passed++;
  else failed.push(name);
  console.log(`${isOk ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  if (!isOk) console.log(output);
}

function run(command, args) {
  return new Promise((resolve) => {
    execFile(command, args, { cwd: root, env, maxBuffer: 1 << 28 }, (error, stdout, stderr) =>
      resolve({ isOk: error === null, output: `${stdout}${stderr}${error?.code === 'ENOENT' ? error.message : ''}` }),
    );
  });
}

await Promise.all(
  lanes.map(async (steps) => {
    for (const step of steps) await check(step);
  }),
);
console.log(`checks: ${passed} passed, ${failed.length} failed`);
process.exit(failed.length === 0 ? 0 : 1);
