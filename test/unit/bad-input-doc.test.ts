import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { FAILURE } from '../../protocol/failures';

/** The table of docs/bad-input.md, held against what there is. */

const root = path.resolve(__dirname, '..', '..');
const page = readFileSync(path.join(root, 'docs', 'bad-input.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => /^\| (?!Case|---|What)/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter((cells) => cells.length === 7)
  .map(([, what = '', code = '', exit = '', , shownBy = '']) => ({ what, code, exit, shownBy }));

test('has a row for every case that was promised', () => {
  expect(rows.length).toBeGreaterThanOrEqual(34);
  const promised = [
    'Unknown agent',
    'Unknown tool',
    'Invalid YAML',
    'wrong schema',
    '≥ 2 MB',
    '≥ 10 MB',
    'UTF-8',
    'control characters',
  ]
    .concat([
      'Two chats on one id',
      'Update to a run that is over',
      'Nobody listens',
      'Namespace',
      'No key',
      'Key refused',
    ])
    .concat([
      'Unknown price',
      'Invalid JSON of a tool call',
      'A tool that is not there',
      'No content',
      'An endless answer',
    ])
    .concat(['Disk full', 'Home read-only', 'Clock set back two hours', 'Escape sequences']);
  expect(promised.filter((one) => !rows.some(({ what }) => what.includes(one)))).toEqual([]);
});

test.each(rows)('$what: its test is there', ({ shownBy }) => {
  const file = /^`(test\/[\w./-]+\.test\.ts)`$/.exec(shownBy)?.[1] ?? '';
  expect([file, existsSync(path.join(root, file))]).toEqual([expect.stringMatching(/^test\//), true]);
});

test.each(rows)('$what: a code with its page, or why there is none', ({ code }) => {
  const codes = [...code.matchAll(/\[([\w.]+)\]\(errors\/([\w.]+)\.md\)/g)];
  for (const [, name = '', file] of codes) expect([file, Object.hasOwn(FAILURE, name)]).toEqual([name, true]);
  expect(codes.length > 0 || code.length > 3).toBe(true);
});

test.each(rows)('$what: the exit code is that of its code', ({ code, exit }) => {
  const { exitCodeOfFailure } =
    jest.requireActual<typeof import('../../apps/cli/exit-codes')>('../../apps/cli/exit-codes');
  const given = /^\d/.exec(exit)?.[0];
  const names = [...code.matchAll(/\[([\w.]+)\]/g)].map(([, name]) => name as keyof typeof FAILURE);
  if (given === undefined) return;
  expect(names.map((name) => String(exitCodeOfFailure(name)))).toEqual(names.map(() => given));
});
