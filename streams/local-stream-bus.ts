import type { FSWatcher } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Listening, LocalPeer, payloadLine } from './local-peer';
import { SocketFolder } from './socket-folder';
import { type OnTrouble, type StreamBus, type Unsubscribe, warnOnce } from './stream-bus';
import { nothingToEnd, Subscriptions } from './subscriptions';

/** New sockets are seen at once where the system tells of them; this is for where it does not. */
const LOOK_MS = 1_000;
const RECONNECT_MS = 50;
/** A process that hangs must not keep a reader waiting. */
const HEARD_MS = 1_000;
const MAX_CONNECTIONS = 1_000;

/** Where the sockets are, and whether this process has one. */
export interface LocalStreamBusOptions {
  /** The folder that workers and followers share: `HOLDFAST_HOME`. */
  home: string;
  /** For workers: opens a socket on which followers find it. Default false. */
  listen?: boolean;
  /** Default: a warning of the process. */
  onTrouble?: OnTrouble;
}

/**
 * Processes of one machine, without a broker: every worker listens on a Unix domain socket (a named pipe on Windows) in the home,
 * and whoever subscribes connects to all of them. Connections carry both ways, so followers need no socket of their own.
 *
 * @example
 * ```ts
 * import { HoldfastClient, LocalStreamBus } from 'holdfast/client';
 *
 * const streams = new LocalStreamBus({ home: '.holdfast' }); // on the workers: with `listen: true`
 * const holdfast = new HoldfastClient(temporalClient, { streams });
 * for await (const event of holdfast.get('q3-churn').events({ deltas: true })) console.log(event);
 * await streams.close();
 * ```
 */
export class LocalStreamBus implements StreamBus {
  private readonly subscriptions = new Subscriptions();
  private readonly accepted = new Set<LocalPeer>();
  /** The accepted ones that cannot be told otherwise what is listened to here. */
  private readonly followers = new Set<LocalPeer>();
  private readonly dialled = new Map<string, LocalPeer>();
  private readonly onTrouble: OnTrouble;
  private folder: Promise<SocketFolder> | undefined;
  private server: Server | undefined;
  private ownName: string | undefined;
  private listening: Promise<void> | undefined;
  private watcher: FSWatcher | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly options: LocalStreamBusOptions) {
    this.onTrouble = options.onTrouble ?? warnOnce();
  }

  publish(topic: string, payload: string): void {
    if (this.closed) return;
    void this.listen();
    if (this.subscriptions.has(topic)) setImmediate(() => this.subscriptions.deliver(topic, payload));
    let line: string | undefined;
    for (const peer of this.peers()) {
      if (!peer.wants(topic)) continue;
      line ??= payloadLine(topic, payload);
      peer.send(line);
    }
  }

  async subscribe(topic: string, onPayload: (payload: string) => void, onReconnect?: () => void): Promise<Unsubscribe> {
    if (this.closed) return nothingToEnd;
    if (!this.subscriptions.has(topic)) this.tellAll({ add: [topic] });
    const remove = this.subscriptions.add(topic, onPayload, onReconnect);
    await this.listen();
    await this.look();
    this.keepLooking();
    // Whoever has answered has heard everything that was said before.
    const heard = [...this.followers, ...this.dialled.values()].map((peer) => peer.tell(this.change({ add: [] })));
    await withinTime(Promise.all(heard), HEARD_MS);
    return async () => {
      if (remove()) this.tellAll({ add: [], drop: [topic] });
    };
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.timer);
    this.watcher?.close();
    this.subscriptions.clear();
    await this.listening;
    for (const peer of this.peers()) peer.destroy();
    const { server } = this;
    if (!server) return;
    await new Promise<void>((resolve) => server.close(() => resolve()));
    if (this.ownName) await (await this.home()).remove(this.ownName).catch(() => undefined);
  }

  private *peers(): Generator<LocalPeer> {
    yield* this.accepted;
    yield* this.dialled.values();
  }

  private home(): Promise<SocketFolder> {
    this.folder ??= SocketFolder.open(this.options.home, this.options.listen === true);
    // What cannot be opened now may be opened later.
    this.folder.catch(() => {
      this.folder = undefined;
    });
    return this.folder;
  }

  private listen(): Promise<void> {
    if (this.options.listen && !this.closed) this.listening ??= this.openServer().catch(this.onTrouble);
    return this.listening ?? Promise.resolve();
  }

  private async openServer(): Promise<void> {
    const folder = await this.home();
    const name = folder.newName();
    const server = createServer((socket) => this.accept(socket));
    server.maxConnections = MAX_CONNECTIONS;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(folder.addressOf(name), resolve);
    });
    server.on('error', this.onTrouble);
    server.unref();
    this.server = server;
    this.ownName = name;
    await folder.announce(name);
  }

  private accept(socket: Socket): void {
    const peer = new LocalPeer(socket, {
      onPayload: (topic, payload) => this.subscriptions.deliver(topic, payload),
      onListening: ({ listens }) => {
        if (listens || this.followers.has(peer)) return;
        this.followers.add(peer);
        void peer.tell(this.change({ add: this.subscriptions.topics }));
      },
    });
    this.accepted.add(peer);
    socket.once('close', () => {
      this.accepted.delete(peer);
      this.followers.delete(peer);
    });
  }

  private tellAll(change: Omit<Listening, 'listens'>): void {
    for (const peer of [...this.followers, ...this.dialled.values()]) void peer.tell(this.change(change));
  }

  private change(change: Omit<Listening, 'listens'>): Listening {
    return { ...change, listens: this.options.listen === true };
  }

  private keepLooking(): void {
    if (this.timer || this.closed) return;
    this.timer = setInterval(() => void this.look(), LOOK_MS).unref();
  }

  /** Connects to every worker it is not connected to. */
  private async look(): Promise<void> {
    if (this.closed) return;
    try {
      const folder = await this.home();
      if (this.closed) return;
      this.watcher ??= folder.watch(() => void this.look());
      const names = await folder.names();
      if (this.closed) return;
      for (const name of names) if (name !== this.ownName && !this.dialled.has(name)) this.dial(folder, name);
    } catch (error) {
      // Where there is no home, there is no worker yet.
      const early = !this.options.listen && (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!early) this.onTrouble(error as Error);
    }
  }

  private dial(folder: SocketFolder, name: string): void {
    const socket = connect(folder.addressOf(name));
    const peer = new LocalPeer(socket, { onPayload: (topic, payload) => this.subscriptions.deliver(topic, payload) });
    const heard = peer.tell(this.change({ add: this.subscriptions.topics }));
    this.dialled.set(name, peer);
    socket.once('connect', () => void heard.then(() => this.subscriptions.reconnected()));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') void folder.removeStale(name);
    });
    socket.once('close', (failed: boolean) => {
      this.dialled.delete(name);
      if (!failed && !this.closed) setTimeout(() => void this.look(), RECONNECT_MS).unref();
    });
  }
}

async function withinTime(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
