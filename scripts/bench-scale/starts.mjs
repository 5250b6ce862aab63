import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { middle } from './figures.mjs';

const MAIN = fileURLToPath(new URL('../../dist/apps/cli/main.js', import.meta.url));

/** From the start of each process, with an empty home, to what it is for. */
export async function starts(stand, { quick }) {
  const rounds = quick ? 2 : 7;
  const { address } = await stand.server('tuned');
  const times = { help: [], worker: [], dev: [], run: [] };
  for (let round = 0; round < rounds; round++) {
    times.help.push(await timed(['--help'], /Usage/));
    times.worker.push(await timed(['worker', '--json', '--address', address], /"type":"ready"/));
    times.dev.push(
      await timed(['dev', '--json'], /"type":"ready"/, { HOLDFAST_TEMPORAL_PORT: '0', HOLDFAST_TEMPORAL_UI_PORT: '0' }),
    );
    times.run.push(await timed(['run', 'assistant', 'What is 6*7?', '--json'], /"stopReason"/));
  }
  return {
    title: `Cold starts, ${rounds} each, empty home`,
    head: ['Process', 'Until', 'p50 (middle half)'],
    rows: [
      ['`holdfast --help`', 'it is printed', middle(times.help)],
      ['`holdfast worker`', 'it polls a cluster that runs', middle(times.worker)],
      ['`holdfast dev`', 'server, Web UI and worker are ready', middle(times.dev)],
      ['`holdfast run`, nothing runs yet', 'its answer is printed', middle(times.run)],
    ],
  };
}

async function timed(args, ready, more = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-starts-'));
  const env = { ...process.env, ...more, HOLDFAST_HOME: path.join(folder, 'home') };
  for (const name of ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'TEMPORAL_ADDRESS']) delete env[name];
  const started = performance.now();
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  let out = '';
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  const took = await new Promise((resolve, reject) => {
    child.stdout.on('data', (text) => {
      out += text;
      if (ready.test(out)) resolve(performance.now() - started);
    });
    exited.then(() => reject(new Error(`holdfast ${args.join(' ')} ended early:\n${out}${said}`.slice(0, 2_000))));
  });
  child.kill('SIGINT');
  await exited;
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  return took;
}
