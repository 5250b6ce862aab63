import { execFileSync, spawn } from 'node:child_process';
import { link, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { openWorkspace, type Workspace } from '../../../activities/tools/workspace';

const CANARY = 'CANARY-outside-the-workspace';

/**
 * ```
 * root/inside.txt  root/deep/er/file.txt  root/links…    outside/canary.txt
 * ```
 */
async function makeRun(addressing: 'descriptor' | 'path') {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'holdfast-paths-')));
  const [root, outside] = [join(folder, 'root'), join(folder, 'outside')];
  await mkdir(join(root, 'deep/er'), { recursive: true });
  await mkdir(join(root, 'folder'));
  await mkdir(outside);
  await writeFile(join(root, 'inside.txt'), 'inside');
  await writeFile(join(root, 'deep/er/file.txt'), 'deep');
  await writeFile(join(outside, 'canary.txt'), CANARY);
  const workspace = openWorkspace({ root, journal: join(folder, 'journal'), addressing });
  return { folder, root, outside, workspace };
}

let writes = 0;
function write(workspace: Workspace, path: string, text = 'written') {
  const change = async () => ({ content: Buffer.from(text), answer: null });
  return workspace.changeOnce({ key: `write-${++writes}`, path, request: 'write', change });
}

const refused = (reason: string | string[]) =>
  expect.objectContaining({
    code: 'Workspace.Invalid',
    details: expect.objectContaining({
      reason: Array.isArray(reason) ? expect.stringMatching(reason.join('|')) : reason,
    }),
  });

describe.each(['descriptor', 'path'] as const)('paths, folders addressed by %s', (addressing) => {
  let run: Awaited<ReturnType<typeof makeRun>>;
  beforeEach(async () => {
    run = await makeRun(addressing);
  });
  afterEach(() => rm(run.folder, { recursive: true, force: true }));

  const text = async (path: string) => (await run.workspace.read(path)).bytes.toString();

  async function expectNoWay(path: string, reason: string | string[] = ['path', 'outside', 'missing', 'kind']) {
    await expect(run.workspace.read(path)).rejects.toEqual(refused(reason));
    await expect(run.workspace.list(path)).rejects.toEqual(refused(reason));
    await expect(write(run.workspace, `${path}/canary.txt`)).rejects.toEqual(refused(reason));
    const removal = run.workspace.removeOnce({ key: `remove ${path}`, path: `${path}/canary.txt` });
    await expect(removal).rejects.toEqual(refused(reason));
    expect(await readFile(join(run.outside, 'canary.txt'), 'utf8')).toBe(CANARY);
    expect(await readdir(run.outside)).toEqual(['canary.txt']);
  }

  describe('that are none', () => {
    test.each([
      ['/etc/passwd', 'is absolute'],
      ['/', 'is absolute'],
      ['//server/share', 'is absolute'],
      ['C:/windows/win.ini', 'is absolute'],
      ['c:', 'is absolute'],
      ['..\\..\\secret', 'has a backslash in it'],
      ['a\\b', 'has a backslash in it'],
      ['inside.txt\0.png', 'has control characters in it'],
      ['a\nb', 'has control characters in it'],
      ['a\u009bb', 'has control characters in it'],
      ['\ud800', 'has control characters in it'],
      ['x'.repeat(256), 'has too long a name in it'],
      ['é'.repeat(128), 'has too long a name in it'],
      ['a/'.repeat(65), 'is deeper than 64 folders'],
      ['y/'.repeat(3_000), 'is longer than 4096 bytes'],
      [`.holdfast-${'0'.repeat(32)}.tmp`, 'is a name kept for files being written'],
    ])('%j', async (path, problem) => {
      await expectNoWay(path, 'path');
      await expect(run.workspace.read(path)).rejects.toThrow(problem);
    });
  });

  describe('that lead outside', () => {
    test.each([
      '..',
      '../',
      '../../../../../../../../etc/passwd',
      '../outside/canary.txt',
      'deep/../../outside',
      './../outside',
      'deep/er/../../../outside',
    ])('%s', (path) => expectNoWay(path, 'outside'));
  });

  describe('that only look like they do are plain names', () => {
    const lookalikes = [
      '....//....//etc/passwd',
      '..;/outside',
      '...',
      '. ./outside',
      '%2e%2e%2foutside%2fcanary.txt',
      '%2e%2e/outside/canary.txt',
      '..%2foutside',
      '..%252f..%252fetc',
      '%c0%ae%c0%ae/outside',
      '\uff0e\uff0e/outside/canary.txt',
      '\u2025/outside/canary.txt',
      '..\uff0foutside',
      '..\u2215outside',
      '\uff0fetc\uff0fpasswd',
      '~/canary.txt',
      '$HOME/canary.txt',
      '-rf',
      'file:/etc/passwd',
    ];
    test.each(lookalikes)('%s', async (path) => {
      await expect(run.workspace.read(path)).rejects.toEqual(refused('missing'));
      await write(run.workspace, path, 'mine');
      expect(await text(path)).toBe('mine');
      expect(await readFile(join(run.root, path), 'utf8')).toBe('mine');
    });

    test('names that are equal after normalisation are two files', async () => {
      await write(run.workspace, 'caf\u00e9', 'one');
      await write(run.workspace, 'cafe\u0301', 'two');
      expect([await text('caf\u00e9'), await text('cafe\u0301')]).toEqual(['one', 'two']);
    });
  });

  test.each([
    'inside.txt',
    './inside.txt',
    'deep/../inside.txt',
    './/deep/./../inside.txt',
    'deep/er/../../inside.txt',
  ])('that stay inside work: %s', async (path) => expect(await text(path)).toBe('inside'));

  test.each(['deep/er/..', 'deep/', './deep'])('of folders work: %s', async (path) => {
    expect((await run.workspace.list(path)).map((entry) => entry.path.split('/').at(-1))).toEqual(['er']);
    expect((await run.workspace.info(path)).type).toBe('folder');
  });

  test('through a file lead nowhere', async () => {
    await expectNoWay('inside.txt/x', 'kind');
    await expectNoWay('inside.txt/../inside.txt', 'kind');
  });

  test('longer than the file system takes are refused in its words, without its paths', async () => {
    const error = await run.workspace.read('nowhere/at/all.txt').catch((thrown) => thrown);
    expect(error.message).toBe('"nowhere/at/all.txt" does not exist');
    expect(error.message).not.toContain('/proc');
  });

  describe('through symbolic links', () => {
    const toOutside: [string, (outside: string) => string][] = [
      ['absolute', (outside) => outside],
      ['relative', () => '../outside'],
      ['relative with detours', () => 'deep/../.././root/../outside'],
      ['to the root of everything', () => '/'],
      ['to this process', () => '/proc/self/root'],
      ['to a folder that begins alike', () => '../root-evil'],
      ['to a folder that begins alike, absolute', (outside) => outside.replace(/outside$/, 'root-evil')],
    ];
    test.each(toOutside)('to outside are refused: %s', async (_, target) => {
      await mkdir(join(run.folder, 'root-evil'));
      await symlink(target(run.outside), join(run.root, 'way'));
      await expectNoWay('way', 'outside');
      await expectNoWay('way/canary.txt', 'outside');
      await expectNoWay('deep/../way/canary.txt', 'outside');
    });

    test('of a file outside: neither read nor written nor listed through', async () => {
      await symlink(join(run.outside, 'canary.txt'), join(run.root, 'way.txt'));
      await symlink('way.txt', join(run.root, 'again.txt'));
      for (const path of ['way.txt', 'again.txt']) {
        await expect(run.workspace.read(path)).rejects.toEqual(refused('outside'));
        await expect(run.workspace.info(path)).rejects.toEqual(refused('outside'));
        await expect(run.workspace.state(path)).rejects.toEqual(refused('outside'));
        await expect(write(run.workspace, path)).rejects.toEqual(refused('outside'));
      }
      expect(await readFile(join(run.outside, 'canary.txt'), 'utf8')).toBe(CANARY);
    });

    test('that are deleted are themselves deleted, not what they point to', async () => {
      await symlink(join(run.outside, 'canary.txt'), join(run.root, 'way.txt'));
      await symlink('folder', join(run.root, 'way'));
      await run.workspace.removeOnce({ key: 'r1', path: 'way.txt' });
      await run.workspace.removeOnce({ key: 'r2', path: 'way' });
      expect(await readdir(run.root)).toEqual(['deep', 'folder', 'inside.txt']);
      expect(await readdir(run.outside)).toEqual(['canary.txt']);
    });

    test('that stay inside are followed: relative, absolute, of folders, in chains', async () => {
      await symlink('deep/er/file.txt', join(run.root, 'a.txt'));
      await symlink('a.txt', join(run.root, 'b.txt'));
      await symlink(join(run.root, 'deep'), join(run.root, 'short'));
      await symlink('../../folder/../inside.txt', join(run.root, 'deep/er/up.txt'));
      await symlink(run.root, join(run.root, 'self'));
      expect(await text('a.txt')).toBe('deep');
      expect(await text('b.txt')).toBe('deep');
      expect(await text('short/er/file.txt')).toBe('deep');
      expect(await text('short/er/up.txt')).toBe('inside');
      expect(await text('self/self/inside.txt')).toBe('inside');
      expect((await run.workspace.list('self')).length).toBeGreaterThan(3);
      expect((await run.workspace.info('short/er')).type).toBe('folder');
    });

    test('that stay inside are written through, and stay links', async () => {
      await symlink('deep/er/file.txt', join(run.root, 'a.txt'));
      await write(run.workspace, 'a.txt', 'new');
      expect(await readFile(join(run.root, 'deep/er/file.txt'), 'utf8')).toBe('new');
      expect((await run.workspace.list('')).find((entry) => entry.path === 'a.txt')?.type).toBe('link');
    });

    test('that point at each other end', async () => {
      await symlink('b', join(run.root, 'a'));
      await symlink('a', join(run.root, 'b'));
      await expectNoWay('a', 'outside');
      await expect(run.workspace.read('a')).rejects.toThrow('too many links');
    });

    test('that point at nothing are missing, and a write makes the file inside', async () => {
      await symlink('deep/new.txt', join(run.root, 'a'));
      await expect(run.workspace.read('a')).rejects.toEqual(refused('missing'));
      await write(run.workspace, 'a', 'made');
      expect(await readFile(join(run.root, 'deep/new.txt'), 'utf8')).toBe('made');
    });

    test('are not followed by a walk', async () => {
      await symlink('..', join(run.root, 'deep/loop'));
      const paths: string[] = [];
      for await (const entry of run.workspace.walk('')) paths.push(entry.path);
      expect(paths).toEqual(['deep', 'deep/er', 'deep/er/file.txt', 'deep/loop', 'folder', 'inside.txt']);
    });
  });

  describe('of files that are not plain', () => {
    test('a hard link can be read but not written over; deleting it leaves the other name', async () => {
      await link(join(run.outside, 'canary.txt'), join(run.root, 'hard.txt'));
      expect(await text('hard.txt')).toBe(CANARY);
      await expect(write(run.workspace, 'hard.txt')).rejects.toEqual(refused('outside'));
      expect(await readFile(join(run.outside, 'canary.txt'), 'utf8')).toBe(CANARY);
      await run.workspace.removeOnce({ key: 'h', path: 'hard.txt' });
      expect(await readFile(join(run.outside, 'canary.txt'), 'utf8')).toBe(CANARY);
    });

    test('a pipe is refused at once, though nobody is at its other end', async () => {
      execFileSync('mkfifo', [join(run.root, 'pipe')]);
      await expect(run.workspace.read('pipe')).rejects.toThrow('is not a regular file');
      await expect(write(run.workspace, 'pipe')).rejects.toEqual(refused('kind'));
      expect((await run.workspace.info('pipe')).type).toBe('other');
      expect(await run.workspace.state('pipe')).toBe('other');
    });

    test('a pipe is not even opened: who waits at its other end waits on', async () => {
      execFileSync('mkfifo', [join(run.root, 'pipe')]);
      const writer = spawn('sh', ['-c', `echo x > ${JSON.stringify(join(run.root, 'pipe'))}`]);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await expect(run.workspace.read('pipe')).rejects.toEqual(refused('kind'));
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(writer.exitCode ?? writer.signalCode).toBeNull();
      writer.kill('SIGKILL');
    });

    test('a socket is refused', async () => {
      const server = createServer().listen(join(run.root, 's'));
      await new Promise((resolve) => server.once('listening', resolve));
      await expect(run.workspace.read('s')).rejects.toEqual(refused('kind'));
      server.close();
    });

    const asRoot = process.getuid?.() === 0 ? test : test.skip;
    asRoot('a device is refused', async () => {
      execFileSync('mknod', [join(run.root, 'zero'), 'c', '1', '5']);
      await expect(run.workspace.read('zero')).rejects.toEqual(refused('kind'));
    });

    test('a folder is no file, and a file no folder', async () => {
      await expect(run.workspace.read('deep')).rejects.toThrow('"deep" is a folder');
      await expect(write(run.workspace, 'deep')).rejects.toThrow('"deep" is a folder');
      await expect(write(run.workspace, '')).rejects.toThrow('"" is a folder');
      await expect(write(run.workspace, 'deep/..')).rejects.toEqual(refused('kind'));
      await expect(run.workspace.list('inside.txt')).rejects.toEqual(refused('kind'));
    });
  });

  test('any path made of hostile pieces is refused or stays inside', async () => {
    await symlink('../outside', join(run.root, 'out'));
    await symlink('deep', join(run.root, 'in'));
    await symlink('/', join(run.root, 'folder/all'));
    const pieces = [
      '..',
      '.',
      '',
      'deep',
      'er',
      'out',
      'in',
      'folder',
      'all',
      'outside',
      'canary.txt',
      'file.txt',
      '%2e',
      'etc',
    ];
    const path = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 7 }).map((list) => list.join('/'));
    await fc.assert(
      fc.asyncProperty(path, async (candidate) => {
        const expected = await realpath(join(run.root, candidate)).catch(() => undefined);
        const info = await run.workspace.info(candidate).catch((error) => {
          expect(error).toEqual(refused(['path', 'outside', 'missing', 'kind']));
        });
        if (info === undefined || expected === undefined) return;
        expect(expected === run.root || expected.startsWith(`${run.root}/`)).toBe(true);
        if (info.type === 'file') expect(await text(candidate)).not.toBe(CANARY);
      }),
      { numRuns: 400 },
    );
  });
});
