import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { recount, rowsOf, sumOf, totalsOf } from '../fixtures/recount';
import { makeSurveyFolder } from '../fixtures/survey-folder';
import { type FakeSession, runSession } from './simulated-session';

let folder = '';
beforeAll(() => {
  folder = makeSurveyFolder();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const survey = (given: Partial<FakeSession> = {}) =>
  runSession({
    task: 'Survey the folder and write a report.',
    mounts: [{ name: 'material', path: folder, access: 'read' }],
    ...given,
  });

const byPath = <T extends { path: string }>(items: T[]): T[] => [...items].sort((a, b) => (a.path < b.path ? -1 : 1));

function expectRightFigures(report: string | undefined): void {
  const expected = byPath(recount(folder, 'material/'));
  expect(byPath(rowsOf(report ?? ''))).toEqual(expected);
  const totals = totalsOf(report ?? '');
  const readable = expected.filter(({ kind }) => kind === 'text');
  expect(totals).toMatchObject({
    Files: String(expected.length),
    'Text files read': String(readable.length),
    'Binary files, not read': String(expected.length - readable.length),
    'Files that could not be read': '0',
    Bytes: String(sumOf(expected, 'bytes')),
    Lines: String(sumOf(expected, 'lines')),
    Words: String(sumOf(expected, 'words')),
    Headings: String(sumOf(expected, 'headings')),
    'Code blocks': String(sumOf(expected, 'codeBlocks')),
    'Marks (TODO and the like)': String(sumOf(expected, 'marks')),
    Links: String(sumOf(expected, 'links')),
  });
}

test('reads a folder with the real tools and writes right figures', async () => {
  const end = await survey();
  expectRightFigures(end.report);
  expect(end.report).toContain('The calculator finds the same sums: bytes, lines, words.');
  expect(end.report).toContain('**Häuser am See**');
  expect(end.report).toContain('> A first paragraph, over two lines.');
  expect(end.answer).toMatch(/^\[simulated\] Surveyed 14 files, \d+ bytes/);
  expect(end.answer).toContain('report.md');
  expect(end.todos.every(({ status }) => status === 'done')).toBe(true);
  expect(end.todos).toHaveLength(4);
});

test('reads independent files together, large ones in ranges to the end', async () => {
  const { messages, calls } = await survey();
  const batches = messages.map((message) =>
    message.role === 'assistant' ? message.content.filter((part) => part.type === 'tool-call').length : 0,
  );
  expect(Math.max(...batches)).toBeLessThanOrEqual(9);
  expect(Math.max(...batches)).toBeGreaterThanOrEqual(8);
  const ranges = calls.filter(({ arguments: args }) => (args as { path?: string }).path?.endsWith('large.md'));
  expect(ranges.length).toBeGreaterThan(3);
});

test.each([
  ['only its last messages', 60_000, 1],
  ['not even the task', 60_000, 0],
  ['hardly anything', 12_000, 1],
])('finishes with right figures when the context keeps %s', async (_, contextTokens, keepFirst) => {
  const end = await survey({ contextTokens, keepFirst });
  expect(end.dropped).toBe(true);
  expectRightFigures(end.report);
  expect(end.report).toContain('**Task:** Survey the folder and write a report.');
});

test('works with files_list where it may not walk, and without a calculator or a list', async () => {
  const end = await survey({ tools: ['files_list', 'files_read', 'files_write'] });
  expectRightFigures(end.report);
  expect(end.report).not.toContain('calculator finds');
});

test('answers with the report where it may not write', async () => {
  const end = await survey({ tools: ['files_walk', 'files_read'] });
  expect(end.report).toBeUndefined();
  expect(end.answer).toContain('I may not write files, so here it is');
  expectRightFigures(end.answer);
});

test('reads the first 200 files and names the rest; what is too large is counted, not read', async () => {
  const many = mkdtempSync(path.join(tmpdir(), 'holdfast-many-'));
  try {
    for (let at = 0; at < 260; at++)
      writeFileSync(path.join(many, `${String(at).padStart(3, '0')}.txt`), 'two words\n');
    truncateSync(path.join(many, '007.txt'), 5_000_000);
    const { report = '', answer } = await survey({ mounts: [{ name: 'many', path: many, access: 'read' }] });
    expect(rowsOf(report)).toHaveLength(200);
    expect(totalsOf(report)).toMatchObject({ Files: '200', Words: '398', 'Further files, left out': '60, 600 bytes' });
    expect(report).toContain('- `many/007.txt`: larger than 4194304 bytes');
    expect(report).toContain('- `many/200.txt`: left out, more than 200 files');
    expect(report).toContain('- and 10 more');
    expect(answer).toContain('Not read: 61;');
  } finally {
    rmSync(many, { recursive: true, force: true });
  }
});

test('names what failed and goes on', async () => {
  const end = await survey({
    tamper: (result, call) => {
      const { path } = call.arguments as { path?: string };
      return path?.endsWith('README.md')
        ? { ...result, outcome: 'denied', content: 'not for you', mediaType: 'text/plain' }
        : result;
    },
  });
  expect(end.report).toContain('- `material/README.md`: denied: not for you');
  expect(totalsOf(end.report ?? '')['Files that could not be read']).toBe('1');
  expect(end.answer).toContain('Not read: 1; the report says which and why.');
});

test('says when the sums could not be confirmed', async () => {
  const lie = await survey({
    tamper: (result) => (result.name === 'calculator' ? { ...result, content: '{"result":"7","exact":true}' } : result),
  });
  expect(lie.report).toContain('The sums could not be confirmed: bytes (calculator: 7)');
  const broken = await survey({
    tamper: (result) => (result.name === 'calculator' ? { ...result, outcome: 'failed', content: 'no' } : result),
  });
  expect(broken.report).toContain('bytes (calculator: failed: no)');
});

test('gives the report in the answer when it cannot be written', async () => {
  const end = await survey({
    tamper: (result) => (result.name === 'files_write' ? { ...result, outcome: 'denied', content: 'no' } : result),
  });
  expect(end.answer).toContain('report.md could not be written (denied: no), so here it is');
});

test('says so when there is nothing to look at, or looking fails', async () => {
  const empty = await survey({ mounts: [] });
  expect(empty.answer).toBe('[simulated] I looked for files and found none.');
  const failing = await survey({ tamper: (result) => ({ ...result, outcome: 'failed', content: 'disk on fire' }) });
  expect(failing.answer).toContain('Problems: files_walk "": failed: disk on fire.');
});

test('a task it does not understand is taken for the files there are, else said to be beyond it', async () => {
  const mounted = await survey({ task: 'Tell me something nice.' });
  expectRightFigures(mounted.report);
  const bare = await survey({ task: 'Tell me something nice.', mounts: [] });
  expect(bare.answer).toContain('Tell me something nice.');
  expect(bare.answer).toContain('OPENAI_API_KEY or ANTHROPIC_API_KEY');
});
