import type { ArtifactRef } from '../../protocol/messages';
import { grouped, headOf, PREVIEW_HEAD, PREVIEW_TAIL, previewText, tailOf } from './preview';
import type { OutputText } from './tool-output';

/** Bytes of UTF-8 a result may have in the history; above, it goes to the artifact store. */
export const INLINE_BYTES = 64 * 1024;
/** Bytes a result may have once written as a JSON string: escapes can make six bytes of one. */
const INLINE_JSON_BYTES = 2 * INLINE_BYTES;
/** Bytes kept of one output by default. */
export const OUTPUT_BYTES = 10 * 1024 * 1024;
/** A stream that never waits would keep timers from firing; after so long it is made to wait. */
const BREATHE_MS = 20;
/** How long a stream's `return()` is waited for. */
const STOP_MS = 1_000;

/** Where large outputs go: the artifact store, bound to the run. */
export interface OutputStore {
  put(source: AsyncIterable<Uint8Array>, mediaType: string): Promise<ArtifactRef>;
}

export interface CappedOutput {
  /** The output, or a preview of it when it was too large. */
  content: string;
  mediaType: 'text/plain' | 'application/json';
  artifact?: ArtifactRef;
}

/**
 * An output as the history may hold it. Reads a stream as it comes: what goes beyond 64 kB is spilled to the store while
 * reading, and reading stops at `limit` bytes. A store that fails costs the model the middle of the output, not the call.
 */
export async function capOutput(
  output: OutputText,
  store: OutputStore,
  limit: number,
  signal: AbortSignal,
): Promise<CappedOutput> {
  const source = new OutputReader(output.stream ?? [output.whole], limit, signal);
  const start = await source.readUpTo(INLINE_BYTES + 1);
  if (source.exhausted && !source.cut && start.length <= INLINE_BYTES) {
    const content = start.toString();
    if (Buffer.byteLength(JSON.stringify(content)) <= INLINE_JSON_BYTES) {
      return { content, mediaType: output.mediaType };
    }
  }
  return spill(source, start, store, output.mediaType);
}

async function spill(
  source: OutputReader,
  start: Buffer,
  store: OutputStore,
  mediaType: CappedOutput['mediaType'],
): Promise<CappedOutput> {
  const head = headOf(start, PREVIEW_HEAD);
  let tail = start.subarray(head.length);
  async function* all(): AsyncGenerator<Buffer> {
    yield start;
    for (;;) {
      const chunk = await source.readUpTo(INLINE_BYTES);
      if (chunk.length === 0) return;
      tail = tailOf(Buffer.concat([tailOf(tail, PREVIEW_TAIL), chunk]), PREVIEW_TAIL);
      yield chunk;
    }
  }
  const notes: string[] = [];
  let artifact: ArtifactRef | undefined;
  try {
    // A cut JSON document is no JSON document.
    artifact = await store.put(all(), source.cut ? 'text/plain' : mediaType);
  } catch (error) {
    if (source.failure) throw source.failure.error;
    await source.stop();
    notes.push(`they could not be stored (${storageProblem(error)})`);
  }
  if (source.cut) notes.push(`the output was cut at ${grouped(source.bytes)} bytes, the rest was not kept`);
  const content = previewText({ head, tail, kept: source.bytes, notes, ...(artifact && { artifactId: artifact.id }) });
  return { content, mediaType: 'text/plain', ...(artifact && { artifact }) };
}

/** The code alone: messages of the file system hold paths of the worker's machine. */
function storageProblem(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return String(code ?? name ?? 'unknown error');
}

/** Reads text as UTF-8 in pieces, never more than `limit` bytes of it, never half a code point. */
class OutputReader {
  /** What went wrong in the source, as opposed to the store. */
  failure: { error: unknown } | undefined;
  /** Whether there was more than `limit` bytes. */
  cut = false;
  /** Bytes given out or waiting, at most `limit`. */
  bytes = 0;
  private readonly iterator: AsyncIterator<string> | Iterator<string>;
  private waiting: Buffer = Buffer.alloc(0);
  private surrogate = '';
  private ended = false;
  private breathed = performance.now();

  constructor(
    source: AsyncIterable<string> | Iterable<string>,
    private readonly limit: number,
    private readonly signal: AbortSignal,
  ) {
    this.iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  /** Whether everything was given out. */
  get exhausted(): boolean {
    return this.ended && this.waiting.length === 0;
  }

  /** The next bytes, at least `wanted` of them unless the end comes first. Empty at the end. */
  async readUpTo(wanted: number): Promise<Buffer> {
    const parts = [this.waiting];
    let length = this.waiting.length;
    this.waiting = Buffer.alloc(0);
    while (length < wanted && !this.ended) {
      const part = await this.next();
      parts.push(part);
      length += part.length;
    }
    const all = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    const given = headOf(all, Math.max(wanted, 4));
    this.waiting = all.subarray(given.length);
    return given;
  }

  /** Reads no more; tells the source so. */
  async stop(): Promise<void> {
    this.ended = true;
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, STOP_MS);
    });
    await Promise.race([this.close(), enough]);
    clearTimeout(timer);
  }

  private async next(): Promise<Buffer> {
    try {
      await this.breathe();
      const { done, value } = await this.abortable(Promise.resolve(this.iterator.next()));
      if (!done && typeof value !== 'string') throw new TypeError(`the stream gave a ${typeof value}, not text`);
      return await this.take(done ? undefined : value);
    } catch (error) {
      this.failure = { error };
      this.ended = true;
      void this.close(); // not awaited: after an abort the source may be stuck
      throw error;
    }
  }

  private async close(): Promise<void> {
    try {
      await this.iterator.return?.();
    } catch {
      // The output is already settled; a source that fails to clean up changes nothing.
    }
  }

  /** A surrogate pair may come in two chunks: its first half waits for the second. */
  private async take(chunk: string | undefined): Promise<Buffer> {
    if (chunk === undefined) this.ended = true;
    let text = this.surrogate + (chunk ?? '');
    const last = text.charCodeAt(text.length - 1);
    this.surrogate = chunk !== undefined && last >= 0xd800 && last <= 0xdbff ? text.slice(-1) : '';
    if (this.surrogate !== '') text = text.slice(0, -1);
    const room = this.limit - this.bytes;
    // A UTF-16 unit is a byte or more: what is longer than the room needs no encoding to be found too long.
    const encoded = Buffer.from(text.length > room ? text.slice(0, room + 1) : text);
    const kept = headOf(encoded, room);
    this.bytes += kept.length;
    if (kept.length < encoded.length) {
      this.cut = true;
      await this.stop();
    }
    return kept;
  }

  private async breathe(): Promise<void> {
    if (performance.now() - this.breathed > BREATHE_MS) {
      await new Promise(setImmediate);
      this.breathed = performance.now();
    }
    this.signal.throwIfAborted();
  }

  private abortable<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const onAbort = (): void => reject(this.signal.reason);
      this.signal.addEventListener('abort', onAbort, { once: true });
      work.then(resolve, reject).finally(() => this.signal.removeEventListener('abort', onAbort));
    });
  }
}
