import fc from 'fast-check';
import { escapeLine, escapeText, safeJson } from '../../../apps/cli/escape';

/** By code, so that this file holds none of them. */
const ch = (...codes: number[]): string => String.fromCodePoint(...codes);
const ESC = ch(0x1b);

describe('what acts on a terminal is made visible', () => {
  test.each<[string, string, string]>([
    ['a colour', `${ESC}[31mred`, '\\x1b[31mred'],
    ['a window title', `${ESC}]0;owned${ch(7)}`, '\\x1b]0;owned\\x07'],
    ['a link', `${ESC}]8;;http://x${ESC}\\text`, '\\x1b]8;;http://x\\x1b\\text'],
    ['the one-byte CSI', `${ch(0x9b)}2J`, '\\x9b2J'],
    ['a lone carriage return', 'real\rfake', 'real\\x0dfake'],
    ['backspaces', `rm${ch(8, 8)}ls`, 'rm\\x08\\x08ls'],
    ['a null and a delete', ch(0, 0x7f), '\\x00\\x7f'],
    ['right-to-left override', `a${ch(0x202e)}b`, 'a\\u202eb'],
    ['bidi isolates', `${ch(0x2066)}x${ch(0x2069)}`, '\\u2066x\\u2069'],
    ['an Arabic letter mark', ch(0x61c), '\\u061c'],
    ['zero-width space', `a${ch(0x200b)}b`, 'a\\u200bb'],
    ['a joiner between Latin letters', `a${ch(0x200d)}b`, 'a\\u200db'],
    ['a byte order mark', `${ch(0xfeff)}x`, '\\ufeffx'],
    ['a soft hyphen', `a${ch(0xad)}b`, 'a\\xadb'],
    ['line and paragraph separators', ch(0x2028, 0x2029), '\\u2028\\u2029'],
    ['next line', ch(0x85), '\\x85'],
    ['tags that hide words', `x${ch(0xe0041)}`, 'x\\u{e0041}'],
    ['a stray variation selector', `a${ch(0xfe0f)}`, 'a\\ufe0f'],
    ['a selector of the supplement', `a${ch(0xe0100)}`, 'a\\u{e0100}'],
    ['half of a pair', `a${'\ud83d'}b`, 'a\\ud83db'],
    ['a filler', ch(0x3164), '\\u3164'],
  ])('%s', (_what, given, shown) => {
    expect(escapeText(given)).toBe(shown);
  });
});

describe('what people write stays as it is', () => {
  test.each([
    'plain text, with 17 % of “typography” — and …',
    'two\nlines\tand a tab',
    'Grüße, Ελλάδα, Москва, 日本語, 한국어, עברית, العربية',
    '👍 👍🏽 ❤️ 👩‍💻 1️⃣ 🏳️‍🌈',
    'می‌خواهم',
    'क्‍ष',
    'e\u0301',
  ])('%j', (text) => {
    expect(escapeText(text)).toBe(text);
  });

  test('line ends of Windows become plain ones', () => {
    expect(escapeText('a\r\nb\r\n')).toBe('a\nb\n');
  });
});

test('whatever is given, nothing that acts on a terminal is left', () => {
  const wild = fc.string({ unit: fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code)) });
  const controls = (text: string): boolean =>
    [...text].some((character) => {
      const code = character.codePointAt(0) ?? 0;
      return (
        (code < 0x20 && code !== 9 && code !== 10) || (code >= 0x7f && code < 0xa0) || (code >= 0xd800 && code < 0xe000)
      );
    });
  fc.assert(
    fc.property(wild, (text) => !controls(escapeText(text))),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(wild, (text) => escapeText(escapeText(text)) === escapeText(text)),
    { numRuns: 500 },
  );
});

describe('one line', () => {
  test('has no line breaks and no runs of space', () => {
    expect(escapeLine('  a\n\n b\t\tc ')).toBe('a b c');
  });

  test('is cut to its limit, and says so', () => {
    expect(escapeLine('abcdef', 4)).toBe('abc…');
    expect(escapeLine('abcd', 4)).toBe('abcd');
    expect([...escapeLine('👍'.repeat(50), 10)]).toHaveLength(10);
  });

  test('megabytes are not looked at', () => {
    const started = performance.now();
    expect(escapeLine('x'.repeat(20_000_000), 100)).toHaveLength(100);
    expect(performance.now() - started).toBeLessThan(200);
  });
});

describe('JSON', () => {
  test('is the same value, and safe to show', () => {
    const value = { text: `${ESC}[2J${ch(0x202e, 0x9b, 0xe0041)} 👩‍💻\nline`, list: ['\ud83d'] };
    const text = safeJson(value, 2);
    expect(JSON.parse(text)).toEqual(value);
    expect(text).not.toMatch(/[^\n\x20-\x7e\u{1f469}\u{1f4bb}]/u);
  });

  test('undefined is null', () => {
    expect(safeJson(undefined)).toBe('null');
  });
});
