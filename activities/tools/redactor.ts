/** Shorter values are no secrets worth the name, and would be found everywhere. */
const MIN_CHARS = 6;
/** Values kept; those leased longest ago are forgotten. */
const MAX_VALUES = 1_000;
const MAX_DEPTH = 60;
/** A line of a key file says enough of it. */
const MIN_LINE = 16;

/**
 * Knows every secret this worker has leased, and replaces it by its name wherever it is about to leave an activity: as it is, and as
 * base64, hexadecimal, URL-encoded or JSON text. What a tool transforms in another way is not recognised.
 */
export class Redactor {
  private readonly names = new Map<string, string>();
  private pattern: RegExp | undefined;
  private longest = 0;

  add(name: string, value: string): void {
    if (value.length < MIN_CHARS) return;
    for (const form of formsOf(value)) {
      this.names.delete(form);
      this.names.set(form, name);
    }
    for (const oldest of this.names.keys()) {
      if (this.names.size <= MAX_VALUES) break;
      this.names.delete(oldest);
    }
    const forms = [...this.names.keys()].sort((a, b) => b.length - a.length);
    this.longest = forms[0]?.length ?? 0;
    this.pattern = new RegExp(forms.map((form) => form.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')).join('|'), 'g');
  }

  /** Nothing to hide yet: whoever would do much for it need not. */
  get idle(): boolean {
    return this.pattern === undefined;
  }

  text(text: string): string {
    return this.pattern ? text.replace(this.pattern, (form) => `[secret ${this.names.get(form)}]`) : text;
  }

  /** The same for all texts in a value made of data. */
  value<T>(value: T): T {
    return this.pattern ? (this.deep(value, 0) as T) : value;
  }

  /** Changes the error itself: its message, trace, details and causes. */
  error<T>(error: T, depth = 0): T {
    if (!this.pattern || !(error instanceof Error) || depth > 10) return error;
    const own = error as Error & { details?: unknown; hint?: unknown };
    for (const name of ['message', 'stack', 'hint', 'details'] as const) {
      const value = own[name];
      const clean = this.value(value);
      if (value !== undefined && clean !== value) {
        Object.defineProperty(own, name, { value: clean, configurable: true, writable: true });
      }
    }
    this.error(own.cause, depth + 1);
    return error;
  }

  /** A text that comes in pieces: a secret may lie across them, so the end of each waits for the next. */
  pieces(): TextPieces {
    return new TextPieces(
      (text) => this.text(text),
      (text) => this.cutOf(text),
    );
  }

  async *stream(pieces: AsyncIterable<string>): AsyncGenerator<string> {
    const held = this.pieces();
    for await (const piece of pieces) {
      const text = held.push(typeof piece === 'string' ? piece : String(piece));
      if (text !== '') yield text;
    }
    const rest = held.end();
    if (rest !== '') yield rest;
  }

  /** Up to where no secret can still begin. */
  private cutOf(text: string): number {
    if (!this.pattern) return text.length;
    let cut = Math.max(0, text.length - this.longest + 1);
    for (const { 0: form, index } of text.matchAll(this.pattern)) {
      if (index < cut && index + form.length > cut) cut = index + form.length;
    }
    return cut;
  }

  private deep(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
    if (depth > MAX_DEPTH) return null;
    if (Array.isArray(value)) return value.map((item) => this.deep(item, depth + 1));
    if (value instanceof Error) return this.error(value);
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.text(key), this.deep(item, depth + 1)]));
  }
}

/** The pieces of one text. */
export class TextPieces {
  private held = '';

  constructor(
    private readonly clean: (text: string) => string,
    private readonly cutOf: (text: string) => number,
  ) {}

  push(piece: string): string {
    this.held += piece;
    const cut = this.cutOf(this.held);
    const text = this.held.slice(0, cut);
    this.held = this.held.slice(cut);
    return this.clean(text);
  }

  end(): string {
    const text = this.clean(this.held);
    this.held = '';
    return text;
  }
}

function formsOf(value: string): string[] {
  const lines = value.split(/\r?\n/).filter((line) => line.trim().length >= MIN_LINE);
  return [...new Set([value.trim(), ...lines])].flatMap((text) => {
    const bytes = Buffer.from(text);
    const hex = bytes.toString('hex');
    const plain = [
      text,
      JSON.stringify(text).slice(1, -1),
      encodeURIComponent(text),
      encodeURI(text),
      hex,
      hex.toUpperCase(),
    ];
    return [...plain, ...base64Of(bytes)].filter((form) => form.length >= MIN_CHARS);
  });
}

/** Also within a longer text, where it may begin at any of three places in a group of bytes. */
function base64Of(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const start = [0, 2, 3][offset] as number;
    const sure = text.slice(start, Math.floor(((offset + bytes.length) * 8) / 6));
    return [sure, sure.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
