/**
 * `npm run test:soak -- --minutes 30 --rate 300 --workers 2 --report FILE`: requests at a fixed rate for so long, while workers and the
 * server are killed; prints availability, latencies and growth, and ends by itself. `npm test` runs half a minute of it.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    rate: { type: 'string', default: '300' },
    workers: { type: 'string', default: '2' },
    seed: { type: 'string', default: '20260101' },
    report: { type: 'string', default: '' },
  },
});
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const env = Object.fromEntries(
  Object.entries(values).map(([name, value]) => [`HOLDFAST_SOAK_${name.toUpperCase()}`, value]),
);
const suite = ['--selectProjects', 'crash', '--runTestsByPath', 'test/crash/soak.test.ts'];
const { status } = spawnSync(process.execPath, [path.join(root, 'scripts/test.mjs'), ...suite], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, ...env },
});
process.exit(status ?? 1);
