import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '..', '..');

/** What a user imports, and one name of each that must be there. */
const SUBPATHS: [subpath: string, name: string][] = [
  ['holdfast', 'defineAgent'],
  ['holdfast', 'defineTool'],
  ['holdfast', 'HoldfastError'],
  ['holdfast/workflow', 'runAgent'],
  ['holdfast/workflow', 'callTool'],
  ['holdfast/worker', 'HoldfastPlugin'],
  ['holdfast/worker', 'createWorker'],
  ['holdfast/client', 'HoldfastClient'],
  ['holdfast/provider', 'defineProvider'],
  ['holdfast/testing', 'scriptedModel'],
];

/** The packed files as a user’s project has them: installed in a folder with nothing else of this repository. */
let project = '';
let files: string[] = [];

beforeAll(() => {
  buildIfStale();
  project = mkdtempSync(path.join(tmpdir(), 'holdfast-packed-'));
  const packed = npm('pack', '--ignore-scripts', '--json', '--pack-destination', project);
  const [{ filename, files: listed }] = JSON.parse(packed) as [{ filename: string; files: { path: string }[] }];
  files = listed.map((file) => file.path);
  execFileSync('tar', ['-xzf', filename], { cwd: project });
  linkDependencies(path.join(project, 'node_modules'));
  renameSync(path.join(project, 'package'), path.join(project, 'node_modules', 'holdfast'));
  write('package.json', '{ "name": "user", "private": true }');
}, 300_000);

afterAll(() => rmSync(project, { recursive: true, force: true }));

/** The suite tests what would be published now, not what was built last week. */
function buildIfStale(): void {
  const stamp = path.join(ROOT, 'dist', 'workflows', 'bundle.js');
  const built = existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
  const sources = ['protocol', 'workflows', 'activities', 'workers', 'client', 'apps', 'testing', 'index.ts'];
  const newest = Math.max(...sources.map((name) => newestIn(path.join(ROOT, name))));
  if (newest > built) execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: ROOT, stdio: 'pipe' });
}

function newestIn(place: string): number {
  if (!statSync(place).isDirectory()) return statSync(place).mtimeMs;
  const names = readdirSync(place, { recursive: true, encoding: 'utf8' });
  return Math.max(...names.map((name) => statSync(path.join(place, name)).mtimeMs));
}

function npm(...args: string[]): string {
  return execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

/** Offline: the repository’s own packages stand in for what an install would fetch. */
function linkDependencies(folder: string): void {
  mkdirSync(folder);
  for (const name of readdirSync(path.join(ROOT, 'node_modules'))) {
    if (!name.startsWith('.')) symlinkSync(path.join(ROOT, 'node_modules', name), path.join(folder, name));
  }
}

function write(name: string, text: string): void {
  writeFileSync(path.join(project, name), text);
}

function node(...args: string[]): string {
  return execFileSync(process.execPath, args, { cwd: project, encoding: 'utf8', stdio: 'pipe' }).trim();
}

describe('the tarball', () => {
  test('holds what runs, and nothing of how it was made', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        'dist/index.js',
        'dist/index.d.ts',
        'dist/workflows/bundle.js',
        'dist/workflows/entry.js',
        'LICENSE',
        'README.md',
      ]),
    );
    expect(files.filter((file) => /\.map$|tsbuildinfo|(^|\/)test\/|\.test\./.test(file))).toEqual([]);
    expect(files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))).toEqual([]);
  });
});

describe('an imported subpath', () => {
  test.each(SUBPATHS)('%s gives %s to CommonJS', (subpath, name) => {
    expect(node('-p', `typeof require('${subpath}').${name}`)).toBe('function');
  });

  test('all of them give their names to an ES module', () => {
    const lines = SUBPATHS.map(([subpath, name], at) => `import { ${name} as x${at} } from '${subpath}';`);
    write('all.mjs', `${lines.join('\n')}\nconsole.log(${SUBPATHS.map((_, at) => `typeof x${at}`).join(', ')});\n`);
    expect(node('all.mjs')).toBe(SUBPATHS.map(() => 'function').join(' '));
  });

  test('the main one loads neither Temporal nor a vendor’s SDK', () => {
    const loaded = node('-p', "require('holdfast'); Object.keys(require.cache).join('\\n')").split('\n');
    expect(loaded.filter((file) => /node_modules\/(@temporalio|openai|@anthropic-ai)\//.test(file))).toEqual([]);
  });

  test('the package tells its version, and nothing else is reachable', () => {
    expect(node('-p', "require('holdfast/package.json').name")).toBe('holdfast');
    expect(() => node('-p', "require('holdfast/dist/client/errors')")).toThrow(/ERR_PACKAGE_PATH_NOT_EXPORTED/);
  });
});

describe('types', () => {
  const source = `
import { type AgentDefinition, defineAgent, defineTool } from 'holdfast';
import { HoldfastClient } from 'holdfast/client';
import { scriptedModel } from 'holdfast/testing';
import { HoldfastPlugin } from 'holdfast/worker';
import { callTool, parallel, runAgent } from 'holdfast/workflow';
import { z } from 'zod';

export const agent: AgentDefinition = defineAgent({ name: 'writer', instructions: 'Write.' });
const tool = defineTool({ name: 't', description: 'd', effect: 'read', input: z.object({ n: z.number() }), execute: ({ n }) => n + 1 });
export const plugin = new HoldfastPlugin({ agents: [agent], tools: [tool], providers: [scriptedModel([{ text: 'x' }])] });
export async function both(): Promise<[string, number]> {
  return parallel([() => runAgent('writer', { input: 'x' }), () => callTool<number>('t', { n: 1 })]);
}
export type Start = Parameters<HoldfastClient['start']>[1];
// @ts-expect-error an agent needs instructions
defineAgent({ name: 'writer' });
`;
  const options = {
    strict: true,
    noEmit: true,
    target: 'es2022',
    lib: ['es2023'],
    types: ['node'],
    skipLibCheck: true,
  };

  test.each([
    ['node16', 'node16', 'user.ts'],
    ['node16', 'node16', 'user.mts'],
    ['bundler', 'esnext', 'user.ts'],
  ])('resolve under moduleResolution %s (%s, %s)', (moduleResolution, module, file) => {
    write(file, source);
    const compilerOptions = { ...options, moduleResolution, module };
    write('tsconfig.json', JSON.stringify({ compilerOptions, files: [file] }));
    const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    expect(node(tsc, '-p', 'tsconfig.json', '--pretty', 'false')).toBe('');
  });
});
