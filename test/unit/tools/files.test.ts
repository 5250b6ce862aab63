import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { filesInfo, filesList, filesWalk } from '../../../activities/tools/files/look';
import { filesRead } from '../../../activities/tools/files/read';
import { filesCreate, filesDelete, filesEdit, filesWrite } from '../../../activities/tools/files/write';
import { openTestRun, type TestRun } from './tool-call.fixture';

let run: TestRun;
beforeEach(async () => {
  run = await openTestRun();
});
afterEach(() => run.close());

async function put(path: string, content: string | Uint8Array) {
  await mkdir(dirname(join(run.workspace.root, path)), { recursive: true });
  await writeFile(join(run.workspace.root, path), content);
}

const content = (path: string) => readFile(join(run.workspace.root, path), 'utf8');

describe('files_read by lines', () => {
  test('gives a whole small file with its sizes', async () => {
    await put('a.txt', 'one\ntwo\nthree\n');
    const whole = {
      path: 'a.txt',
      bytes: 14,
      lines: 3,
      startLine: 1,
      endLine: 3,
      text: 'one\ntwo\nthree\n',
      next: null,
    };
    expect(await run.ok(filesRead, { path: 'a.txt' })).toEqual(whole);
  });

  test('gives a range and where to go on', async () => {
    await put('a.txt', 'one\ntwo\nthree');
    expect(await run.ok(filesRead, { path: 'a.txt', startLine: 2, lines: 1 })).toEqual({
      path: 'a.txt',
      bytes: 13,
      lines: 3,
      startLine: 2,
      endLine: 2,
      text: 'two\n',
      next: { startLine: 3 },
    });
    expect(await run.ok(filesRead, { path: 'a.txt', startLine: 3 })).toMatchObject({ text: 'three', next: null });
  });

  test('gives nothing of an empty file', async () => {
    await put('a.txt', '');
    expect(await run.ok(filesRead, { path: 'a.txt' })).toMatchObject({
      bytes: 0,
      lines: 0,
      startLine: 0,
      endLine: 0,
      text: '',
    });
  });

  test('names the lines there are when asked for more', async () => {
    await put('a.txt', 'one\ntwo\n');
    expect(await run.failure(filesRead, { path: 'a.txt', startLine: 3 })).toBe(
      '"a.txt" has 2 lines; there is no line 3',
    );
  });

  test('leaves out a byte order mark', async () => {
    await put('a.txt', '\ufeffone');
    expect(await run.ok(filesRead, { path: 'a.txt' })).toMatchObject({ text: 'one', bytes: 6 });
  });

  test('cuts a line that is too long, and goes on by bytes', async () => {
    await put('a.txt', `${'é'.repeat(40_000)}\nend`);
    const first = await run.ok<{ text: string; next: object }>(filesRead, { path: 'a.txt' });
    expect(first.next).toEqual({ startByte: 49_152 });
    expect(first.text).toBe('é'.repeat(24_576));
    const second = await run.ok<{ text: string; next: object | null }>(filesRead, { path: 'a.txt', ...first.next });
    expect(first.text + second.text).toBe(`${'é'.repeat(40_000)}\nend`);
  });

  test('counts the lines only of what it looked at', async () => {
    const line = `${'x'.repeat(1_023)}\n`;
    await put('big.txt', line.repeat(9_000));
    const first = await run.ok(filesRead, { path: 'big.txt', lines: 1 });
    expect(first).toMatchObject({ bytes: 9_216_000, endLine: 1, next: { startLine: 2 } });
    expect(first).not.toHaveProperty('lines');
    expect(await run.ok(filesRead, { path: 'big.txt', startLine: 8_192 })).toMatchObject({
      next: { startByte: 8_388_608 },
    });
    const problem = await run.failure(filesRead, { path: 'big.txt', startLine: 8_193 });
    expect(problem).toContain('beyond the first 8388608 bytes');
    expect(problem).toContain('startByte, e.g. 8388608');
  });

  const pieces = fc.constantFrom('a', '\n', 'é', '語', '😀', 'word ', '\r\n', 'x'.repeat(70));
  test('reading on from "next" gives the whole text, whatever it is and however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(pieces, { maxLength: 60 }),
        fc.record({ lines: fc.integer({ min: 1, max: 4 }), bytes: fc.integer({ min: 4, max: 60 }) }),
        async (parts, range) => {
          await put('p.txt', parts.join(''));
          let text = '';
          let next: object | null = {};
          for (let steps = 0; next !== null && steps < 2_000; steps++) {
            const limits: object = 'startByte' in next ? { bytes: range.bytes } : range;
            const part: { text: string; next: object | null } = await run.ok(filesRead, {
              path: 'p.txt',
              ...limits,
              ...next,
            });
            expect(Buffer.byteLength(part.text)).toBeLessThanOrEqual(range.bytes);
            text += part.text;
            next = part.next;
          }
          expect(text).toBe(parts.join(''));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('files_read by bytes', () => {
  test('keeps code points whole at both ends', async () => {
    await put('a.txt', 'a語b');
    const read = (startByte: number, bytes: number) => run.ok(filesRead, { path: 'a.txt', startByte, bytes });
    expect(await read(0, 2)).toEqual({ path: 'a.txt', bytes: 5, startByte: 0, text: 'a', next: { startByte: 1 } });
    expect(await read(2, 3)).toEqual({ path: 'a.txt', bytes: 5, startByte: 4, text: 'b', next: null });
    expect(await read(9, 3)).toMatchObject({ text: '', next: null });
  });

  test('gives binary files as base64', async () => {
    await put('a.bin', Buffer.from([0, 1, 2, 255]));
    const read = (range: object) => run.ok(filesRead, { path: 'a.bin', encoding: 'base64', ...range });
    expect(await read({})).toEqual({ path: 'a.bin', bytes: 4, startByte: 0, base64: 'AAEC/w==', next: null });
    expect(await read({ startByte: 1, bytes: 2 })).toMatchObject({ base64: 'AQI=', next: { startByte: 3 } });
  });

  test('does not take lines as well', async () => {
    const message = await run.call(filesRead, { path: 'a.txt', startByte: 0, startLine: 1 });
    expect(message).toMatchObject({ outcome: 'invalid-arguments', content: expect.stringContaining('not both') });
  });
});

describe('files_read refuses what is no text, and says what it is', () => {
  test.each<[string, Uint8Array, string]>([
    ['a NUL', Buffer.from('ab\0c'), 'is binary (4 bytes)'],
    ['UTF-16 with a mark', Buffer.from('\ufeffab', 'utf16le'), 'is UTF-16, not UTF-8'],
    ['UTF-16 the other way', Buffer.from([0xfe, 0xff, 0, 97]), 'is UTF-16, not UTF-8'],
    ['Latin-1', Buffer.from('caf\xe9 au lait', 'latin1'), 'is not UTF-8'],
    ['an overlong encoding', Buffer.from([0x61, 0xc0, 0xaf, 0x61]), 'is not UTF-8'],
    ['continuations only', Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80]), 'is not UTF-8'],
  ])('%s', async (_, bytes, problem) => {
    await put('a', bytes);
    expect(await run.failure(filesRead, { path: 'a' })).toContain(problem);
    expect(await run.failure(filesRead, { path: 'a' })).toContain('encoding "base64"');
  });
});

describe('files_write, files_create and files_delete', () => {
  test('write makes folders, says whether the file is new, and replaces it', async () => {
    expect(await run.ok(filesWrite, { path: 'a/b/c.txt', content: 'né' })).toEqual({
      path: 'a/b/c.txt',
      bytes: 3,
      created: true,
    });
    expect(await run.ok(filesWrite, { path: 'a/b/c.txt', content: '' })).toMatchObject({ bytes: 0, created: false });
    expect(await content('a/b/c.txt')).toBe('');
  });

  test('create fails where something is', async () => {
    await put('a.txt', 'old');
    expect(await run.failure(filesCreate, { path: 'a.txt', content: 'new' })).toContain('exists already');
    expect(await content('a.txt')).toBe('old');
    expect(await run.ok(filesCreate, { path: 'b.txt', content: 'new' })).toMatchObject({ created: true });
  });

  test('delete removes a file and an empty folder, and nothing else', async () => {
    await put('d/a.txt', 'x');
    expect(await run.failure(filesDelete, { path: 'd' })).toContain('not empty');
    expect(await run.ok(filesDelete, { path: 'd/a.txt' })).toEqual({ path: 'd/a.txt', removed: true });
    await run.ok(filesDelete, { path: 'd' });
    expect(await run.failure(filesDelete, { path: 'd' })).toBe('"d" does not exist');
    expect(await run.workspace.list('')).toEqual([]);
  });

  test('write keeps to the size one file may have', async () => {
    expect(await run.failure(filesWrite, { path: 'a', content: 'x'.repeat(11_000_000) })).toContain('at most 10485760');
  });
});

describe('files_edit', () => {
  const edit = (edits: object[]) => ({ path: 'a.txt', edits });

  test('makes edits in order, each on what the one before left', async () => {
    await put('a.txt', 'one two');
    const edits = edit([
      { old: 'one', new: 'three' },
      { old: 'three two', new: 'done' },
    ]);
    expect(await run.ok(filesEdit, edits)).toEqual({ path: 'a.txt', bytes: 4, replaced: 2 });
    expect(await content('a.txt')).toBe('done');
  });

  test('replaces every occurrence when told to', async () => {
    await put('a.txt', 'a-a-a');
    expect(await run.ok(filesEdit, edit([{ old: 'a', new: 'aa', all: true }]))).toMatchObject({ replaced: 3 });
    expect(await content('a.txt')).toBe('aa-aa-aa');
  });

  test('takes text as it is: no patterns, no replacement marks', async () => {
    await put('a.txt', 'x.*$');
    await run.ok(filesEdit, edit([{ old: '.*$', new: '$& $1 $$' }]));
    expect(await content('a.txt')).toBe('x$& $1 $$');
  });

  test.each<[string, string, object[], string]>([
    [
      'does not occur',
      'abc',
      [{ old: 'x', new: 'y' }],
      'edits[0]: "old" does not occur in the file\nRead the file again',
    ],
    ['occurs twice', 'x\na\nx', [{ old: 'x', new: 'y' }], 'edits[0]: "old" occurs more than once (lines 1, 3)'],
    ['overlaps itself', 'aaa', [{ old: 'aa', new: 'b' }], 'occurs more than once (lines 1)'],
    ['occurs often', 'x\n'.repeat(20), [{ old: 'x', new: 'y' }], 'lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …'],
    ['changes nothing', 'abc', [{ old: 'a', new: 'a' }], 'edits[0]: "old" and "new" are the same'],
    ['has other line ends', 'a\r\nb', [{ old: 'a\nb', new: 'c' }], 'ends its lines with \\r\\n'],
    ['has other spaces', 'a  b', [{ old: 'a b', new: 'c' }], 'occurs with other white space'],
    [
      'second does not fit',
      'abc',
      [
        { old: 'a', new: 'b' },
        { old: 'a', new: 'c' },
      ],
      'edits[1]: "old" does not occur',
    ],
  ])('an edit that %s fails and changes nothing', async (_, before, edits, problem) => {
    await put('a.txt', before);
    expect(await run.failure(filesEdit, edit(edits))).toContain(problem);
    expect(await content('a.txt')).toBe(before);
  });

  test('keeps a byte order mark and line ends', async () => {
    await put('a.txt', '\ufeffa\r\nb');
    await run.ok(filesEdit, edit([{ old: 'b', new: 'c' }]));
    expect(await content('a.txt')).toBe('\ufeffa\r\nc');
  });

  test('refuses files that are no text, and files that are not there', async () => {
    await put('a.txt', Buffer.from([0x61, 0xff]));
    expect(await run.failure(filesEdit, edit([{ old: 'a', new: 'b' }]))).toContain('is not UTF-8');
    await put('a.txt', Buffer.from([0x61, 0xc3]));
    expect(await run.failure(filesEdit, edit([{ old: 'a', new: 'b' }]))).toContain('is not UTF-8');
    expect(await run.failure(filesEdit, { path: 'b', edits: [{ old: 'a', new: 'b' }] })).toBe('"b" does not exist');
  });
});

describe('files_info and files_list', () => {
  test('info tells what is at a path', async () => {
    await put('d/a.txt', 'abc');
    const info = await run.ok(filesInfo, { path: 'd/a.txt' });
    expect(info).toEqual({
      path: 'd/a.txt',
      type: 'file',
      bytes: 3,
      writable: true,
      modified: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(Date.now() - Date.parse(String(info.modified))).toBeLessThan(60_000);
    expect(await run.failure(filesInfo, { path: 'x' })).toBe('"x" does not exist');
  });

  test('list is sorted, shows types and sizes, and pages', async () => {
    for (const name of ['b.txt', 'a/x', 'C', 'é']) await put(name, name);
    await symlink('b.txt', join(run.workspace.root, 'link'));
    expect(await run.ok(filesList, {})).toEqual({
      path: '',
      total: 5,
      entries: [
        { path: 'C', type: 'file', bytes: 1 },
        { path: 'a', type: 'folder' },
        { path: 'b.txt', type: 'file', bytes: 5 },
        { path: 'link', type: 'link' },
        { path: 'é', type: 'file', bytes: 2 },
      ],
      next: null,
    });
    const first = await run.ok<{ next: string }>(filesList, { limit: 2 });
    expect(first).toMatchObject({ entries: [{ path: 'C' }, { path: 'a' }], next: 'a' });
    expect(await run.ok(filesList, { after: first.next })).toMatchObject({
      entries: [{ path: 'b.txt' }, {}, {}],
      next: null,
    });
    expect(await run.ok(filesList, { path: './a/' })).toMatchObject({ entries: [{ path: 'a/x' }] });
  });
});

describe('files_walk', () => {
  beforeEach(async () => {
    const names = [
      'b.md',
      'a/one.ts',
      'a/two.md',
      'a/b/deep.ts',
      'a.md',
      'node_modules/x/i.js',
      '.git/config',
      'a/.git/HEAD',
    ];
    for (const name of names) await put(name, 'x');
  });
  const paths = async (args: object) =>
    (await run.ok<{ files: { path: string }[] }>(filesWalk, args)).files.map((file) => file.path);

  test('gives all files in order, without .git and node_modules', async () => {
    expect(await run.ok(filesWalk, {})).toEqual({
      path: '',
      files: ['a/b/deep.ts', 'a/one.ts', 'a/two.md', 'a.md', 'b.md'].map((path) => ({ path, type: 'file', bytes: 1 })),
      next: null,
    });
  });

  test('looks into those too when told', async () => {
    expect(await paths({ all: true })).toEqual(
      expect.arrayContaining(['.git/config', 'node_modules/x/i.js', 'a/.git/HEAD']),
    );
  });

  test('filters by name or by path below the folder', async () => {
    expect(await paths({ pattern: '*.md' })).toEqual(['a/two.md', 'a.md', 'b.md']);
    expect(await paths({ pattern: 'a/*.ts' })).toEqual(['a/one.ts']);
    expect(await paths({ pattern: '**/*.{ts,js}' })).toEqual(['a/b/deep.ts', 'a/one.ts']);
    expect(await paths({ path: 'a', pattern: 'b/*' })).toEqual(['a/b/deep.ts']);
    expect(await paths({ path: './a//', pattern: 'b/*' })).toEqual(['a/b/deep.ts']);
    expect(await paths({ depth: 1 })).toEqual(['a/one.ts', 'a/two.md', 'a.md', 'b.md']);
    expect(await run.failure(filesWalk, { pattern: 'x'.repeat(501) })).toContain('longer than 500');
  });

  test('pages: any limit gives the same files in the same order', async () => {
    const all = await paths({});
    for (const limit of [1, 2, 3]) {
      const collected: string[] = [];
      let after: string | undefined;
      do {
        const page: { files: { path: string }[]; next: string | null } = await run.ok(filesWalk, {
          limit,
          ...(after && { after }),
        });
        collected.push(...page.files.map((file) => file.path));
        after = page.next ?? undefined;
      } while (after !== undefined);
      expect(collected).toEqual(all);
    }
  });

  test('stops when it has looked at many, and says where', async () => {
    await Promise.all(Array.from({ length: 10_050 }, (_, index) => put(`many/f${String(index).padStart(5, '0')}`, '')));
    const first = await run.ok<{ next: string }>(filesWalk, { path: 'many', pattern: 'f1004?' });
    expect(first).toMatchObject({ files: [], next: 'many/f09999' });
    expect(await paths({ path: 'many', pattern: 'f1004?', after: first.next })).toHaveLength(10);
  });
});
