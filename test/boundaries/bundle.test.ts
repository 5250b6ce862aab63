import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { HoldfastPlugin } from '../../workers/plugin';
import { moduleState } from './module-state';

const ROOT = path.resolve(__dirname, '..', '..');
const OURS = path.join(ROOT, 'workflows', 'index.ts');
const USERS = path.join(ROOT, 'test', 'fixtures', 'user-workflows.ts');
/** Without source map. More than half of it is Temporal's own workflow library. */
const MOST_BYTES = 1_550_000;

const logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };

interface Built {
  /** Source files that went into the bundle, relative to the repository. */
  modules: string[];
  code: string;
}

/** A bundle with nothing ignored: an import that the sandbox forbids is an error here, not a surprise at run time. */
async function build(workflowsPath: string): Promise<Built> {
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    plugins: [new HoldfastPlugin({ env: {} })],
    ignoreModules: [],
    logger,
  });
  const mark = 'sourceMappingURL=data:application/json;charset=utf-8;base64,';
  const at = code.lastIndexOf(mark);
  const map = JSON.parse(Buffer.from(code.slice(at + mark.length), 'base64').toString('utf8')) as { sources: string[] };
  const modules = map.sources.map((source) => path.relative(ROOT, source.replace(/^webpack:\/\/\/?/, '')));
  return { modules, code: code.slice(0, at) };
}

const roomsOf = ({ modules }: Built): string[] => [
  ...new Set(
    modules.filter((name) => !/node_modules|webpack|^\.\./.test(name)).map((name) => name.split('/')[0] ?? ''),
  ),
];

describe.each([
  ['our workflows alone', OURS],
  ['a user’s workflows with ours', USERS],
])('the bundle of %s', (_what, workflowsPath) => {
  let built: Built;
  beforeAll(async () => {
    built = await build(workflowsPath);
  });

  /** A worker loads these once for all runs: what one run left in them another would meet. */
  test('has modules that keep nothing from run to run, but for what is computed from its key alone', () => {
    const files = built.modules.filter((name) => /^(workflows|protocol)\/.*\.ts$/.test(name));
    const found = files.flatMap((file) => {
      const names = moduleState(file, readFileSync(path.join(ROOT, file), 'utf8'));
      return names.map((name) => `${file}: ${name}`);
    });
    expect(files.length).toBeGreaterThan(100);
    expect(found.sort()).toEqual([
      'protocol/permissions/glob.ts: compiled',
      'protocol/permissions/rule.ts: parsed',
      'protocol/sha256.ts: constants',
    ]);
  });

  test('holds workflows and what of the protocol they run', () => {
    const rooms = roomsOf(built).filter((room) => room !== 'test');
    expect(rooms.sort()).toEqual(['protocol', 'workflows']);
  });

  test.each([
    'zod',
    'openai',
    '@anthropic-ai',
    'ajv',
    'yaml',
    'pino',
    'lru-cache',
    '@temporalio/client',
    '@temporalio/worker',
    '@temporalio/activity',
  ])('is without %s', (name) => {
    expect(built.modules.filter((module) => module.includes(`node_modules/${name}/`))).toEqual([]);
  });

  test('is without modules of Node', () => {
    expect(built.code).not.toMatch(/require\(["'](node:|fs|path|crypto|child_process|http|net|os)\b/);
    expect(built.modules.filter((module) => /node:/.test(module))).toEqual([]);
  });

  test(`is at most ${MOST_BYTES} bytes`, () => {
    process.stdout.write(
      `${path.basename(workflowsPath)}: ${built.code.length} bytes, ${built.modules.length} modules\n`,
    );
    expect(built.code.length).toBeLessThan(MOST_BYTES);
  });

  test('exports agentSession', () => {
    expect(built.code).toContain('agentSession');
  });
});

test('a forbidden import is an error of the bundler: this suite can fail', async () => {
  await expect(build(path.join(ROOT, 'client', 'start-input.ts'))).rejects.toThrow('Webpack finished with errors');
});

test('the prebuilt bundle names no path of the machine that made it', () => {
  const prebuilt = path.join(ROOT, 'dist', 'workflows', 'bundle.js');
  if (!existsSync(prebuilt)) throw new Error('there is no build: run `npm run build` first');
  expect(readFileSync(prebuilt, 'utf8')).not.toContain(ROOT);
});

test.each([
  ['a variable', 'let count = 0;', ['count']],
  ['an empty map', 'export const known = new Map<string, number>();', ['known']],
  ['an empty list', 'const seen: string[] = [];', ['seen']],
  ['a static field', 'class Numbers { static last = 0; readonly own = 1; }', ['last']],
  ['a constant', "const names = new Set(['a']); const most = 3; function f() { let at = 0; return at; }", []],
])('what counts as kept: %s', (_what, code, names) => {
  expect(moduleState('some.ts', code)).toEqual(names);
});
