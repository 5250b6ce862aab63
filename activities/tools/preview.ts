/** Bytes of UTF-8 a preview shows of the start and of the end of an output. */
export const PREVIEW_HEAD = 4_096;
export const PREVIEW_TAIL = 2_048;

/** At most `limit` bytes from the start, ending between two code points. The bytes must be UTF-8. */
export function headOf(bytes: Buffer, limit: number): Buffer {
  let end = Math.min(bytes.length, Math.max(0, limit));
  while (end < bytes.length && end > 0 && isContinuation(bytes[end])) end--;
  return bytes.subarray(0, end);
}

/** At most `limit` bytes from the end, starting between two code points. The bytes must be UTF-8. */
export function tailOf(bytes: Buffer, limit: number): Buffer {
  let start = Math.max(0, bytes.length - Math.max(0, limit));
  while (start > 0 && start < bytes.length && isContinuation(bytes[start])) start++;
  return bytes.subarray(start);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** Text cut to a number of bytes, saying how much is missing. */
export function shorten(text: string, limit: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= limit) return bytes.toString();
  const head = headOf(bytes, limit);
  return `${head.toString()} [… ${grouped(bytes.length - head.length)} bytes left out]`;
}

export interface PreviewOf {
  /** The start of the output; at most `PREVIEW_HEAD` bytes of it are shown. */
  head: Buffer;
  /** The end of the output, not overlapping `head`; at most `PREVIEW_TAIL` bytes of it are shown. */
  tail: Buffer;
  /** Bytes of what was kept. */
  kept: number;
  /** Where the kept bytes can be read; absent when they could not be stored. */
  artifactId?: string;
  /** What happened to the output, e.g. that it was cut. */
  notes: string[];
}

/** What the model reads of an output that is too large: head, what is left out and how to read it, tail. */
export function previewText({ head, tail, kept, artifactId, notes }: PreviewOf): string {
  const first = headOf(head, PREVIEW_HEAD);
  const last = tailOf(tail, PREVIEW_TAIL);
  const how = artifactId
    ? `read them with artifact_read ${JSON.stringify({ id: artifactId, offset: first.length })}`
    : '';
  const gap = [`${grouped(kept - first.length - last.length)} of ${grouped(kept)} bytes left out`, how, ...notes];
  return `${first.toString()}\n[… ${gap.filter((part) => part !== '').join('; ')} …]\n${last.toString()}`;
}

/** 1234567 → "1,234,567", the same in every locale. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
