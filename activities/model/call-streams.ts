import {
  type CallKey,
  compareCalls,
  DELTA_KINDS,
  type DeltaKind,
  JOIN_TOPIC,
  type Join,
  joinSchema,
  lengthsOf,
  NOTHING,
  parsePayload,
  type StreamEvent,
} from '../../protocol/stream';
import type { StreamBus, Unsubscribe } from '../../streams/stream-bus';
import type { ModelDelta } from '../providers/provider';

/** Text gathers for so long, or until it has so many characters, and then travels as one event. */
const GATHER_MS = 30;
const GATHER_CHARS = 2_000;
/** Characters of one event. */
const EVENT_CHARS = 4_000;
/** Between two times of sending again what was sent: readers that ask together are answered together. */
const REPAIR_MS = 150;

export interface CallStreamsOptions {
  /** Makes the bus; called again when it is needed after `close`. */
  open(): StreamBus | undefined;
  /** Whether the bus is closed with this. */
  owned: boolean;
}

/**
 * The model calls of one worker, as its readers hear of them. That a call begins is always said; what the model says is sent
 * only once a reader has joined, so that a run nobody follows costs nothing. Best effort: nothing here throws or waits.
 */
export class CallStreams {
  private readonly calls = new Map<string, CallStream>();
  private bus: StreamBus | undefined;
  private joins: Promise<Unsubscribe | undefined> | undefined;

  /** @throws what `open` throws. */
  constructor(private readonly options: CallStreamsOptions) {
    this.bus = options.open();
  }

  begin(topic: string, key: CallKey): CallStream {
    const stream: CallStream = new CallStream(
      key,
      (event) => this.publish(topic, event),
      () => this.calls.get(topic) === stream && this.calls.delete(topic),
    );
    this.calls.set(topic, stream);
    return stream;
  }

  /** The transcript of a run is about to grow: its readers look at once. */
  news(topic: string): void {
    this.publish(topic, { type: 'news' });
  }

  async close(): Promise<void> {
    const { bus, joins } = this;
    this.bus = undefined;
    this.joins = undefined;
    await (await joins)?.().catch(() => undefined);
    if (this.options.owned) await bus?.close();
  }

  private publish(topic: string, event: StreamEvent): void {
    try {
      this.bus ??= this.options.open();
      this.joins ??= this.bus?.subscribe(JOIN_TOPIC, (payload) => this.join(payload)).catch(() => undefined);
      this.bus?.publish(topic, JSON.stringify(event));
    } catch {
      // A bus of somebody else's making; the model call is worth more than its stream.
    }
  }

  private join(payload: string): void {
    const join = parsePayload(joinSchema, payload);
    if (join) this.calls.get(join.topic)?.join(join.have);
  }
}

/** One execution of one model call. */
export class CallStream {
  private readonly said: Record<DeltaKind, string> = { ...NOTHING };
  private readonly sent = lengthsOf(NOTHING);
  private joined = false;
  private over = false;
  private timer: NodeJS.Timeout | undefined;
  private lastSentAt = 0;
  private repair = false;
  private lastRepairAt = 0;
  private announcedAt = 0;

  constructor(
    private readonly key: CallKey,
    private readonly publish: (event: StreamEvent) => void,
    private readonly onEnd: () => void,
  ) {
    this.announce();
  }

  delta(delta: ModelDelta): void {
    if (this.over) return;
    this.said[delta.type] += delta.type === 'tool-call' ? `${delta.name}\n` : delta.text;
    if (this.joined) this.sendSoon();
  }

  /** A reader wants to read, and has this much. It is sent what it lacks; others ignore what they know. */
  join(have: Join['have']): void {
    const same = have !== undefined && compareCalls(have, this.key) === 0;
    // It did not hear that what it has is over, and this call may have nothing to say yet.
    if (have && !same && Math.abs(Date.now() - this.announcedAt) >= REPAIR_MS) this.announce();
    for (const kind of DELTA_KINDS) {
      const known = same ? have.lengths[kind] : 0;
      if (known >= this.sent[kind]) continue;
      this.sent[kind] = known;
      this.repair = true;
    }
    this.joined = true;
    this.sendSoon();
  }

  end(ok: boolean): void {
    if (this.over) return;
    this.over = true;
    if (ok && this.joined) this.send();
    clearTimeout(this.timer);
    this.publish({ type: 'ended', ...this.key, ok });
    this.onEnd();
  }

  private announce(): void {
    this.announcedAt = Date.now();
    this.publish({ type: 'began', ...this.key });
  }

  /** At once after a silence, together with what follows otherwise. */
  private sendSoon(): void {
    const gathered = DELTA_KINDS.reduce((sum, kind) => sum + this.said[kind].length - this.sent[kind], 0);
    if (gathered === 0) return;
    const due = Math.max(this.lastSentAt + GATHER_MS, this.repair ? this.lastRepairAt + REPAIR_MS : 0) - Date.now();
    if (due <= 0 || (gathered >= GATHER_CHARS && !this.repair)) this.send();
    // Never longer than a repair waits, also when the clock was set back.
    else this.timer ??= setTimeout(() => this.send(), Math.min(due, REPAIR_MS)).unref();
  }

  private send(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.lastSentAt = Date.now();
    if (this.repair) this.lastRepairAt = this.lastSentAt;
    this.repair = false;
    for (const kind of DELTA_KINDS) {
      const text = this.said[kind];
      // Half of a surrogate pair is no character yet.
      const end = /[\uD800-\uDBFF]$/.test(text) && !this.over ? text.length - 1 : text.length;
      for (let offset = this.sent[kind]; offset < end; offset += EVENT_CHARS) {
        const piece = text.slice(offset, Math.min(end, offset + EVENT_CHARS));
        this.publish({ type: 'delta', ...this.key, kind, offset, text: piece });
      }
      this.sent[kind] = Math.max(this.sent[kind], end);
    }
  }
}
