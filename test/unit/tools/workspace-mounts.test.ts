import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWorkspace, type Workspace, type WorkspaceOptions } from '../../../activities/tools/workspace';

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'holdfast-mounts-')));
  for (const name of ['docs/sub', 'code/.git/hooks', 'home/runs/r1/files/mine', 'home/db']) {
    await mkdir(join(folder, name), { recursive: true });
  }
  await writeFile(join(folder, 'docs/sub/a.md'), 'a');
  await writeFile(join(folder, 'code/main.ts'), 'code');
  await writeFile(join(folder, 'code/.git/config'), 'git');
  await writeFile(join(folder, 'home/db/temporal.db'), 'db');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function open(options: Partial<WorkspaceOptions> = {}): Promise<Workspace> {
  return openWorkspace({
    root: join(folder, 'home/runs/r1/files'),
    journal: join(folder, 'home/runs/r1/journal'),
    mounts: [
      { name: 'docs', path: join(folder, 'docs'), access: 'read' },
      { name: 'code', path: join(folder, 'code'), access: 'write' },
    ],
    ...options,
  });
}

let writes = 0;
function write(workspace: Workspace, path: string) {
  const change = async () => ({ content: Buffer.from('written'), answer: null });
  return workspace.changeOnce({ key: `w${++writes}`, path, request: 'write', change });
}

async function walked(workspace: Workspace, path = ''): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of workspace.walk(path)) paths.push(entry.path);
  return paths;
}

const refused = (reason: string) =>
  expect.objectContaining({ code: 'Workspace.Invalid', details: expect.objectContaining({ reason }) });

test('mounts are seen as folders of the root, sorted among its own', async () => {
  const workspace = await open();
  expect(await workspace.list('')).toEqual([
    { path: 'code', type: 'folder' },
    { path: 'docs', type: 'folder' },
    { path: 'mine', type: 'folder' },
  ]);
  expect(await walked(workspace, 'docs')).toEqual(['docs/sub', 'docs/sub/a.md']);
  expect(await walked(workspace)).toContain('code/main.ts');
  expect((await workspace.read('docs/sub/a.md')).bytes.toString()).toBe('a');
  expect(await workspace.info('docs')).toMatchObject({ type: 'folder', writable: false });
  expect(await workspace.info('code/main.ts')).toMatchObject({ path: 'code/main.ts', bytes: 4, writable: true });
});

test('a mount for reading is not written, made in or deleted from', async () => {
  const workspace = await open();
  for (const path of ['docs/sub/a.md', 'docs/new.md', 'docs/new/folder/x.md']) {
    await expect(write(workspace, path)).rejects.toEqual(refused('read-only'));
  }
  await expect(workspace.removeOnce({ key: 'r', path: 'docs/sub/a.md' })).rejects.toEqual(refused('read-only'));
  expect(await walked(workspace, 'docs')).toEqual(['docs/sub', 'docs/sub/a.md']);
});

test('a mount for writing is written', async () => {
  const workspace = await open();
  await write(workspace, 'code/src/new.ts');
  expect(await readFile(join(folder, 'code/src/new.ts'), 'utf8')).toBe('written');
  await workspace.removeOnce({ key: 'r', path: 'code/main.ts' });
  expect(await walked(workspace, 'code/src')).toEqual(['code/src/new.ts']);
});

test.each(['code', 'docs'])('a mount itself is neither written nor deleted: %s', async (path) => {
  const workspace = await open();
  await expect(write(workspace, path)).rejects.toMatchObject({ code: 'Workspace.Invalid' });
  await expect(workspace.removeOnce({ key: 'r', path })).rejects.toMatchObject({ code: 'Workspace.Invalid' });
});

test('what other programs trust is read but not written, by whatever name it is reached', async () => {
  const workspace = await open();
  await symlink('.git', join(folder, 'code/plain'));
  expect((await workspace.read('code/.git/config')).bytes.toString()).toBe('git');
  const paths = [
    'code/.git/config',
    'code/.git/hooks/pre-commit',
    'code/.GIT/config',
    'code/plain/config',
    'code/plain/new/x',
  ];
  for (const path of [...paths, 'code/sub/.vscode/tasks.json', 'code/.mcp.json', 'code/.envrc']) {
    await expect(write(workspace, path)).rejects.toEqual(refused('read-only'));
  }
  await expect(workspace.removeOnce({ key: 'r', path: 'code/plain/config' })).rejects.toEqual(refused('read-only'));
  expect(await walked(workspace, 'code/.git')).toEqual(['code/.git/config', 'code/.git/hooks']);
  await write(workspace, 'mine/.vscode/settings.json');
});

test.each(['../x', 'docs/..', 'docs/../code/main.ts', 'docs/../../home/db/temporal.db', 'code/../mine'])(
  'no way from one mount to another or to the root: %s',
  async (path) => {
    await expect((await open()).info(path)).rejects.toEqual(refused('outside'));
  },
);

test('links do not lead from one mount to another', async () => {
  await symlink(join(folder, 'docs'), join(folder, 'code/to-docs'));
  await symlink('../docs', join(folder, 'code/also'));
  const workspace = await open();
  for (const path of ['code/to-docs/sub', 'code/also/sub']) {
    await expect(workspace.info(path)).rejects.toEqual(refused('outside'));
  }
});

test.each(['Docs/sub/a.md', 'DOCS', 'ｄｏｃｓ/sub'])('a name almost like a mount is refused: %s', async (path) => {
  const workspace = await open();
  await expect(workspace.info(path)).rejects.toThrow('almost like the mount "docs"');
  await expect(write(workspace, path)).rejects.toEqual(refused('path'));
});

test('a folder of the root with the name of a mount is out of reach', async () => {
  await mkdir(join(folder, 'home/runs/r1/files/DOCS'));
  await symlink('DOCS', join(folder, 'home/runs/r1/files/way'));
  const workspace = await open();
  expect((await workspace.list('')).map((entry) => entry.path)).toEqual(['code', 'docs', 'mine', 'way']);
  for (const path of ['mine/../DOCS', 'way', 'mine/../docs']) {
    await expect(write(workspace, `${path}/x`)).rejects.toEqual(refused('path'));
  }
});

describe('a mount that holds the home of Holdfast', () => {
  const everything = () =>
    open({ mounts: [{ name: 'all', path: folder, access: 'write' }], hidden: [join(folder, 'home'), '/no/such'] });

  test('does not show what is in it, by any way', async () => {
    const workspace = await everything();
    await symlink('home', join(folder, 'way'));
    await symlink('home/db/temporal.db', join(folder, 'db'));
    for (const path of [
      'all/home',
      'all/home/db',
      'all/home/db/temporal.db',
      'all/way/db',
      'all/db',
      'all/docs/../home/db',
    ]) {
      await expect(workspace.list(path)).rejects.toEqual(refused('outside'));
      await expect(workspace.read(path)).rejects.toEqual(path === 'all/home' ? refused('kind') : refused('outside'));
    }
    await expect(write(workspace, 'all/home/db/temporal.db')).rejects.toEqual(refused('outside'));
    await expect(write(workspace, 'all/home/new')).rejects.toEqual(refused('outside'));
    expect(await walked(workspace, 'all')).toContain('all/docs/sub/a.md');
    expect((await walked(workspace, 'all')).filter((path) => path.startsWith('all/home'))).toEqual(['all/home']);
  });

  test('still lets the run use its own folder, which lies in it', async () => {
    const workspace = await everything();
    await write(workspace, 'mine/x.txt');
    expect((await workspace.read('mine/x.txt')).bytes.toString()).toBe('written');
  });

  test('hides journal and root even when not told', async () => {
    const workspace = await open({ mounts: [{ name: 'all', path: folder, access: 'write' }] });
    for (const path of ['all/home/runs/r1/journal', 'all/home/runs/r1/files']) {
      await expect(workspace.list(path)).rejects.toEqual(refused('outside'));
    }
    expect((await workspace.list('all/home/db')).length).toBe(1);
  });
});

test('files of the kernel are refused, also inside a mount', async () => {
  const workspace = await open({ mounts: [{ name: 'all', path: '/', access: 'read' }] });
  for (const path of ['all/proc/self/environ', 'all/proc', 'all/proc/1/root/etc', 'all/sys/kernel']) {
    await expect(workspace.list(path)).rejects.toEqual(refused('outside'));
  }
  await expect(workspace.read('all/proc/self/environ')).rejects.toThrow('belongs to the system');
  expect((await workspace.list('all/etc')).length).toBeGreaterThan(0);
});

describe('folders that do not go together are refused at once', () => {
  const mount = (name: string, path: string) => ({ name, path, access: 'read' as const });
  const cases: [string, (folder: string) => Partial<WorkspaceOptions>, RegExp][] = [
    ['a mount that is not there', () => ({ mounts: [mount('x', '/no/such')] }), /mount "x" does not exist/],
    ['a relative mount', () => ({ mounts: [mount('x', 'docs')] }), /"docs" must be an absolute path/],
    ['a relative root', () => ({ root: 'files' }), /must be an absolute path/],
    ['a file as mount', (f) => ({ mounts: [mount('x', `${f}/code/main.ts`)] }), /is not a folder/],
    [
      'a mount inside the root',
      (f) => ({ mounts: [mount('x', `${f}/home/runs/r1/files/mine`)] }),
      /inside the folder of the run/,
    ],
    ['the journal as mount', (f) => ({ mounts: [mount('x', `${f}/home/runs/r1/journal`)] }), /inside the journal/],
    ['a journal inside the root', (f) => ({ journal: `${f}/home/runs/r1/files/j` }), /journal is inside/],
    [
      'two mounts of one name',
      (f) => ({ mounts: [mount('x', `${f}/docs`), mount('X', `${f}/code`)] }),
      /two mounts are named "X"/,
    ],
    ['proc', () => ({ mounts: [mount('x', '/proc/self')] }), /belongs to the system/],
    ['what is hidden', (f) => ({ hidden: [`${f}/docs`] }), /must not be seen/],
  ];
  test.each(cases)('%s', async (_, options, problem) => {
    const opening = open(options(folder));
    await expect(opening).rejects.toThrow(problem);
    await expect(opening).rejects.toMatchObject({ code: 'Workspace.Invalid' });
  });
});

test('limits of size hold for reading and writing', async () => {
  const workspace = await open({ maxReadBytes: 3, maxWriteBytes: 5 });
  await expect(write(workspace, 'mine/x')).rejects.toEqual(refused('too-large'));
  await expect(workspace.read('code/main.ts')).rejects.toThrow('has 4 bytes; at most 3 are read at once');
  expect((await workspace.read('code/main.ts', { offset: 1, length: 3 })).bytes.toString()).toBe('ode');
  expect(await workspace.read('code/main.ts', { offset: 99, length: 3 })).toEqual({ bytes: Buffer.alloc(0), size: 4 });
});

test('a walk goes as deep as told, enters what it may, and stops when told', async () => {
  const workspace = await open();
  const collect = async (options: Parameters<Workspace['walk']>[1]) => {
    const paths: string[] = [];
    for await (const entry of workspace.walk('', options)) paths.push(entry.path);
    return paths;
  };
  expect(await collect({ depth: 0 })).toEqual(['code', 'docs', 'mine']);
  expect(await collect({ depth: 1, enter: (path) => path === 'docs' })).toEqual(['code', 'docs', 'docs/sub', 'mine']);
  await expect(collect({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
});

test('keeps the permissions of a file that is replaced', async () => {
  await writeFile(join(folder, 'code/run.sh'), '#!', { mode: 0o755 });
  const workspace = await open();
  await write(workspace, 'code/run.sh');
  const { mode } = await (await import('node:fs/promises')).stat(join(folder, 'code/run.sh'));
  expect(mode & 0o777).toBe(0o755);
});
