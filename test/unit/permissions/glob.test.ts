import fc from 'fast-check';
import { matchGlob } from '../../../protocol/permissions/glob';

/** The simplest thing that is right, and slow. */
function oracle(pattern: string, text: string, segmented: boolean): boolean {
  const star = /^\*+/.exec(pattern)?.[0];
  if (star === undefined) {
    const [head] = pattern;
    if (head === undefined) return text === '';
    return text[0] === head && oracle(pattern.slice(1), text.slice(1), segmented);
  }
  const rest = pattern.slice(star.length);
  for (let length = 0; length <= text.length; length++) {
    if (segmented && star.length === 1 && text.slice(0, length).includes('/')) break;
    if (oracle(rest, text.slice(length), segmented)) return true;
  }
  return false;
}

const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.'), maxLength: 10 });
const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '*'), maxLength: 8 });

describe('stars', () => {
  test('match what the simplest matcher matches', () => {
    fc.assert(
      fc.property(pattern, text, fc.boolean(), (stars, given, segmented) => {
        expect(matchGlob(stars, given, segmented).full).toBe(oracle(stars, given, segmented));
      }),
      { numRuns: 3_000 },
    );
  });

  test('"open" is whether a longer text could match', () => {
    fc.assert(
      fc.property(pattern, text, text, fc.boolean(), (stars, given, more, segmented) => {
        if (oracle(stars, given + more, segmented)) expect(matchGlob(stars, given, segmented).open).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  test.each(['*a'.repeat(400), '**a*'.repeat(200), `${'*'.repeat(999)}b`, `${'a*'.repeat(490)}b`])(
    'no pattern makes a long text slow',
    (evil) => {
      const from = performance.now();
      matchGlob(evil, 'a'.repeat(20_000), false);
      matchGlob(evil, `${'a/'.repeat(10_000)}`, true);
      expect(performance.now() - from).toBeLessThan(10_000);
    },
  );
});
