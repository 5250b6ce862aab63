import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { hex, hmacSha256, sha256, utf8 } from '../../protocol/sha256';

const bytes = fc.uint8Array({ maxLength: 300 });

test('is what Node computes, for every length around a block and any content', () => {
  for (let length = 0; length <= 200; length++) {
    const given = new Uint8Array(length).map((_, at) => (at * 31 + length) & 255);
    expect(hex(sha256(given))).toBe(createHash('sha256').update(given).digest('hex'));
  }
  fc.assert(fc.property(bytes, (given) => hex(sha256(given)) === createHash('sha256').update(given).digest('hex')));
});

test('with a key of any length too', () => {
  fc.assert(
    fc.property(bytes, bytes, (key, message) => {
      return hex(hmacSha256(key, message)) === createHmac('sha256', key).update(message).digest('hex');
    }),
  );
});

test('a megabyte, and text beyond ASCII', () => {
  const large = new Uint8Array(1_000_003).fill(7);
  expect(hex(sha256(large))).toBe(createHash('sha256').update(large).digest('hex'));
  expect(hex(sha256(utf8('grün 漢 😀')))).toBe(createHash('sha256').update('grün 漢 😀').digest('hex'));
});
