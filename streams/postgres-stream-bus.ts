import { createHash, randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import { HoldfastError } from '../protocol/failures';
import { FrameReader, framesOf } from './postgres-frames';
import { type OnTrouble, type StreamBus, type Unsubscribe, warnOnce } from './stream-bus';
import { nothingToEnd, Subscriptions } from './subscriptions';

const FIRST_RETRY_MS = 100;
const SLOWEST_RETRY_MS = 5_000;
const CONNECT_MS = 5_000;
/** A connection whose other end is gone without a word is noticed by a question it does not answer. */
const PROBE_MS = 10_000;
const ANSWER_MS = 5_000;
/** Characters that wait for the database; beyond them it is too slow, and what comes is dropped. */
const MAX_WAITING = 2_000_000;
/** So many notifications travel in one statement. */
const BATCH = 200;

/** Which database carries the notifications. */
export interface PostgresStreamBusOptions {
  /** `postgres://user:password@host:port/database`. */
  url: string;
  /** Default: a warning of the process. */
  onTrouble?: OnTrouble;
}

/**
 * Machines that share a PostgreSQL: LISTEN and NOTIFY on one connection a process. Nothing is stored. Needs the package `pg`, and
 * a connection of its own: a pooler in transaction mode does not carry notifications.
 *
 * @example
 * ```ts
 * import { HoldfastPlugin, PostgresStreamBus } from 'holdfast/worker';
 *
 * const streams = new PostgresStreamBus({
 *   url: 'postgres://holdfast@db.example:5432/holdfast',
 *   onTrouble: ({ message }) => console.warn(message),
 * });
 * const plugin = new HoldfastPlugin({ streams });
 * ```
 */
export class PostgresStreamBus implements StreamBus {
  private readonly subscriptions = new Subscriptions();
  private readonly topics = new Map<string, string>();
  private readonly frames = new FrameReader();
  private readonly sender = randomBytes(6).toString('hex');
  private readonly onTrouble: OnTrouble;
  private readonly newClient: () => Client;
  private sent = 0;
  private waiting: [channel: string, frame: string][] = [];
  private waitingChars = 0;
  private sending = false;
  private client: Client | undefined;
  private connecting: Promise<void> | undefined;
  private retryMs = FIRST_RETRY_MS;
  private timer: NodeJS.Timeout | undefined;
  private probe: NodeJS.Timeout | undefined;
  private closed = false;

  /** @throws HoldfastError `Config.Invalid` when the package `pg` is missing or the address is none. */
  constructor({ url, onTrouble = warnOnce() }: PostgresStreamBusOptions) {
    this.onTrouble = onTrouble;
    this.newClient = clientFactory(url);
  }

  publish(topic: string, payload: string): void {
    if (this.closed) return;
    if (this.waitingChars + payload.length > MAX_WAITING) return;
    const channel = channelOf(topic);
    for (const frame of framesOf(this.sender, this.sent++, payload)) {
      this.waiting.push([channel, frame]);
      this.waitingChars += frame.length;
    }
    void this.send();
  }

  async subscribe(topic: string, onPayload: (payload: string) => void, onReconnect?: () => void): Promise<Unsubscribe> {
    if (this.closed) return nothingToEnd;
    const remove = this.subscriptions.add(topic, onPayload, onReconnect);
    const channel = channelOf(topic);
    this.topics.set(channel, topic);
    // Without a connection the next one listens to all topics there are.
    const { client } = this;
    if (client) await client.query(`LISTEN ${channel}`).catch(() => undefined);
    else await this.connect();
    return async () => {
      if (!remove()) return;
      this.topics.delete(channel);
      await this.client?.query(`UNLISTEN ${channel}`).catch(() => undefined);
    };
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    this.subscriptions.clear();
    this.waiting = [];
    await this.connecting;
    this.leave(this.client);
  }

  /** One statement at a time carries what has gathered meanwhile: a slow database gets fewer and larger ones. */
  private async send(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    await this.connect();
    while (this.client && this.waiting.length > 0) {
      const batch = this.waiting.splice(0, BATCH);
      this.waitingChars -= batch.reduce((sum, [, frame]) => sum + frame.length, 0);
      const values = [batch.map(([channel]) => channel), batch.map(([, frame]) => frame)];
      await this.client.query(NOTIFY, values).catch(() => undefined);
    }
    // What was said while there is no connection is old news when there is one again.
    if (!this.client) {
      this.waiting = [];
      this.waitingChars = 0;
    }
    this.sending = false;
  }

  /** Resolves when there is a connection or an attempt has failed; goes on trying by itself. */
  private connect(): Promise<void> {
    if (this.client || this.closed || this.timer) return Promise.resolve();
    this.connecting ??= this.open().finally(() => {
      this.connecting = undefined;
    });
    return this.connecting;
  }

  private async open(): Promise<void> {
    const client = this.newClient();
    const lost = (error?: Error): void => this.lost(client, error ?? new Error('the connection has ended'));
    client.on('error', lost).on('end', () => lost());
    client.on('notification', ({ channel, payload }) => this.heard(channel, payload ?? ''));
    try {
      await client.connect();
      for (const channel of this.topics.keys()) await client.query(`LISTEN ${channel}`);
      if (this.closed) return this.leave(client);
    } catch (error) {
      return lost(error as Error);
    }
    unref(client);
    this.client = client;
    this.retryMs = FIRST_RETRY_MS;
    this.probe = setInterval(() => void this.ask(client), PROBE_MS).unref();
    // Topics that came while the others were listened to.
    for (const channel of this.topics.keys()) client.query(`LISTEN ${channel}`).catch(() => undefined);
    this.subscriptions.reconnected();
  }

  private async ask(client: Client): Promise<void> {
    const late = setTimeout(() => this.lost(client, new Error('the database does not answer')), ANSWER_MS).unref();
    await client.query('SELECT 1').catch(() => undefined);
    clearTimeout(late);
  }

  private heard(channel: string, frame: string): void {
    const topic = this.topics.get(channel);
    const payload = topic === undefined ? undefined : this.frames.take(frame);
    if (topic !== undefined && payload !== undefined) this.subscriptions.deliver(topic, payload);
  }

  private lost(client: Client, error: Error): void {
    client.removeAllListeners('end');
    this.leave(client);
    if (this.closed || this.timer || (this.client && this.client !== client)) return;
    this.client = undefined;
    this.onTrouble(new Error(`PostgreSQL: ${error.message}`));
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.connect();
    }, this.retryMs).unref();
    this.retryMs = Math.min(this.retryMs * 2, SLOWEST_RETRY_MS);
  }

  private leave(client: Client | undefined): void {
    if (client === this.client) clearInterval(this.probe);
    client?.removeAllListeners('notification');
    client?.end().catch(() => undefined);
  }
}

const NOTIFY = 'SELECT pg_notify(channel, frame) FROM unnest($1::text[], $2::text[]) AS waiting(channel, frame)';

/** Safe as an identifier, and never longer than one may be. */
function channelOf(topic: string): string {
  return `holdfast_${createHash('sha256').update(topic).digest('hex').slice(0, 40)}`;
}

function clientFactory(url: string): () => Client {
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw new HoldfastError('Config.Invalid', 'the address of PostgreSQL does not begin with postgres://', {
      hint: FORM,
    });
  }
  const pg = loadPg();
  const options = { connectionString: url, connectionTimeoutMillis: CONNECT_MS, keepAlive: true };
  const make = (): Client => new pg.Client({ ...options, application_name: 'holdfast-streams' });
  try {
    make();
  } catch {
    // The cause may quote the password.
    throw new HoldfastError('Config.Invalid', 'the address of PostgreSQL cannot be read', { hint: FORM });
  }
  return make;
}

const FORM = 'It has the form postgres://user:password@host:port/database; special characters are percent-encoded.';

function loadPg(): typeof import('pg') {
  try {
    return require('pg') as typeof import('pg');
  } catch (cause) {
    throw new HoldfastError('Config.Invalid', 'streams through PostgreSQL need the package "pg"', {
      hint: 'npm install pg',
      cause,
    });
  }
}

/** A bus does not keep a process alive that has nothing else to do. The types of `pg` lack the method. */
function unref(client: Client): void {
  (client as Client & { unref?(): void }).unref?.();
}
