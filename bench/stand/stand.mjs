/** What the measurements stand on: the vendor server, Temporal servers, workers and their drivers. All on loopback. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmbeddedServer } from '../../dist/workers/embedded/embedded-server.js';
import { ask, kill, killAll, nextMessage, startProcess } from './children.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const systemFile = (system, name) => path.join(here, '..', 'systems', system, name);

export async function openStand() {
  const home = mkdtempSync(path.join(os.tmpdir(), 'holdfast-bench-'));
  const servers = new Map();
  const bundles = new Map();
  const open = new Set();
  const vendorProcess = startProcess(path.join(here, 'vendor-process.mjs'));
  const { url: provider } = await nextMessage(vendorProcess);
  let queues = 0;

  /** The Temporal server of a kind, `tuned` or `stock`; both keep a database file. */
  function server(kind) {
    if (!servers.has(kind)) servers.set(kind, startServer(kind, path.join(home, kind)));
    return servers.get(kind);
  }

  /** The system's workflows, bundled once, in a process that ends: no worker has webpack in its memory. */
  function bundle(system) {
    if (!bundles.has(system)) bundles.set(system, makeBundle(system, path.join(home, `${system}.js`)));
    return bundles.get(system);
  }

  /** A worker process of a system on a server of its own task queue, warm once it polls, and its driver in this process. */
  async function start(system, kind, options = {}) {
    const { address } = await server(kind);
    const settings = {
      address,
      provider,
      taskQueue: options.taskQueue ?? `${system}-${++queues}`,
      bundle: await bundle(system),
      home: path.join(home, 'runs'),
      variant: options.variant ?? '',
    };
    const { openDriver } = await import(systemFile(system, 'driver.mjs'));
    const driver = await openDriver(settings);
    const workers = [];
    const addWorker = async () => {
      const worker = startProcess(systemFile(system, 'worker.mjs'), {
        env: workerEnv(settings),
        execArgv: options.execArgv ?? [],
      });
      workers.push(worker);
      await nextMessage(worker);
      return worker;
    };
    if (options.workers !== 0) await addWorker();
    const running = {
      name: `${system}@${kind}`,
      settings,
      driver,
      addWorker,
      /** Peak resident set of the worker, MB. */
      peakMb: async () => (await ask(workers[0], { do: 'memory' })).peakMb,
      ask: (question) => ask(workers[0], question),
      killWorker: (at) => kill(workers[at]),
      pids: () => workers.map((worker) => worker.pid),
      async stop() {
        open.delete(running);
        await Promise.all(workers.map(kill));
        await driver.close();
      },
    };
    open.add(running);
    return running;
  }

  async function stopWorkers() {
    await Promise.allSettled([...open].map((running) => running.stop()));
  }

  return {
    start,
    server,
    vendor: {
      /** When requests came since the last take, ms since epoch. */
      take: async () => (await ask(vendorProcess, 'take')).times,
      look: async () => (await ask(vendorProcess, 'look')).times,
      rearm: () => ask(vendorProcess, 'rearm'),
    },
    /** Stops all workers; what a measurement that failed left behind is gone before the next one. */
    stopWorkers,
    async close() {
      await stopWorkers();
      await killAll();
      await Promise.allSettled([...servers.values()].map(async (started) => (await started).stop()));
      rmSync(home, { recursive: true, force: true });
    },
  };
}

export function workerEnv(settings) {
  return {
    BENCH_SETTINGS: JSON.stringify(settings),
    OPENAI_API_KEY: 'bench',
    OPENAI_BASE_URL: settings.provider,
    // The agents SDK would report its traces to the vendor.
    OPENAI_AGENTS_DISABLE_TRACING: '1',
  };
}

async function startServer(kind, home) {
  return startEmbeddedServer({ home, port: 0, uiPort: 0, tuned: kind === 'tuned', env: process.env });
}

async function makeBundle(system, file) {
  const child = startProcess(path.join(here, 'bundle-process.mjs'), { args: [systemFile(system, 'bundle.mjs'), file] });
  const { error } = await nextMessage(child);
  if (error) throw new Error(error);
  return file;
}
