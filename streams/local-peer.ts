import type { Socket } from 'node:net';

/** What a reader has not taken yet; beyond it, it loses what comes. */
const MAX_UNSENT = 1_000_000;
/** A line as long as this is none of ours. */
const MAX_LINE = 4_000_000;

/** What changes in what one side listens to. `listens`: it has a socket of its own, on which it is told things. */
export interface Listening {
  add: string[];
  drop?: string[];
  listens: boolean;
}

/** One line of JSON between two processes. What is listened to is acknowledged. */
type Line = (Listening & { number: number }) | { acknowledged: number } | { topic: string; payload: string };

export interface PeerEvents {
  onListening?(change: Listening): void;
  onPayload(topic: string, payload: string): void;
}

export function payloadLine(topic: string, payload: string): string {
  return `${JSON.stringify({ topic, payload } satisfies Line)}\n`;
}

/** The other end of a connection. */
export class LocalPeer {
  private readonly topics = new Set<string>();
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
  tell(change: Listening): Promise<void> {
    const number = ++this.told;
    return new Promise((resolve) => {
      if (this.closed) return resolve();
      this.waiting.set(number, resolve);
      this.write({ ...change, number });
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
      for (const topic of line.drop ?? []) this.topics.delete(topic);
      for (const topic of line.add) this.topics.add(topic);
      // What is listened to here is said first: whoever waits for the acknowledgement then knows it.
      this.events.onListening?.(line);
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
    const isListening =
      isTexts(value.add) && (value.drop === undefined || isTexts(value.drop)) && typeof value.number === 'number';
    return isPayload || isListening || typeof value.acknowledged === 'number' ? (value as unknown as Line) : undefined;
  } catch {
    return undefined;
  }
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
