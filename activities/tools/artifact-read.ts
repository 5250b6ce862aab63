import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { defineTool } from './define-tool';
import { headOf } from './preview';

/** Small enough that the answer stays inline. */
const MAX_BYTES = 32 * 1024;

const input = z.strictObject({
  id: z.string().describe('The artifact, "sha256:…", as named where an output was shortened.'),
  offset: z.number().int().min(0).default(0).describe('First byte to read.'),
  length: z.number().int().min(1).max(MAX_BYTES).default(MAX_BYTES).describe('Bytes to read.'),
});

/** Reads on in an output that was too large to be shown whole. */
export const artifactRead = defineTool({
  name: 'artifact_read',
  description:
    'Reads a part of a large tool output that was shortened. Give the id and offset named in the shortened output; go on with "next" until it is null.',
  input,
  effect: 'read',
  quick: true,
  async execute({ id, offset, length }, { readArtifact }) {
    // Up to three bytes more tell a code point that is cut by the range from one that is broken, and the end from a pause.
    const bytes = await readArtifact({ id }, { offset, length: length + 4 });
    const start = bytes.subarray(leadingContinuation(bytes, offset));
    const wanted = Math.max(4, length - (bytes.length - start.length));
    const part = headOf(start, wanted);
    const end = offset + (bytes.length - start.length) + part.length;
    const next = part.length < start.length ? end : null;
    if (isUtf8(part)) return { id, offset: end - part.length, bytes: part.length, text: part.toString(), next };
    return { id, offset: end - part.length, bytes: part.length, base64: part.toString('base64'), next };
  },
});

/** Bytes at the start of a range that belong to a code point before it. */
function leadingContinuation(bytes: Buffer, offset: number): number {
  if (offset === 0) return 0;
  const first = bytes.findIndex((byte) => (byte & 0xc0) !== 0x80);
  return first > 0 && first < 4 ? first : 0;
}
