import * as fc from 'fast-check';
import {
  grouped,
  headOf,
  PREVIEW_HEAD,
  PREVIEW_TAIL,
  previewText,
  shorten,
  tailOf,
} from '../../../activities/tools/preview';

const text = fc.string({ unit: 'binary', maxLength: 60 });
const limit = fc.nat(80);

test('a cut never breaks a code point, keeps to the limit and wastes less than one', () => {
  fc.assert(
    fc.property(text, limit, (value, most) => {
      const bytes = Buffer.from(value);
      const head = headOf(bytes, most);
      const tail = tailOf(bytes, most);
      expect(bytes.toString().startsWith(head.toString())).toBe(true);
      expect(bytes.toString().endsWith(tail.toString())).toBe(true);
      for (const part of [head, tail]) {
        expect(Buffer.from(part.toString()).equals(part)).toBe(true);
        expect(part.length).toBeLessThanOrEqual(most);
        expect(part.length).toBeGreaterThan(Math.min(bytes.length, most) - 4);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('a preview is its head, a note and its tail; the number left out adds up', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 3_000, maxLength: 6_000 }), (value) => {
      const bytes = Buffer.from(value.repeat(4));
      const head = headOf(bytes, PREVIEW_HEAD);
      const shown = previewText({
        head,
        tail: bytes.subarray(head.length),
        kept: bytes.length,
        notes: [],
        artifactId: 'x',
      });
      const [before = '', after = ''] = shown.split(/\n\[… [\d,]+ of [\d,]+ bytes left out; .* …\]\n/);
      const left = Number(/\[… ([\d,]+) of/.exec(shown)?.[1]?.replaceAll(',', ''));
      expect(Buffer.byteLength(before) + Buffer.byteLength(after) + left).toBe(bytes.length);
      expect(Buffer.byteLength(after)).toBeLessThanOrEqual(PREVIEW_TAIL);
      expect(before).not.toContain('\ufffd'.repeat(2));
    }),
    { numRuns: 50 },
  );
});

test('limits below zero and beyond the end', () => {
  const bytes = Buffer.from('abc');
  expect([headOf(bytes, -1).length, tailOf(bytes, -1).length]).toEqual([0, 0]);
  expect([headOf(bytes, 9).length, tailOf(bytes, 9).length]).toEqual([3, 3]);
});

test('shortening says how much is missing, and mends what is no text', () => {
  expect(shorten('héllo', 6)).toBe('héllo');
  expect(shorten('héllo', 2)).toBe('h [… 5 bytes left out]');
  expect(shorten('\ud800', 10)).toBe('\ufffd');
});

test('numbers are grouped', () => {
  expect([0, 999, 1_000, 12_345, 1_234_567].map(grouped)).toEqual(['0', '999', '1,000', '12,345', '1,234,567']);
});
