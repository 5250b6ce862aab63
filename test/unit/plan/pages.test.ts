import fc from 'fast-check';
import { pagesOf } from '../../../workflows/plan/pages';

test('whatever is in it, the pieces of a text are stored and put together without loss', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 2, max: 9 }), (text, chars) => {
      const pages = pagesOf(text, chars);
      // As the store keeps them.
      expect(pages.map((page) => Buffer.from(page).toString()).join('')).toBe(text);
      for (const page of pages) expect(page.length).toBeLessThanOrEqual(chars);
    }),
  );
  expect(pagesOf('ab😀c', 3)).toEqual(['ab', '😀c']);
});
