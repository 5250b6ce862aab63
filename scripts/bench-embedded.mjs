/**
 * `npm run bench:embedded`: what each step of the embedded server's tuning gains, as a Markdown table on stdout. A hand-written
 * workflow with two empty activities a turn, so only the server and the SDK are measured. Server, worker and client share this
 * machine; close what else runs on it. About four minutes; `--short` only shows that it works.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '..');
const require = createRequire(path.join(root, 'package.json'));
const EMBEDDED = path.join(root, 'dist', 'workers', 'embedded');
if (!existsSync(EMBEDDED)) throw new Error('Holdfast is not built: npm run build');
const { startEmbeddedServer } = require(path.join(EMBEDDED, 'embedded-server.js'));
const { TUNING } = require(path.join(EMBEDDED, 'tuning.js'));
const { bundleWorkflowCode, NativeConnection, Runtime, Worker } = require('@temporalio/worker');
const { Client } = require('@temporalio/client');

const short = process.argv.includes('--short');
const SIZE = short
  ? { turns: 5, runs: 10, atOnce: 5, children: 10, timers: 2, repeats: 1 }
  : { turns: 50, runs: 150, atOnce: 50, children: 200, timers: 10, repeats: 3 };
const QUEUE = 'bench';

const STEPS = [
  { name: 'stock, database file', flags: [] },
  { name: '+ shard polling, eager activities', flags: ['shardPolling'] },
  { name: '+ write-ahead log', flags: ['shardPolling', 'writeAheadLog'] },
  { name: '+ one task-queue partition', flags: ['shardPolling', 'writeAheadLog', 'onePartition'] },
  { name: '+ prompt timers', flags: Object.keys(TUNING) },
  { name: 'the same, tool as a local activity', flags: Object.keys(TUNING), local: ['tool'] },
  { name: 'the same, model and tool as local activities', flags: Object.keys(TUNING), local: ['model', 'tool'] },
];

const say = (line) => process.stderr.write(`${line}\n`);

async function main() {
  Runtime.install({ shutdownSignals: [], logger: quiet });
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: path.join(here, 'bench-embedded', 'workflows.js'),
    logger: quiet,
  });
  const rows = [];
  for (const step of STEPS) {
    rows.push(await measure(step, workflowBundle));
    say(`${step.name}: ${rows.at(-1).slice(1).join(' · ')}`);
  }
  print(rows);
}

/** One server of its own for every step, on an empty database. */
async function measure({ name, flags, local = [] }, workflowBundle) {
  const home = mkdtempSync(path.join(tmpdir(), 'holdfast-bench-'));
  const extraFlags = flags.flatMap((flag) => TUNING[flag]);
  const server = await startEmbeddedServer({ home, port: 0, uiPort: 0, tuned: false, extraFlags });
  const connection = await NativeConnection.connect({ address: server.address });
  const worker = await Worker.create({
    connection,
    taskQueue: QUEUE,
    workflowBundle,
    activities: { callModel, callTool },
  });
  const client = new Client({ connection });
  try {
    return await worker.runUntil(() => figures(name, client, local));
  } finally {
    await connection.close();
    await server.stop();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function callModel() {
  return 'answer';
}

async function callTool() {
  return 'result';
}

async function figures(name, client, local) {
  let started = 0;
  const execute = (type, ...args) => {
    started += 1;
    return client.workflow.execute(type, { args, taskQueue: QUEUE, workflowId: `${type}-${started}` });
  };
  // The first run pays for connections and caches.
  await execute('turns', 2, local);
  const perTurn = [];
  for (let repeat = 0; repeat < SIZE.repeats; repeat += 1) {
    perTurn.push((await seconds(() => execute('turns', SIZE.turns, local))) / SIZE.turns);
  }
  const many = await seconds(() => atOnce(SIZE.runs, SIZE.atOnce, () => execute('turns', 3, local)));
  const usual = [name, (median(perTurn) * 1000).toFixed(0), (SIZE.runs / many).toFixed(1)];
  if (local.length > 0) return [...usual, '', ''];
  const children = await seconds(() => execute('children', SIZE.children));
  const timers = await seconds(() => execute('timers', SIZE.timers));
  return [...usual, `${children.toFixed(1)} s`, ((timers / SIZE.timers) * 1000).toFixed(0)];
}

async function atOnce(count, limit, work) {
  let next = 0;
  const lane = async () => {
    while (next < count) {
      next += 1;
      await work();
    }
  };
  await Promise.all(Array.from({ length: limit }, lane));
}

async function seconds(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function print(rows) {
  const head = [
    'Embedded server',
    'ms/turn',
    `3-turn runs/s, ${SIZE.atOnce} at once`,
    `${SIZE.children} children`,
    'ms per timer of 1 ms',
  ];
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  const machine = `${cpus().length} cores, Node ${process.versions.node}, ${process.platform} ${process.arch}`;
  process.stdout.write(`${lines.join('\n')}\n\n${machine}${short ? ', short mode: the figures mean nothing' : ''}\n`);
}

const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };

await main();
