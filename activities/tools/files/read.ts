import { z } from 'zod';
import { HoldfastError } from '../../../protocol/failures';
import { defineTool } from '../define-tool';
import type { Workspace } from '../workspace';
import { notText, withoutBom, withoutCutEnd } from './text';
import { FILES } from './toolset';

/** Bytes of text one call gives; with its JSON around it stays below what a result may have in the history. */
const MAX_BYTES = 48 * 1024;
const MAX_LINES = 2_000;
/** Bytes read to find lines; where a file is longer, its lines beyond are reached by bytes. */
const SCANNED = 8 * 1024 * 1024;

const input = z
  .strictObject({
    path: z.string().describe('The file, e.g. "docs/guide.md".'),
    startLine: z.number().int().min(1).optional().describe('First line to read, from 1.'),
    lines: z.number().int().min(1).max(MAX_LINES).optional().describe(`Lines to read. Default ${MAX_LINES}.`),
    startByte: z.number().int().min(0).optional().describe('Instead of lines: first byte to read, from 0.'),
    bytes: z.number().int().min(1).max(MAX_BYTES).optional().describe(`Bytes to read. Default ${MAX_BYTES}.`),
    encoding: z.enum(['utf8', 'base64']).default('utf8').describe('"base64" for binary files; read by bytes.'),
  })
  .refine(({ startLine, lines, startByte }) => startByte === undefined || (startLine ?? lines) === undefined, {
    message: 'give startLine and lines, or startByte and bytes, not both',
    path: ['startByte'],
  });

type Input = z.output<typeof input>;

/** Reads a file by lines, or by bytes; the answer says how long the file is and where to go on. */
export const filesRead = defineTool({
  name: 'files_read',
  description:
    'Reads a text file, whole or a range of lines or bytes. Answers with the text, the size of the file in bytes and lines, and "next": what to pass to read on, or null at the end.',
  input,
  effect: 'read',
  quick: true,
  ...FILES,
  execute(given, { workspace }) {
    const byBytes = given.startByte !== undefined || given.encoding === 'base64';
    return byBytes ? readBytes(given, workspace) : readLines(given, workspace);
  },
});

async function readBytes(given: Input, workspace: Workspace): Promise<unknown> {
  const { path, startByte = 0, bytes = MAX_BYTES, encoding } = given;
  const part = await workspace.read(path, { offset: startByte, length: bytes });
  if (encoding === 'base64') {
    const end = startByte + part.bytes.length;
    return { path, bytes: part.size, startByte, base64: part.bytes.toString('base64'), next: nextByte(end, part.size) };
  }
  // A range may begin and end within a code point: those bytes are left to the ranges beside it.
  const start = startByte === 0 ? 0 : continuationAt(part.bytes);
  const whole = withoutCutEnd(part.bytes.subarray(start));
  const text = whole.length > 0 ? whole : part.bytes.subarray(start);
  refuseBinary(path, text, part.size);
  const end = startByte + start + text.length;
  return {
    path,
    bytes: part.size,
    startByte: startByte + start,
    text: text.toString(),
    next: nextByte(end, part.size),
  };
}

function continuationAt(bytes: Buffer): number {
  let start = 0;
  while (start < Math.min(3, bytes.length) && ((bytes[start] as number) & 0xc0) === 0x80) start++;
  return start;
}

function nextByte(end: number, size: number): { startByte: number } | null {
  return end < size ? { startByte: end } : null;
}

async function readLines({ path, startLine = 1, lines = MAX_LINES, bytes = MAX_BYTES }: Input, workspace: Workspace) {
  const part = await workspace.read(path, { length: SCANNED });
  refuseBinary(path, part.bytes, part.size);
  const complete = part.bytes.length === part.size;
  const starts = lineStarts(part.bytes);
  const total = complete ? { lines: starts.length } : {};
  if (startLine > starts.length && starts.length > 0) throw beyondEnd(path, startLine, starts.length, complete);
  const from = starts[startLine - 1] ?? 0;
  const wanted = starts[startLine - 1 + lines] ?? part.bytes.length;
  const to = endWithin(part.bytes, starts, from, wanted, bytes);
  const last = Math.max(lastLineBefore(starts, to), Math.min(startLine, starts.length));
  const range = { startLine: starts.length === 0 ? 0 : startLine, endLine: last };
  const text = withoutBom(part.bytes.toString('utf8', from, to));
  return { path, bytes: part.size, ...total, ...range, text, next: nextLine(starts, to, last, part.size) };
}

/** Whole lines up to `wanted` within the limit of bytes; a part of the first when even that is longer. */
function endWithin(bytes: Buffer, starts: number[], from: number, wanted: number, limit: number): number {
  if (wanted - from <= limit)
    return wanted === bytes.length ? from + withoutCutEnd(bytes.subarray(from)).length : wanted;
  const lines = lastLineBefore(starts, from + limit + 1);
  const end = starts[lines - 1] ?? 0;
  return end > from ? end : from + withoutCutEnd(bytes.subarray(from, from + limit)).length;
}

/** How many lines begin before an offset. */
function lastLineBefore(starts: number[], offset: number): number {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] as number) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function nextLine(starts: number[], to: number, last: number, size: number): object | null {
  if (to >= size) return null;
  return starts[last] === to ? { startLine: last + 1 } : { startByte: to };
}

/** Where lines begin; a line break at the very end begins none. */
function lineStarts(bytes: Buffer): number[] {
  const starts = bytes.length > 0 ? [0] : [];
  for (let at = bytes.indexOf(10); at !== -1 && at + 1 < bytes.length; at = bytes.indexOf(10, at + 1))
    starts.push(at + 1);
  return starts;
}

function refuseBinary(path: string, bytes: Buffer, size: number): void {
  const problem = notText(bytes);
  if (problem === undefined) return;
  throw new HoldfastError('Tool.Failed', `"${path}" ${problem} (${size} bytes)`, {
    hint: 'Read it with encoding "base64" if its bytes are needed.',
  });
}

function beyondEnd(path: string, line: number, lines: number, complete: boolean): HoldfastError {
  if (complete) return new HoldfastError('Tool.Failed', `"${path}" has ${lines} lines; there is no line ${line}`);
  return new HoldfastError('Tool.Failed', `line ${line} of "${path}" is beyond the first ${SCANNED} bytes`, {
    hint: `Read on with startByte, e.g. ${SCANNED}.`,
  });
}
