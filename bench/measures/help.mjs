import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { median, summary } from './statistics.mjs';

const CLI = fileURLToPath(new URL('../../dist/apps/cli/main.js', import.meta.url));

/** h. What `holdfast --help` takes beyond a Node that does nothing. */
export async function help(_stand, { quick }) {
  if (!existsSync(CLI)) throw new Error('dist/apps/cli/main.js does not exist yet');
  const rounds = quick ? 5 : 25;
  const bare = [];
  const extra = [];
  for (let round = 0; round < rounds + 2; round++) {
    bare.push(run(['-e', '0']));
    extra.push(run([CLI, '--help']) - bare.at(-1));
  }
  return [
    {
      id: 'help',
      what: '`holdfast --help`, wall time beyond bare node',
      unit: 'ms',
      must: 60,
      aim: 30,
      ...summary(extra.slice(2)),
      detail: `bare node: ${median(bare.slice(2)).toFixed(0)} ms`,
    },
  ];
}

function run(args) {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`node ${args.join(' ')} exited ${status}: ${stderr}`);
  return performance.now() - started;
}
