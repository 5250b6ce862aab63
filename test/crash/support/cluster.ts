import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { HoldfastClient, type StartOptions } from '../../../client';
import type { Message } from '../../../protocol/messages';
import type { SessionResult } from '../../../protocol/session';
import { type EmbeddedServer, startEmbeddedServer } from '../../../workers/embedded/embedded-server';
import { AGENT } from './agents';
import { type Operator, type Settle, startOperator } from './effect-operator';
import type { WorkerSettings } from './ipc';
import { type Ledger, startLedger } from './ledger';
import { watch } from './processes';
import type { Plan } from './scripts';
import { whenUp } from './when-up';
import { tail, WorkerHandle } from './worker-handle';

let crossingFiles = 0;

/** A Temporal server that can be killed, a ledger, a client, and the worker processes on them. Everything in one temporary folder. */
export class Cluster {
  /** How long what is asked may fail because server or workers are not there, in ms. While kills go on, a query can fail for minutes. */
  patienceMs = 90_000;
  /** Milliseconds since epoch of each kill of the server. */
  readonly serverKills: number[] = [];
  private readonly workers: WorkerHandle[] = [];
  private restarting: Promise<void> | undefined;
  private readonly operator: Operator;

  private constructor(
    readonly folder: string,
    private readonly disk: string,
    private server: EmbeddedServer,
    readonly ledger: Ledger,
    private readonly connection: Connection,
    settle?: Settle,
  ) {
    this.operator = startOperator(new HoldfastClient(this.client, { by: 'operator' }), settle);
  }

  /**
   * @param disk where server and workers keep what they keep, when it is not to be the temporary folder.
   * @param settle how the operator answers for an effect whose outcome is unknown. Default: it is given up.
   */
  static async start({ disk, settle }: { disk?: string | undefined; settle?: Settle } = {}): Promise<Cluster> {
    const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-crash-'));
    const [server, ledger] = await Promise.all([startServer(disk ?? folder, 0, 0), startLedger(folder)]);
    // A channel that lost its server must not wait for seconds before it looks again.
    const channelArgs = { 'grpc.initial_reconnect_backoff_ms': 50, 'grpc.max_reconnect_backoff_ms': 300 };
    const connection = await Connection.connect({ address: server.address, channelArgs });
    return new Cluster(folder, disk ?? folder, server, ledger, connection, settle);
  }

  get client(): Client {
    return new Client({ connection: this.connection });
  }

  /** What a worker of this cluster is told; each has a file of crossings of its own. */
  settings(queue: string, more: Partial<WorkerSettings> = {}): WorkerSettings {
    const home = path.join(this.disk, 'home');
    mkdirSync(home, { recursive: true });
    crossingFiles += 1;
    const crossings = path.join(this.folder, `crossings-${crossingFiles}.jsonl`);
    return { address: this.server.address, queue, ledger: this.ledger.url, home, crossings, ...more };
  }

  async worker(settings: WorkerSettings, loadedOnly = false): Promise<WorkerHandle> {
    const handle = await WorkerHandle.load(settings);
    this.workers.push(handle);
    if (!loadedOnly) await handle.poll();
    return handle;
  }

  get serverPid(): number {
    return this.server.pid;
  }

  /** SIGKILLs the server and starts it again after a while, same database file, same port. Resolves when the old one is dead. */
  async killServer(downMs = 0): Promise<void> {
    await this.restarting;
    const { pid, port, uiPort, exited } = this.server;
    this.serverKills.push(Date.now());
    process.kill(pid, 'SIGKILL');
    await exited;
    this.restarting = sleep(downMs)
      .then(() => startServer(this.disk, port, uiPort))
      .then((server) => {
        this.server = server;
      });
  }

  /** Resolves once the server is there. */
  async serverUp(): Promise<void> {
    await this.restarting;
  }

  startSession(id: string, queue: string, plan: Plan, options: Partial<StartOptions> = {}): Promise<void> {
    const client = new HoldfastClient(this.client);
    return this.whenUp(async () => {
      await client.start(AGENT, { id, taskQueue: queue, input: plan, ...options });
    });
  }

  /** The result, through as many deaths of the server as there are. Rejects when the session does not end in time. */
  result(id: string, patienceMs = this.patienceMs): Promise<SessionResult> {
    const late = new AbortController();
    const tooLate = sleep(patienceMs, undefined, { signal: late.signal, ref: false }).then(async (): Promise<never> => {
      const state = await new HoldfastClient(this.client).describe(id).catch(String);
      const logs = [...new Set(this.workers.map(({ logFile }) => logFile))].map(tail);
      throw new Error(`${id} did not end within ${patienceMs} ms: ${JSON.stringify(state)}\n${logs.join('\n')}`);
    });
    tooLate.catch(() => undefined);
    const result = this.whenUp(() => new HoldfastClient(this.client).get(id).result(), patienceMs);
    return Promise.race([result, tooLate]).finally(() => late.abort());
  }

  /** Every message of a session, its archived ones out of the runs that made them. */
  async transcript(id: string): Promise<Message[]> {
    const run = new HoldfastClient(this.client).get(id);
    const messages: Message[] = [];
    for (;;) {
      const page = await this.whenUp(() => run.transcript(messages.length));
      if (!page) throw new Error(`${id} has no transcript`);
      for (const segment of page.segments.filter(({ to }) => to > messages.length)) {
        messages.push(...(await this.segment(id, segment.runId, messages.length, segment.to)));
      }
      messages.push(...page.messages.slice(Math.max(0, messages.length - page.from)));
      if (messages.length >= page.length) return messages;
    }
  }

  whenUp<T>(ask: () => Promise<T>, patienceMs = this.patienceMs): Promise<T> {
    return whenUp(ask, patienceMs);
  }

  async stop(): Promise<void> {
    await this.operator.stop();
    await Promise.all(this.workers.map((worker) => worker.kill()));
    await this.connection.close();
    await this.restarting;
    await this.server.stop();
    await this.ledger.stop();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  private async segment(id: string, runId: string, from: number, to: number): Promise<Message[]> {
    const messages: Message[] = [];
    const handle = this.client.workflow.getHandle(id, runId);
    while (from + messages.length < to) {
      const at = from + messages.length;
      const page = await this.whenUp(() =>
        handle.query<{ messages: Message[] }, [number, number]>('transcript', at, to),
      );
      if (page.messages.length === 0) throw new Error(`run ${runId} of ${id} gave nothing from ${at}`);
      messages.push(...page.messages);
    }
    return messages;
  }
}

async function startServer(home: string, port: number, uiPort: number): Promise<EmbeddedServer> {
  const server = await startEmbeddedServer({ home, port, uiPort, startTimeoutMs: 60_000 });
  watch(server.pid, 'Temporal server');
  return server;
}
