import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { HoldfastClient } from '../../../client';
import type { AgentDefinition } from '../../../protocol/agent';
import { startVendorServer, type VendorServer } from '../../../testing/vendor-server';
import { type EmbeddedServer, startEmbeddedServer } from '../../../workers/embedded/embedded-server';
import { answerOf } from './graphs';
import { startPlainWorker } from './plain-worker';
import { watch } from './processes';
import type { FaultKind } from './random-kills';

const QUEUE = 'plans';
const WORKERS = 2;
/** Of the faults after the first three: the server, and the server with a worker. */
const SERVER_SHARE = 0.2;
const BOTH_SHARE = 0.1;
const LONGEST_WAIT_MS = 30_000;

/** What the first does is a plain call; one of the second, which has a tool, is a run of its own. */
export const CALLER: AgentDefinition = { name: 'caller', instructions: 'Work.', model: 'openai/test-model' };
export const RUNNER: AgentDefinition = { ...CALLER, name: 'runner', tools: ['clock'] };

/** A Temporal server on its database file, a vendor that answers as `answerOf` says, and two workers; server and workers may be killed. */
export class PlanArena {
  /** When each task was asked of the vendor; ms since epoch. */
  readonly calls = new Map<string, number[]>();
  asked = 0;
  /** Workers that did not survive something that was not aimed at them. */
  endedUnasked = 0;
  private readonly workers: ChildProcess[] = [];

  private constructor(
    private readonly folder: string,
    private server: EmbeddedServer,
    private readonly connection: Connection,
    private readonly random: () => number,
  ) {}

  private vendor: VendorServer | undefined;

  static async start(random: () => number): Promise<PlanArena> {
    const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-plans-'));
    const server = await serverIn(folder, 0, 0);
    // A channel that lost its server must not wait for seconds before it looks again.
    const channelArgs = { 'grpc.initial_reconnect_backoff_ms': 50, 'grpc.max_reconnect_backoff_ms': 300 };
    const connection = await Connection.connect({ address: server.address, channelArgs });
    const arena = new PlanArena(folder, server, connection, random);
    await arena.startVendor();
    await Promise.all(Array.from({ length: WORKERS }, () => arena.startWorker()));
    return arena;
  }

  get client(): Client {
    return new Client({ connection: this.connection });
  }

  get holdfast(): HoldfastClient {
    return new HoldfastClient(this.client, { taskQueue: QUEUE });
  }

  /** Kills until there were enough or `over` says so: a worker, the server, both, then by chance. @param calls between two kills. */
  async fire(kills: number, calls: number, over: () => boolean): Promise<FaultKind[]> {
    const done: FaultKind[] = [];
    const first: FaultKind[] = ['worker', 'server', 'both'];
    while (done.length < kills) {
      const seen = this.asked;
      const until = Date.now() + LONGEST_WAIT_MS;
      while (this.asked < seen + calls && Date.now() < until && !over()) await sleep(50);
      if (over()) break;
      const kind = first[done.length] ?? this.kindOf(this.random());
      await this.strike(kind);
      done.push(kind);
    }
    return done;
  }

  async stop(): Promise<void> {
    for (const child of this.workers) child.kill('SIGKILL');
    await this.connection.close();
    await this.server.stop();
    await this.vendor?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private kindOf(dice: number): FaultKind {
    if (dice < BOTH_SHARE) return 'both';
    return dice < BOTH_SHARE + SERVER_SHARE ? 'server' : 'worker';
  }

  private async strike(kind: FaultKind): Promise<void> {
    const victim = kind === 'server' ? undefined : this.workers.shift();
    if (victim) this.endedUnasked += victim.exitCode === null && victim.signalCode === null ? 0 : 1;
    victim?.kill('SIGKILL');
    if (kind !== 'worker') await this.restartServer();
    if (victim) await this.startWorker();
  }

  private async restartServer(): Promise<void> {
    const { pid, port, uiPort, exited } = this.server;
    process.kill(pid, 'SIGKILL');
    await exited;
    this.server = await serverIn(this.folder, port, uiPort);
  }

  private async startVendor(): Promise<void> {
    this.vendor = await startVendorServer({
      logBodies: false,
      script: ({ messages }) => {
        const last = messages.findLast(({ role }) => role === 'user');
        const text = typeof last?.text === 'string' ? last.text : '';
        const told = text.startsWith('{')
          ? (JSON.parse(text) as { task: string; inputs: object })
          : { task: text, inputs: {} };
        this.asked++;
        this.calls.set(told.task, [...(this.calls.get(told.task) ?? []), Date.now()]);
        return { text: answerOf(told.task, Object.values(told.inputs)), latencyMs: Math.floor(this.random() * 150) };
      },
    });
  }

  private async startWorker(): Promise<void> {
    const child = await startPlainWorker({
      address: this.server.address,
      taskQueue: QUEUE,
      home: path.join(this.folder, 'home'),
      agents: [CALLER, RUNNER],
      env: { OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: this.vendor?.openaiURL ?? '' },
      prices: { 'openai/test-model': { inputPerMillion: 1, outputPerMillion: 1 } },
    });
    this.workers.push(child);
  }
}

async function serverIn(home: string, port: number, uiPort: number): Promise<EmbeddedServer> {
  const server = await startEmbeddedServer({ home, port, uiPort, startTimeoutMs: 60_000 });
  watch(server.pid, 'Temporal server');
  return server;
}
