/** Child processes of the topology, each with a log of its own; none outlives this script's ordinary end. */
import { execFile, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const POLL_MS = 50;
const STOP_MS = 20_000;
const RUN_MS = 120_000;

export class Processes {
  #running = [];

  constructor(folder) {
    this.folder = folder;
    process.once('exit', () => {
      for (const { child } of this.#running) child.kill('SIGKILL');
    });
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  }

  logOf(name) {
    return path.join(this.folder, `${name}.log`);
  }

  /** Starts a program that is to stay. */
  start(name, program, args, options = {}) {
    const log = openSync(this.logOf(name), 'a');
    const child = spawn(program, args, { stdio: ['ignore', log, log], ...options });
    closeSync(log);
    child.once('error', () => undefined);
    this.#running.push({ name, child });
    return child;
  }

  /** Runs a program to its end and gives what it printed. */
  async run(name, program, args, options = {}) {
    try {
      return (await promisify(execFile)(program, args, { timeout: RUN_MS, ...options })).stdout;
    } catch (error) {
      throw new Error(`${name} failed: ${`${error.stdout ?? ''}${error.stderr ?? error.message}`.trim()}`);
    }
  }

  /** Waits until it is so, as long as the process lives. */
  async until(name, isSo, seconds = 120) {
    const { child } = this.#running.find((entry) => entry.name === name);
    for (const deadline = Date.now() + seconds * 1000; !(await isSo()); await sleep(POLL_MS)) {
      const ended = child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
      if (ended || Date.now() > deadline)
        throw new Error(`${name} ${ended ? 'ended' : 'is not ready'}:\n${this.tail(name)}`);
    }
  }

  tail(name) {
    return readFileSync(this.logOf(name), 'utf8').split('\n').slice(-15).join('\n');
  }

  /** Ends them all, the latest first. */
  async stop() {
    for (const { child } of this.#running.splice(0).reverse()) {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) continue;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await gone;
      clearTimeout(timer);
    }
  }
}

/** A free port on loopback; below 32,768, because Temporal keeps its members' ports in PostgreSQL as 16 bits with a sign. */
export async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

export function listens(port) {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
