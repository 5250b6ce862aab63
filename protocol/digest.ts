import type { Message } from './messages';

/** The mark an activity gave a message; undefined for messages the workflow or its caller made. */
export function markOf(message: Message): string | undefined {
  return message.mark;
}

/**
 * A 53-bit rolling digest (cyrb53, public domain), in plain arithmetic so that it runs in the workflow sandbox.
 * It detects accidents (a stale cache), not attackers; the audit chain uses SHA-256.
 */
export function rollDigest(previous: string, text: string): string {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  const feed = (part: string): void => {
    for (let i = 0; i < part.length; i++) {
      const code = part.charCodeAt(i);
      a = Math.imul(a ^ code, 2654435761);
      b = Math.imul(b ^ code, 1597334677);
    }
  };
  feed(previous);
  feed(text);
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36);
}
