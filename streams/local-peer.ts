import type { Socket } from 'node:net';

/** What a reader has not taken yet; beyond it, it loses what comes. */
const MAX_UNSENT = 1_000_000;
/** A line as long as this is none of ours. */
const MAX_LINE = 4_000_000;

/** One line of JSON between two processes. Every list of topics replaces the one before, and is acknowledged. */
type Line =
  | { topics: string[]; number: number; listens: boolean }
  | { acknowledged: number }
  | { topic: string; payload: string };

export interface PeerEvents {
  /** The other side said what it listens to. `listens`: it has a socket of its own, where it is to be told things. */
  onTopics?(listens: boolean): void;
  onPayload(topic: string, payload: string): void;
}

export function payloadLine(topic: string, payload: string): string {
  return `${JSON.stringify({ topic, payload } satisfies Line)}\n`;
}

/** The other end of a connection. */
export class LocalPeer {
  private topics: ReadonlySet<string> = new Set();
  private rest = '';
  private told = 0;
  private readonly waiting = new Map<number, () => void>();
  private closed = false;

  constructor(
    private readonly socket: Socket,
    private readonly events: PeerEvents,
  ) {
    socket.unref();
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.take(text));
    // Whatever went wrong, the connection is closed, and that is heard.
    socket.on('error', () => undefined);
    socket.on('close', () => this.left());
  }

  wants(topic: string): boolean {
    return this.topics.has(topic);
  }

  /** Sends a line, unless the reader is too far behind. */
  send(line: string): void {
    if (!this.closed && this.socket.writableLength + line.length <= MAX_UNSENT) this.socket.write(line);
  }

  /** Says what is listened to here. Resolves when the other side has heard it, or is gone. */
  tell(topics: string[], listens: boolean): Promise<void> {
    const number = ++this.told;
    return new Promise((resolve) => {
      if (this.closed) return resolve();
      this.waiting.set(number, resolve);
      this.write({ topics, number, listens });
    });
  }

  destroy(): void {
    this.socket.destroy();
  }

  private write(line: Line): void {
    if (!this.closed) this.socket.write(`${JSON.stringify(line)}\n`);
  }

  private take(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      const known = parsed(line);
      if (known) this.act(known);
      else this.destroy();
    }
    if (this.rest.length > MAX_LINE) this.destroy();
  }

  private act(line: Line): void {
    if ('topic' in line) {
      this.events.onPayload(line.topic, line.payload);
    } else if ('acknowledged' in line) {
      this.waiting.get(line.acknowledged)?.();
      this.waiting.delete(line.acknowledged);
    } else {
      this.topics = new Set(line.topics);
      // What is listened to here is said first: whoever waits for the acknowledgement then knows it.
      this.events.onTopics?.(line.listens);
      this.write({ acknowledged: line.number });
    }
  }

  private left(): void {
    this.closed = true;
    for (const resolve of this.waiting.values()) resolve();
    this.waiting.clear();
  }
}

function parsed(line: string): Line | undefined {
  try {
    const value = JSON.parse(line) as Partial<Record<string, unknown>>;
    const isPayload = typeof value.topic === 'string' && typeof value.payload === 'string';
    const isTopics = Array.isArray(value.topics) && typeof value.number === 'number';
    return isPayload || isTopics || typeof value.acknowledged === 'number' ? (value as unknown as Line) : undefined;
  } catch {
    return undefined;
  }
}
