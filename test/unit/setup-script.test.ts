import { spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from './embedded/temporary-folder';

/** A small project with the real script, and an `npm` that only notes what it is told and leaves what that would leave. */
const folder = temporaryFolder();
const at = (...parts: string[]) => path.join(folder(), ...parts);
const SCRIPTS = path.join(__dirname, '..', '..', 'scripts');

const NPM = `#!/bin/sh
echo "$*" >> npm.log
sleep 0.2
[ -e fail ] && exit 1
case "$1" in
  ci) mkdir -p node_modules ;;
  run) mkdir -p dist/apps/cli && touch dist/apps/cli/main.js && cp -r finder/. dist/ ;;
esac
`;
const FINDER = `exports.findTemporalCli = async ({ log }) => {
  if (require('node:fs').existsSync('no-temporal')) throw Object.assign(new Error('nowhere'), { hint: 'install it' });
  log('looked for Temporal');
  return { path: process.execPath };
};`;

function write(name: string, content: string): void {
  mkdirSync(path.dirname(at(name)), { recursive: true });
  writeFileSync(at(name), content);
}

beforeEach(() => {
  for (const script of ['setup.mjs', 'setup-lock.mjs']) cpSync(path.join(SCRIPTS, script), at('scripts', script));
  write('package.json', '{}');
  write('package-lock.json', JSON.stringify({ packages: { '': {}, 'node_modules/a': { version: '1.0.0' } } }));
  write('tsconfig.build.json', JSON.stringify({ include: ['index.ts', 'protocol'] }));
  write('protocol/names.ts', 'one');
  write('finder/workers/embedded/find-temporal-cli.js', FINDER);
  write('bin/npm', NPM);
  chmodSync(at('bin/npm'), 0o755);
});

interface Outcome {
  code: number | null;
  said: string;
}

function setup(env: NodeJS.ProcessEnv = {}, ...args: string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [at('scripts/setup.mjs'), ...args], {
    cwd: folder(),
    env: { PATH: `${at('bin')}:/usr/bin:/bin`, HOME: folder(), ...env },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, said })));
}

/** What npm was told since the last time this was asked. */
function npmCalls(): string[] {
  if (!existsSync(at('npm.log'))) return [];
  const calls = readFileSync(at('npm.log'), 'utf8').trim().split('\n');
  rmSync(at('npm.log'));
  return calls;
}

test('on a fresh clone everything is made, in order, and said', async () => {
  const { code, said } = await setup();
  expect(code).toBe(0);
  expect(npmCalls()).toEqual([expect.stringMatching(/^ci /), expect.stringMatching(/^run .*build$/)]);
  expect(said).toMatch(/Installing dependencies[\s\S]*Building[\s\S]*looked for Temporal/);
});

test('with --build it builds what changed, and does no more', async () => {
  expect((await setup({}, '--build')).code).toBe(0);
  expect(npmCalls()).toEqual([expect.stringMatching(/^run .*build$/)]);
  expect(await setup({}, '--build')).toEqual({ code: 0, said: '' });
  write('protocol/names.ts', 'two or more');
  expect((await setup({}, '--build')).said).toMatch(/^Building…\n$/);
});

test('the second time there is nothing to do, and nothing is said', async () => {
  await setup();
  npmCalls();
  await expect(setup()).resolves.toEqual({ code: 0, said: '' });
  expect(npmCalls()).toEqual([]);
});

test('only what changed is made again', async () => {
  await setup();
  npmCalls();
  write('protocol/names.ts', 'another');
  await setup();
  expect(npmCalls()).toEqual([expect.stringContaining('build')]);
  write('package-lock.json', JSON.stringify({ packages: { '': {}, 'node_modules/a': { version: '2.0.0' } } }));
  await setup();
  expect(npmCalls()).toEqual([expect.stringMatching(/^ci /), expect.stringContaining('build')]);
  rmSync(at('dist'), { recursive: true });
  await setup();
  expect(npmCalls()).toEqual([expect.stringContaining('build')]);
});

test('what was installed by hand is left alone, unless it is not what the lock says', async () => {
  write('node_modules/.package-lock.json', JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.0' } } }));
  await setup();
  expect(npmCalls()).toEqual([expect.stringContaining('build')]);
  rmSync(at('node_modules/.holdfast-installed'));
  write('node_modules/.package-lock.json', JSON.stringify({ packages: { 'node_modules/a': { version: '0.9.0' } } }));
  await setup();
  expect(npmCalls()).toEqual([expect.stringMatching(/^ci /)]);
});

test('two at once make everything once', async () => {
  const [one, two] = await Promise.all([setup(), setup()]);
  expect([one.code, two.code]).toEqual([0, 0]);
  expect(npmCalls()).toHaveLength(2);
  expect(one.said + two.said).toContain('waiting for it');
});

test('the lock of a setup that was killed does not stop the next one', async () => {
  write('.holdfast/setup.lock', '1');
  write('.holdfast/setup.lock.turn', '1');
  const longAgo = new Date(Date.now() - 60_000);
  for (const name of ['setup.lock', 'setup.lock.turn']) utimesSync(at('.holdfast', name), longAgo, longAgo);
  expect((await setup()).code).toBe(0);
  expect(existsSync(at('.holdfast/setup.lock'))).toBe(false);
});

test('a failure ends it with what to do, and is tried again the next time', async () => {
  write('fail', '');
  const { code, said } = await setup();
  expect(code).toBe(1);
  expect(said).toMatch(/Setup failed: npm ci failed\.\nFix: /);
  rmSync(at('fail'));
  npmCalls();
  expect((await setup()).code).toBe(0);
  expect(npmCalls()).toHaveLength(2);
});

test('a missing Temporal server is told with the fix, and is not needed to start against a cluster', async () => {
  write('no-temporal', '');
  await expect(setup()).resolves.toEqual({ code: 1, said: expect.stringMatching(/nowhere\nFix: install it/) });
  const cluster = { TEMPORAL_ADDRESS: 'host:7233' };
  expect((await setup({ ...cluster, npm_lifecycle_event: 'prestart' })).code).toBe(0);
  expect((await setup({ ...cluster, npm_lifecycle_event: 'pretest' })).code).toBe(1);
});
