import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { recount, rowsOf, sumOf, totalsOf } from '../fixtures/recount';
import { makeSurveyFolder } from '../fixtures/survey-folder';
import { runSession } from './simulated-session';

/** Parts of a report, and the report that is put together of them: the simulated model with the real tools. */

let folder = '';
let other = '';

beforeAll(() => {
  folder = makeSurveyFolder();
  other = mkdtempSync(path.join(tmpdir(), 'holdfast-team-'));
  writeFileSync(path.join(other, 'long.md'), `# Long\n\n${'line\n'.repeat(70_000)}`);
});

afterAll(() => {
  for (const made of [folder, other]) rmSync(made, { recursive: true, force: true });
});

async function partOf(name: string): Promise<string> {
  const mounts = [
    { name: 'first', path: folder, access: 'read' as const },
    { name: 'second', path: other, access: 'read' as const },
  ];
  const task = `Survey the folder \`${name}\` and answer with its part of the report.`;
  const end = await runSession({ task, mounts });
  expect(end.report).toBeUndefined();
  expect(end.calls.map((call) => call.name)).not.toContain('files_write');
  expect(end.todos.every(({ status }) => status === 'done')).toBe(true);
  return end.answer;
}

const assembled = (inputs: object, tools = ['files_write', 'calculator', 'todo']) =>
  runSession({ task: JSON.stringify({ task: 'Put the parts together and write report.md.', inputs }, null, 2), tools });

test('a part is of the folder that is named, and is the answer itself', async () => {
  const part = await partOf('first');
  expect(part).toMatch(/^\[simulated\] Surveyed 14 files, [\s\S]*\n## Folder `first`\n\n### Totals\n/);
  const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1);
  expect(rowsOf(part).sort(byPath)).toEqual(recount(folder, 'first/').sort(byPath));
});

test('the report has the totals over all parts, as the calculator found them, and the parts as they are', async () => {
  const parts = { one: await partOf('first'), two: await partOf('second') };
  const end = await assembled(parts);
  const [whole = '', ...sections] = (end.report ?? '').split(/^(?=## Folder)/m);
  const files = [...recount(folder, 'first/'), ...recount(other, 'second/')];
  expect(totalsOf(whole)).toMatchObject({
    Files: String(files.length),
    Bytes: String(sumOf(files, 'bytes')),
    Lines: String(sumOf(files, 'lines')),
    Words: String(sumOf(files, 'words')),
    Links: String(sumOf(files, 'links')),
    'Longest file': '`second/long.md`, 70002 lines',
  });
  expect(sections.map((section) => section.trimEnd())).toEqual(
    Object.values(parts).map((part) => part.slice(part.indexOf('## Folder')).trimEnd()),
  );
  expect(end.answer).toContain(`together: ${files.length} files, ${sumOf(files, 'bytes')} bytes`);
  expect(end.answer).toContain('second/long.md with 70002 lines. The report is report.md');
  const sums = end.calls.filter(({ name }) => name === 'calculator').map((call) => JSON.stringify(call.arguments));
  expect(sums[0]).toBe('{"expression":"sum(14, 1)"}');
});

test('what the calculator finds stands in the report, also where it is wrong or nothing', async () => {
  const task = JSON.stringify({ task: 'T', inputs: { one: await partOf('second') } });
  const tampered = (content: object | undefined) =>
    runSession({
      task,
      tools: ['files_write', 'calculator'],
      tamper: (result, { name }) =>
        name !== 'calculator'
          ? result
          : content
            ? { ...result, content: JSON.stringify(content) }
            : { ...result, outcome: 'failed', content: 'no' },
    });
  expect(totalsOf((await tampered({ result: '77' })).report?.split('## Folder')[0] ?? '').Files).toBe('77');
  expect((await tampered(undefined)).report).toContain('| Files | not added up: the calculator gave no result |');
});

test('a part that is missing or has no totals is named; without a tool to write, the report is the answer', async () => {
  const two = await partOf('second');
  const end = await assembled({ one: null, two, three: 'Sorry.' });
  expect(end.report).toContain('**Missing:** `one`, `three` gave no totals');
  expect(end.answer).toContain('Missing: one, three.');
  const without = await assembled({ two }, ['calculator']);
  expect(without.answer).toMatch(/report\.md was not written[\s\S]*# Folder report[\s\S]*## Folder `second`/);
});

test('a part stays short enough to be handed over whole: words go first, then rows, never totals', async () => {
  const many = mkdtempSync(path.join(tmpdir(), 'holdfast-many-'));
  try {
    const deep = path.join(many, 'x'.repeat(200), 'y'.repeat(200));
    mkdirSync(deep, { recursive: true });
    for (let at = 0; at < 190; at++) writeFileSync(path.join(deep, `${at}-${'z'.repeat(100)}.md`), `# Title ${at}\n`);
    const { answer } = await runSession({
      task: 'Survey the folder `many` and answer with its part of the report.',
      mounts: [{ name: 'many', path: many, access: 'read' }],
    });
    expect(Buffer.byteLength(JSON.stringify({ type: 'text', text: answer }))).toBeLessThanOrEqual(64 * 1024);
    expect(totalsOf(answer)).toMatchObject({ Files: '190', Lines: '190', Headings: '190' });
    expect(rowsOf(answer)).toHaveLength(95);
    expect(answer).toContain('the rows of 95 files is left out here');
  } finally {
    rmSync(many, { recursive: true, force: true });
  }
});

test('a folder that is not there is told, not made up', async () => {
  const { answer } = await runSession({ task: 'Survey the folder `none` and answer with its part of the report.' });
  expect(answer).toContain('Surveyed 0 files');
  expect(answer).toMatch(/### Not read\n\n- files_walk "none"/);
});
