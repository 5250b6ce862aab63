import {
  applyEvent,
  JOIN_TOPIC,
  type Join,
  keyOf,
  type LiveCall,
  lengthsOf,
  parsePayload,
  type StreamEvent,
  streamEventSchema,
} from '../protocol/stream';
import type { StreamBus, Unsubscribe } from '../streams/stream-bus';

/** Between two joins. */
const JOIN_MS = 100;
/** A silent stream is joined again now and then: what told of it may have been lost. */
const FIRST_SILENCE_MS = 1_000;
const LONGEST_SILENCE_MS = 15_000;

/** What the model of one run says right now, as far as it is heard here. */
export class LiveReader {
  /** The newest call; undefined before one is heard of. */
  live: LiveCall | undefined;
  private readonly subscription: Promise<Unsubscribe | undefined>;
  private timer: NodeJS.Timeout | undefined;
  private dueAt = Number.POSITIVE_INFINITY;
  private joinedAt = Number.NEGATIVE_INFINITY;
  private silenceMs = FIRST_SILENCE_MS;
  private closed = false;

  /** `wanted` is asked before each join: without it a reader hears that calls begin and end, not what is said. */
  constructor(
    private readonly bus: StreamBus,
    private readonly topic: string,
    private readonly onEvent: (event: StreamEvent) => void,
    private readonly wanted: () => boolean = () => true,
  ) {
    const hear = (payload: string): void => this.hear(payload);
    this.subscription = bus.subscribe(topic, hear, () => this.join()).catch(() => undefined);
    this.subscription.then(() => this.join());
  }

  /** Asks the worker for what is missing here. */
  join(afterMs = 0): void {
    const wait = Math.max(afterMs, this.joinedAt + JOIN_MS - performance.now(), 0);
    if (this.closed || performance.now() + wait >= this.dueAt) return;
    clearTimeout(this.timer);
    this.dueAt = performance.now() + wait;
    if (wait === 0) this.joinNow();
    else this.timer = setTimeout(() => this.joinNow(), wait).unref();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await (await this.subscription)?.().catch(() => undefined);
  }

  private joinNow(): void {
    this.dueAt = Number.POSITIVE_INFINITY;
    this.joinedAt = performance.now();
    if (this.wanted()) this.bus.publish(JOIN_TOPIC, JSON.stringify(this.request()));
    this.join(this.silenceMs);
    this.silenceMs = Math.min(this.silenceMs * 2, LONGEST_SILENCE_MS);
  }

  private request(): Join {
    const { topic, live } = this;
    return { topic, ...(live && { have: { ...keyOf(live), lengths: lengthsOf(live.said) } }) };
  }

  private hear(payload: string): void {
    const event = this.closed ? undefined : parsePayload(streamEventSchema, payload);
    if (!event) return;
    this.silenceMs = FIRST_SILENCE_MS;
    const { live, missing } = applyEvent(this.live, event);
    const another = event.type === 'began' && live !== this.live;
    this.live = live;
    if (another || missing) this.join();
    else this.quiet();
    this.onEvent(event);
  }

  /** Something was heard: the next join of a silent stream is put off. */
  private quiet(): void {
    if (this.dueAt - performance.now() <= JOIN_MS) return;
    this.dueAt = Number.POSITIVE_INFINITY;
    this.join(this.silenceMs);
  }
}
