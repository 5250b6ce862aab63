import type { Message } from '../protocol/messages';
import type { TranscriptPage } from '../protocol/session';
import type { StreamBus } from '../streams/stream-bus';
import { LiveReader } from './live-reader';
import { DeltaCursor, type RunEvent } from './run-events';

/** What is asked of the server about one run. */
export interface RunSource {
  describe(): Promise<{ over: boolean; topic: string }>;
  transcript(from: number): Promise<TranscriptPage | null>;
}

/** From where a run is followed, and how closely. */
export interface FollowOptions {
  /** The position of the first message that is told. Default 0. */
  from?: number;
  /** Also what the model says while it says it, where the client has a bus. Default false. */
  deltas?: boolean;
  /** Ends the following, never the run. */
  signal?: AbortSignal;
}

const FIRST_POLL_MS = 25;
const SLOWEST_POLL_MS = 1_000;
/** Messages that are kept for followers who are behind; one who is farther behind reads pages of its own. */
const KEPT_MESSAGES = 500;

/** One per run that is followed in this process: however many follow it, the server is asked once. */
export class RunReaders {
  private readonly readers = new Map<string, RunReader>();

  constructor(private readonly bus?: StreamBus) {}

  follow(id: string, source: RunSource, options: FollowOptions): AsyncGenerator<RunEvent> {
    const reader = this.readers.get(id) ?? this.open(id, source, options.from ?? 0);
    return reader.follow(options);
  }

  private open(id: string, source: RunSource, from: number): RunReader {
    const reader: RunReader = new RunReader(source, this.bus, from, () => {
      if (this.readers.get(id) === reader) this.readers.delete(id);
    });
    this.readers.set(id, reader);
    return reader;
  }
}

/** Reads one run and tells all its followers. Ends with the last of them, or with the run. */
class RunReader {
  /** Messages `[start, end)`. */
  private kept: Message[] = [];
  private start: number;
  private over = false;
  private error: unknown;
  private live: LiveReader | undefined;
  private followers = 0;
  private deltaFollowers = 0;
  private running = false;
  private kicked = false;
  private wakePoll: () => void = () => undefined;
  private waiting: (() => void)[] = [];
  private version = 0;
  private readonly pages = new Map<number, Promise<TranscriptPage | null>>();

  constructor(
    private readonly source: RunSource,
    private readonly bus: StreamBus | undefined,
    from: number,
    private readonly onDone: () => void,
  ) {
    this.start = from;
  }

  async *follow({ from = 0, deltas = false, signal }: FollowOptions): AsyncGenerator<RunEvent> {
    const cursor = new DeltaCursor();
    let position = from;
    this.enter(deltas);
    try {
      while (!signal?.aborted) {
        const { version } = this;
        const known = await this.messagesFrom(position);
        position = Math.max(position, known.from);
        for (const message of known.messages) {
          yield { type: 'message', position: position++, message };
          if (signal?.aborted) return;
        }
        if (known.messages.length > 0) continue;
        if (deltas) yield* cursor.next(this.live?.live, position);
        if (this.error !== undefined) throw this.error;
        if (this.over && position >= this.end) return yield* cursor.drop(position);
        await this.changed(version, signal);
      }
    } finally {
      this.leave(deltas);
    }
  }

  private get end(): number {
    return this.start + this.kept.length;
  }

  private enter(deltas: boolean): void {
    this.followers++;
    if (deltas && this.deltaFollowers++ === 0) this.live?.join();
    if (!this.running) void this.run();
  }

  private leave(deltas: boolean): void {
    this.followers--;
    if (deltas) this.deltaFollowers--;
    if (this.followers > 0) return;
    this.onDone();
    this.wakePoll();
  }

  /** The next messages a follower lacks: of those kept, or, when it is far behind, a page that all who are there share. */
  private async messagesFrom(position: number): Promise<{ from: number; messages: readonly Message[] }> {
    if (position >= this.start) return { from: position, messages: this.kept.slice(position - this.start) };
    const asked = this.pages.get(position) ?? this.source.transcript(position);
    this.pages.set(position, asked);
    const page = await asked.finally(() => this.pages.delete(position));
    return page?.messages.length ? page : { from: this.start, messages: [] };
  }

  private async run(): Promise<void> {
    this.running = true;
    try {
      for (let pause = FIRST_POLL_MS; this.followers > 0 && !this.over; ) {
        const { over, topic } = await this.source.describe();
        if (this.bus && !over) this.live ??= this.listen(this.bus, topic);
        const page = await this.source.transcript(this.end);
        const news = this.keep(page);
        const more = (page?.length ?? 0) > this.end;
        this.over = over && !more;
        if (news || this.over) this.tell();
        // A bus says when to look; without one, what was just said makes more of it likely.
        const soon = this.kicked || (news && !this.live);
        pause = soon ? FIRST_POLL_MS : Math.min(pause * 1.5, SLOWEST_POLL_MS);
        this.kicked = false;
        if (!more && !this.over) await this.rest(pause);
      }
    } catch (error) {
      this.error = error ?? new Error('the run could not be read');
    }
    this.onDone();
    void this.live?.close();
    this.tell();
  }

  private listen(bus: StreamBus, topic: string): LiveReader {
    const wanted = (): boolean => this.deltaFollowers > 0;
    return new LiveReader(
      bus,
      topic,
      (event) => {
        if (event.type === 'delta') return this.tell();
        this.kicked = true;
        setTimeout(() => this.wakePoll(), FIRST_POLL_MS).unref();
        this.tell();
      },
      wanted,
    );
  }

  /** Whether there was anything new. */
  private keep(page: TranscriptPage | null): boolean {
    if (!page || page.messages.length === 0) return false;
    if (page.from > this.end) {
      // What lies between is no longer to be had.
      this.kept = [];
      this.start = page.from;
    }
    this.kept.push(...page.messages.slice(this.end - page.from));
    const surplus = this.kept.length - KEPT_MESSAGES;
    if (surplus > 0) {
      this.kept = this.kept.slice(surplus);
      this.start += surplus;
    }
    return true;
  }

  private tell(): void {
    this.version++;
    for (const wake of this.waiting.splice(0)) wake();
  }

  private async changed(version: number, signal?: AbortSignal): Promise<void> {
    if (this.version !== version) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        signal?.removeEventListener('abort', done);
        resolve();
      };
      this.waiting.push(done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  private async rest(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wakePoll = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
