import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RegexWorker } from '../../../activities/tools/files/regex-worker';
import { filesSearch } from '../../../activities/tools/files/search';
import { CallCancelled } from '../../../activities/tools/run-tool-call';
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

describe.each([false, true])('searching, regex: %s', (regex) => {
  const search = (args: object) => run.ok(filesSearch, { regex, ...args });

  test('gives path, line and text, in order', async () => {
    await put('b.txt', 'nothing\nneedle here\r\nend');
    await put('a/x.md', 'a needle\na Needle');
    await put('node_modules/y', 'needle');
    expect(await search({ query: 'needle' })).toEqual({
      matches: [
        { path: 'a/x.md', line: 1, text: 'a needle' },
        { path: 'b.txt', line: 2, text: 'needle here' },
      ],
      filesSearched: 2,
      filesSkipped: 0,
      more: false,
    });
  });

  test('ignores case when told', async () => {
    await put('a', 'NEEDLE\nx\nneedle');
    expect(await search({ query: 'NeeDle', ignoreCase: true })).toMatchObject({ matches: [{ line: 1 }, { line: 3 }] });
    expect(await search({ query: 'NeeDle' })).toMatchObject({ matches: [] });
  });

  test('searches one folder, one file, or what fits a pattern', async () => {
    for (const path of ['a/x.md', 'a/x.ts', 'b/x.md']) await put(path, 'needle');
    const found = async (args: object) =>
      (await search({ query: 'needle', ...args })) as unknown as { matches: { path: string }[] };
    const paths = async (args: object) => (await found(args)).matches.map((match) => match.path);
    expect(await paths({ path: 'a' })).toEqual(['a/x.md', 'a/x.ts']);
    expect(await paths({ path: 'b/x.md' })).toEqual(['b/x.md']);
    expect(await paths({ pattern: '*.md' })).toEqual(['a/x.md', 'b/x.md']);
    expect(await paths({ path: 'a/', pattern: './*.ts' })).toEqual(['a/x.ts']);
  });

  test('stops at the limit and says that there is more', async () => {
    await put('a', 'needle\n'.repeat(5));
    expect(await search({ query: 'needle', limit: 3 })).toMatchObject({ matches: [{}, {}, { line: 3 }], more: true });
    expect(await search({ query: 'needle', limit: 5 })).toMatchObject({ more: false });
    await put('b', 'needle');
    expect(await search({ query: 'needle', limit: 5 })).toMatchObject({ more: true });
  });

  test('skips and counts what is no text, too large or leads outside', async () => {
    await put('a.bin', Buffer.from('needle\0'));
    await put('big', 'needle '.repeat(400_000));
    await put('ok', 'needle');
    await symlink('/etc/passwd', join(run.workspace.root, 'link'));
    expect(await search({ query: 'needle' })).toMatchObject({
      matches: [{ path: 'ok' }],
      filesSearched: 1,
      filesSkipped: 2,
    });
    expect(await run.failure(filesSearch, { regex, query: 'root', path: 'link' })).toContain('leads outside');
  });

  test('shortens long lines', async () => {
    await put('a', `needle${'é'.repeat(5_000)}`);
    const { matches } = (await search({ query: 'needle' })) as unknown as { matches: { text: string }[] };
    expect(matches[0]?.text).toMatch(/^needleé+ \[… 9,606 bytes left out\]$/);
  });

  test('stops when the call is cancelled', async () => {
    for (let index = 0; index < 300; index++) await put(`d${index}/f`, 'x\n'.repeat(1_000));
    const controller = new AbortController();
    const pending = run.call(filesSearch, { regex, query: 'zzz' }, { signal: controller.signal });
    setTimeout(() => controller.abort(new CallCancelled()), 5);
    expect((await pending).outcome).toBe('cancelled');
  });
});

describe('regular expressions', () => {
  test('are tried on each line', async () => {
    await put('a', 'x1\ny2\nx\n3');
    expect(await run.ok(filesSearch, { query: '^x\\d?$', regex: true })).toMatchObject({
      matches: [{ line: 1 }, { line: 3 }],
    });
  });

  test('that are none are refused', async () => {
    expect(await run.failure(filesSearch, { query: '(', regex: true })).toContain('not a regular expression');
  });

  test.each(['^(a+)+$', '^(a|a)*$', '(.*)*=', '^(([a-z])+.)+[A-Z]$'])(
    'that would run for ever are stopped within a second or so, and nothing else waits: %s',
    async (query) => {
      await put('a', `${'a'.repeat(60)}!`);
      const before = process.memoryUsage().rss;
      let last = Date.now();
      let lag = 0;
      const ticking = setInterval(() => {
        lag = Math.max(lag, Date.now() - last - 10);
        last = Date.now();
      }, 10);
      const began = Date.now();
      const message = await run.call(filesSearch, { query, regex: true });
      clearInterval(ticking);
      // Some engines' shortcuts make a pattern harmless; what may not happen is waiting.
      if (message.outcome !== 'ok') expect(message.content).toContain('took longer than 750 ms');
      expect(Date.now() - began).toBeLessThan(2_500);
      expect(lag).toBeLessThan(400);
      expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
    },
  );

  test('the first of those really is slow', async () => {
    await put('a', `${'a'.repeat(60)}!`);
    expect(await run.failure(filesSearch, { query: '^(a+)+$', regex: true })).toContain('took longer than 750 ms');
  });
});

describe('the thread', () => {
  test('rejects after it was stopped', async () => {
    const thread = new RegexWorker('a', '');
    expect(await thread.match('a\nb', 9, 5_000, new Error('slow'))).toEqual([{ line: 1, text: 'a' }]);
    await thread.stop(new Error('over'));
    await expect(thread.match('a', 9, 5_000, new Error('slow'))).rejects.toThrow('over');
  });

  test('rejects when it breaks', async () => {
    const thread = new RegexWorker('a', '');
    const broken = { toString: undefined, split: 1 } as unknown as string;
    await expect(thread.match(broken, 9, 5_000, new Error('slow'))).rejects.toThrow();
    await thread.stop(new Error('over'));
  });
});
