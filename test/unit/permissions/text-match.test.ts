import fc from 'fast-check';
import { exactly, loosely, type SubjectKind } from '../../../protocol/permissions/text-match';
import * as corpus from './corpus';

const KINDS: SubjectKind[] = ['text', 'path', 'command', 'url'];
const kind = fc.constantFrom(...KINDS);
const written = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'ab/.*:@$"\'` \\%;&|<>(){}\n\0\u200b') }),
  fc.constantFrom(
    ...corpus.REMOVALS,
    ...corpus.SECRET_PATHS,
    ...corpus.CORP_URLS,
    ...corpus.LOOPBACK_URLS,
    ...corpus.OTHER_URLS,
  ),
);

describe('a prohibition catches every spelling', () => {
  test.each(corpus.REMOVALS)('of a command: %j', (text) => {
    expect(loosely('command', text, 'rm *', false)).toBe(true);
    expect(loosely('command', text, 'rm*', false)).toBe(true);
  });
  test.each(corpus.SECRET_PATHS)('of a path: %j', (text) =>
    expect(loosely('path', text, 'secrets/**', false)).toBe(true),
  );
  test.each(corpus.CORP_URLS)('of an address: %j', (text) => {
    expect(loosely('url', text, 'https://internal.corp/**', false)).toBe(true);
  });
  test.each(corpus.LOOPBACK_URLS)('of an address by number: %j', (text) => {
    expect(loosely('url', text, 'http://127.0.0.1/**', false)).toBe(true);
  });
  test.each(corpus.DROP_TEXTS)('of a text: %j', (text) =>
    expect(loosely('text', text, '*drop table*', false)).toBe(true),
  );
});

describe('a prohibition leaves alone', () => {
  test.each(corpus.HARMLESS)('the command %j', (text) => expect(loosely('command', text, 'rm *', false)).toBe(false));
  test.each(corpus.OTHER_PATHS)('the path %j', (text) =>
    expect(loosely('path', text, 'secrets/**', false)).toBe(false),
  );
  test.each(corpus.OTHER_URLS)('the address %j', (text) => {
    expect(loosely('url', text, 'https://internal.corp/**', false)).toBe(false);
    expect(loosely('url', text, 'http://127.0.0.1/**', false)).toBe(false);
  });
  test('a command that is part of a forbidden line', () => {
    expect(loosely('command', 'git add x', 'git add x; git push', true)).toBe(false);
    expect(loosely('command', 'git add x; git push', 'git add x; git push', true)).toBe(true);
  });
  test('another port, where the rule names one', () => {
    expect(loosely('url', 'https://x.com/a', 'https://x.com:8443/**', false)).toBe(false);
  });
});

describe('a permission holds for plain texts alone', () => {
  const spellings = (texts: readonly string[]) => texts.slice(1);
  test.each(spellings(corpus.REMOVALS).filter((text) => /[;&|`$<>(){}"'\\\n\u200b]/.test(text)))('not %j', (text) => {
    for (const pattern of ['rm *', 'ls*', 'echo *', 'sh *', '*'])
      expect(exactly('command', text, pattern, false)).toBe(false);
  });
  test.each(spellings(corpus.SECRET_PATHS).filter((text) => /\.\.|\/\/|\\|%|["'~]|\.$|\s|\/\.\//.test(text)))(
    'not %j',
    (text) => {
      expect(exactly('path', text, 'secrets/**', false)).toBe(false);
    },
  );
  test('of what they name', () => {
    expect(exactly('command', 'git status -s', 'git status*', false)).toBe(true);
    expect(exactly('path', 'reports/a/q3.md', 'reports/**', false)).toBe(true);
    expect(exactly('path', '/data/q3.md', '/data/*', false)).toBe(true);
    expect(exactly('url', 'https://api.acme.com/v1/x?y=1', 'https://*.acme.com/**', false)).toBe(true);
    expect(exactly('text', 'ann@acme.com', '*@acme.com', false)).toBe(true);
  });
  test.each([
    ['text', 'x@evil.com, ann@acme.com', '*@acme.com'],
    ['text', 'x@evil.com;ann@acme.com', '*@acme.com'],
    ['url', 'https://evil.com/.acme.com/', 'https://*.acme.com/**'],
    ['url', 'https://evil.com?.acme.com/', 'https://*.acme.com/**'],
    ['url', 'https://evil.com#.acme.com/', 'https://*.acme.com/**'],
    ['url', 'https://x@evil.com:1.acme.com/', 'https://*.acme.com/**'],
    ['url', 'https://api.acme.com/public/..;/admin', 'https://api.acme.com/public/**'],
    ['url', 'https://api.acme.com/public/../admin', 'https://api.acme.com/public/**'],
    ['url', 'https://api.acme.com/public/%2e%2e/admin', 'https://api.acme.com/public/**'],
    ['path', 'reports/../secrets/x', 'reports/**'],
    ['path', '~/reports', '~/**'],
  ] as const)('not of a %s %j by %s', (of, text, pattern) => expect(exactly(of, text, pattern, false)).toBe(false));
});

test('what a permission holds for, a prohibition of the same words catches', () => {
  fc.assert(
    fc.property(kind, written, written, fc.boolean(), (of, text, pattern, literal) => {
      if (exactly(of, text, pattern, literal)) expect(loosely(of, text, pattern, literal)).toBe(true);
      expect(loosely(of, text, text, true)).toBe(true);
    }),
    { numRuns: 3_000 },
  );
});

test('no text of 20 kB takes long to judge', () => {
  const pieces = [
    '-a ',
    ';',
    '|',
    '||',
    '|/',
    '"',
    "'",
    '$(',
    '`',
    '>',
    '>"',
    'sudo ',
    '{',
    '%25',
    '../',
    'a/',
    '/',
    '%',
    '\u0301',
    '(',
    'x@',
    '<<',
    '${',
  ];
  for (const of of KINDS) {
    for (const piece of pieces) {
      const text = piece.repeat(Math.floor(20_000 / piece.length));
      const from = process.cpuUsage();
      loosely(of, text, '*a*b*c*', false);
      exactly(of, text, '*a*b*c*', false);
      expect({ of, piece, fast: process.cpuUsage(from).user < 1_500_000 }).toEqual({ of, piece, fast: true });
    }
  }
  expect(loosely('text', 'a'.repeat(20_001), 'b', false)).toBe(true);
});
