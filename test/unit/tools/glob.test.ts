import * as fc from 'fast-check';
import { globFilter } from '../../../activities/tools/files/glob';

test.each([
  ['*.md', 'a.md', true],
  ['*.md', 'x/y/a.md', true],
  ['*.md', 'a.mdx', false],
  ['./*.md', 'x/a.md', false],
  ['a/*.md', 'a/b.md', true],
  ['a/*.md', 'a/b/c.md', false],
  ['a/**', 'a/b/c.md', true],
  ['**/c.md', 'c.md', true],
  ['a/**/c.md', 'a/c.md', true],
  ['a/**/c.md', 'a/x/y/c.md', true],
  ['a/**/b/**/c', 'a/b/x/b/y/c', true],
  ['a/**/c.md', 'b/x/c.md', false],
  ['?.ts', 'a.ts', true],
  ['?.ts', '😀.ts', true],
  ['?.ts', 'ab.ts', false],
  ['*', '.hidden', true],
  ['*.{ts,js}', 'a.js', true],
  ['{a,b/{c,d}}/x', 'b/d/x', true],
  ['{a,b/{c,d}}/x', 'b/x', false],
  ['a.b', 'aXb', false],
  ['[a]+(b)', '[a]+(b)', true],
  ['a*b*c', 'axxbyybzzc', true],
  ['a*b*c', 'axxbyybzz', false],
  ['', 'a', false],
])('%s on %s: %s', (pattern, path, expected) => {
  expect(globFilter(pattern)(path)).toBe(expected);
});

test('agrees with a regular expression', () => {
  const name = fc
    .array(fc.constantFrom('a', 'b', '*', '?'), { minLength: 1, maxLength: 6 })
    .map((list) => list.join(''));
  const pattern = fc
    .array(fc.oneof(name, fc.constant('**')), { minLength: 2, maxLength: 4 })
    .map((list) => list.join('/'));
  const path = fc
    .array(
      fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 4 }).map((list) => list.join('')),
      { minLength: 1, maxLength: 4 },
    )
    .map((list) => list.join('/'));
  fc.assert(
    fc.property(pattern, path, (glob, candidate) => {
      const parts = glob
        .split('/')
        .map((part) =>
          /^\*\*+$/.test(part) && part === '**'
            ? '(?:[^/]+/)*'
            : `${part.replace(/\*+/g, '[^/]*').replaceAll('?', '[^/]')}/`,
        );
      expect(globFilter(glob)(candidate)).toBe(new RegExp(`^${parts.join('')}$`).test(`${candidate}/`));
    }),
    { numRuns: 2_000 },
  );
});

test('hostile patterns take no time', () => {
  const began = Date.now();
  expect(globFilter(`${'*a'.repeat(200)}b`)('a'.repeat(4_000))).toBe(false);
  expect(globFilter(`${'**/a/'.repeat(90)}b`)('a/'.repeat(60))).toBe(false);
  expect(Date.now() - began).toBeLessThan(1_000);
});

test('patterns that explode are refused', () => {
  expect(() => globFilter('{a,b}'.repeat(12))).toThrow('more than 64 alternatives');
  expect(() => globFilter('x'.repeat(501))).toThrow('longer than 500');
});
