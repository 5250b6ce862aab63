import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder, findTemporalCli, type Source } from '../../../workers/embedded/find-temporal-cli';
import { temporaryFolder } from './temporary-folder';

const folder = temporaryFolder();
const VERSION = 'temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)';

/** A binary in a folder of the test's that prints something and ends with a code. */
function place(where: string, prints = VERSION, code = 0): string {
  const file = path.join(folder(), where);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\necho "${prints}"\nexit ${code}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** An environment in which nothing of this machine is found. */
function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const named = { HOME: path.join(folder(), 'home'), HOLDFAST_CACHE: path.join(folder(), 'cache') };
  return { ...named, PATH: path.join(folder(), 'bin'), ...more };
}

const find = (env: NodeJS.ProcessEnv, log?: (line: string) => void) => findTemporalCli({ env, obtain: false, log });

test('is looked for in the documented order', async () => {
  const cached = place('cache/temporal-1.5.1');
  await expect(find(environment())).resolves.toEqual({ path: cached, version: VERSION });
  const goBin = place('home/go/bin/temporal');
  await expect(find(environment())).resolves.toMatchObject({ path: goBin });
  const onPath = place('bin/temporal');
  await expect(find(environment())).resolves.toMatchObject({ path: onPath });
  const named = place('mine/any-name');
  await expect(find(environment({ HOLDFAST_TEMPORAL_CLI: named }))).resolves.toMatchObject({ path: named });
});

test('skips what does not run or is something else, and says so', async () => {
  const broken = place('bin/temporal', VERSION, 1);
  const other = place('home/go/bin/temporal', 'a clock');
  const good = place('cache/temporal');
  const missing = path.join(folder(), 'nowhere');
  const lines: string[] = [];
  const env = environment({ HOLDFAST_TEMPORAL_CLI: missing });
  await expect(find(env, (line) => lines.push(line))).resolves.toMatchObject({ path: good });
  expect(lines).toEqual([
    expect.stringMatching(`skipped ${missing}: does not run`),
    expect.stringMatching(`skipped ${broken}: does not run`),
    `skipped ${other}: is another program`,
  ]);
});

test('is fetched, else built, when it is nowhere', async () => {
  const refused: Source = () => Promise.reject(new Error('network closed\nwith details'));
  const built: Source = async (cache) => place(path.relative(folder(), path.join(cache, 'temporal')));
  const sources = [
    { name: 'download', get: refused },
    { name: 'build', get: built },
  ];
  const lines: string[] = [];
  const options = { env: environment(), log: (line: string) => lines.push(line) };
  await expect(findTemporalCli(options, sources)).resolves.toMatchObject({
    path: path.join(folder(), 'cache/temporal'),
  });
  expect(lines).toEqual(['download: network closed']);
});

test('what is nowhere and cannot be had is told with everything that was tried', async () => {
  const broken = place('bin/temporal', VERSION, 1);
  const fails: Source = () => Promise.reject('no compiler');
  const lies: Source = async () => place('cache/temporal', 'half a binary');
  const sources = [
    { name: 'build', get: fails },
    { name: 'download', get: lies },
  ];
  await expect(findTemporalCli({ env: environment() }, sources)).rejects.toMatchObject({
    code: 'Server.NotFound',
    message: expect.stringMatching(/HOLDFAST_TEMPORAL_CLI, PATH, ~\/go\/bin, Holdfast's cache/),
    hint: expect.stringContaining('HOLDFAST_TEMPORAL_CLI'),
    details: {
      tried: [
        expect.stringContaining(broken),
        'build: no compiler',
        `${path.join(folder(), 'cache/temporal')}: is another program`,
      ],
    },
  });
});

test('only looks when told to', async () => {
  await expect(find(environment())).rejects.toMatchObject({ code: 'Server.NotFound', details: { tried: [] } });
});

test('without a PATH only the other places count', async () => {
  const { PATH: _, ...env } = environment();
  const cached = place('cache/temporal');
  await expect(find(env)).resolves.toMatchObject({ path: cached });
});

test('the cache is where the user keeps caches', () => {
  expect(cacheFolder({ HOLDFAST_CACHE: '/c' })).toBe('/c');
  expect(cacheFolder({ XDG_CACHE_HOME: '/x' })).toBe('/x/holdfast');
  expect(cacheFolder({ HOME: '/h' })).toBe('/h/.cache/holdfast');
  expect(cacheFolder({})).toMatch(/\.cache\/holdfast$/);
});
