import { isUtf8 } from 'node:buffer';
import { HoldfastError } from '../../../protocol/failures';

/** Bytes at the start in which a NUL makes a file binary. */
const SNIFFED = 8_192;
const BOM = '\uFEFF';

/** Why bytes are not text; undefined when they are. A code point cut off at the end is no fault. */
export function notText(bytes: Buffer): string | undefined {
  if (startsWith(bytes, 0xff, 0xfe) || startsWith(bytes, 0xfe, 0xff)) return 'is UTF-16, not UTF-8';
  if (bytes.subarray(0, SNIFFED).includes(0)) return 'is binary';
  return isUtf8(bytes) || isUtf8(withoutCutEnd(bytes)) ? undefined : 'is not UTF-8';
}

function startsWith(bytes: Buffer, first: number, second: number): boolean {
  return bytes[0] === first && bytes[1] === second;
}

/** Without the bytes of a last code point that is not whole. */
export function withoutCutEnd(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needed > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}

/**
 * A whole file as text, a byte order mark kept.
 * @throws HoldfastError `Tool.Failed` when it is binary or in another encoding.
 */
export function textOf(bytes: Buffer, path: string): string {
  const problem = notText(bytes) ?? (isUtf8(bytes) ? undefined : 'is not UTF-8');
  if (problem !== undefined) throw new HoldfastError('Tool.Failed', `"${path}" ${problem}`);
  return bytes.toString('utf8');
}

export function withoutBom(text: string): string {
  return text.startsWith(BOM) ? text.slice(1) : text;
}
