import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineTool } from '../../../activities/tools/define-tool';
import { loadModule, loadTools } from '../../../activities/tools/load-tools';
import { RetryLater } from '../../../activities/tools/tool';
import { openTestRun } from './tool-call.fixture';

const holdfast = { defineTool, RetryLater };

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'holdfast-tools-')));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const put = (name: string, text: string) => writeFile(join(folder, name), text);

function source(name: string, extra = ''): string {
  return `
    import { defineTool } from 'holdfast';
    import { z } from 'zod';
    const times: number = 2;
    export default defineTool({
      name: '${name}',
      description: 'Doubles.',
      input: z.object({ n: z.number() }),
      effect: 'read',
      execute: ({ n }) => ({ doubled: n * times }),
    });
    ${extra}
  `;
}

const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'Tool.Invalid', message: expect.stringMatching(message) });

test('TypeScript and JavaScript of every kind is loaded, in order of name, and works', async () => {
  const plain = source('x').replace(': number', '');
  await put('b.ts', source('b_ts'));
  await put('a.mts', source('a_mts'));
  await put('c.js', plain.replace("'x'", "'c_js'"));
  await put('d.mjs', plain.replace("'x'", "'d_mjs'"));
  await put(
    'e.cjs',
    `const { defineTool } = require('holdfast'); const { z } = require('zod');
     module.exports = defineTool({ name: 'e_cjs', description: 'E.', input: z.object({ n: z.number() }), effect: 'read', execute: ({ n }) => ({ doubled: n * 2 }) });`,
  );
  const tools = await loadTools(folder, { holdfast });
  expect(tools.map((tool) => tool.name)).toEqual(['a_mts', 'b_ts', 'c_js', 'd_mjs', 'e_cjs']);
  const run = await openTestRun();
  for (const tool of tools) expect(await run.ok(tool, { n: 21 })).toEqual({ doubled: 42 });
  await run.close();
});

test('a file may hold several tools: an array, named exports, and other things beside', async () => {
  await put(
    'more.ts',
    `${source('first', 'export const second = defineTool({ name: "second", description: "S.", input: z.object({}), effect: "read", execute: () => 1 }); export const limit = 5;')}`,
  );
  await put(
    'list.ts',
    `${source('x').replace('export default defineTool(', 'const x = defineTool(')} export default [x];`,
  );
  const tools = await loadTools(folder, { holdfast });
  expect(tools.map((tool) => tool.name)).toEqual(['x', 'first', 'second']);
});

test('files may import each other', async () => {
  await mkdir(join(folder, 'lib'));
  await put('lib/rates.ts', 'export const rate: number = 3;');
  await put(
    'a.ts',
    `${source('a').replace('times: number = 2', 'times = rate')}`.replace(
      'import { z }',
      "import { rate } from './lib/rates'; import { z }",
    ),
  );
  const [tool] = await loadTools(folder, { holdfast });
  const run = await openTestRun();
  expect(await run.ok(tool as NonNullable<typeof tool>, { n: 2 })).toEqual({ doubled: 6 });
  await run.close();
});

test('declarations, tests, hidden files, folders and other files are left alone', async () => {
  for (const name of ['a.d.ts', 'a.test.ts', 'a.spec.js', '.hidden.ts', 'notes.md', 'data.json'])
    await put(name, 'not a tool');
  await mkdir(join(folder, 'sub.ts'));
  expect(await loadTools(folder, { holdfast })).toEqual([]);
});

test('a folder that is not there has no tools; a file in its place is a mistake', async () => {
  expect(await loadTools(join(folder, 'nowhere'))).toEqual([]);
  await put('file', '');
  await expect(loadTools(join(folder, 'file'))).rejects.toEqual(invalid(/^file: cannot be read: ENOTDIR/));
});

test.each<[string, string, RegExp]>([
  ['no tool in it', 'export const a = 1;', /^a\.ts: exports no tool/],
  ['nothing in it', '', /^a\.ts: exports no tool/],
  ['a plain object', 'export default { name: "a", execute() {} };', /^a\.ts: exports no tool/],
  ['bad syntax', 'export default {', /^a\.ts: cannot be loaded: .*(Unexpected|expected)/s],
  ['an error', 'throw new Error("no database");', /^a\.ts: cannot be loaded: no database/],
  ['an odd error', 'throw "text";', /^a\.ts: cannot be loaded: text/],
  ['a missing import', 'import "./nowhere";', /^a\.ts: cannot be loaded: Cannot find module/],
  ['an invalid tool', source('bad name'), /^a\.ts: tool "bad name": a name is a letter/],
])('a file with %s is named with what is wrong', async (_, text, message) => {
  await put('a.ts', text);
  await expect(loadTools(folder, { holdfast })).rejects.toEqual(invalid(message));
  const error = await loadTools(folder, { holdfast }).catch((thrown) => thrown);
  expect(error.details).toEqual({ file: join(folder, 'a.ts') });
});

test('two tools of one name are refused, naming both files', async () => {
  await put('a.ts', source('same'));
  await put('b.ts', source('same'));
  await expect(loadTools(folder, { holdfast })).rejects.toEqual(
    invalid(/^b\.ts: defines the tool "same", and so does a\.ts/),
  );
});

test('a name that is taken is refused', async () => {
  await put('a.ts', source('calculator'));
  const taken = [{ name: 'calculator' }];
  await expect(loadTools(folder, { holdfast, taken })).rejects.toEqual(invalid(/so does a built-in tool/));
});

test('classes are those of this package, not of a copy', async () => {
  await put(
    'a.ts',
    `${source('a')} export { RetryLater } from 'holdfast';`.replace(
      'import { defineTool }',
      'import { defineTool, RetryLater }',
    ),
  );
  const module = (await loadModule(join(folder, 'a.ts'), { holdfast })) as { RetryLater: unknown };
  expect(module.RetryLater).toBe(RetryLater);
});

test('without being told, holdfast is this very package', async () => {
  await put('a.ts', source('a'));
  expect((await loadTools(folder)).map((tool) => tool.name)).toEqual(['a']);
  await put('b.ts', "import { noSuchExport } from 'holdfast'; export default noSuchExport();");
  await expect(loadTools(folder)).rejects.toEqual(invalid(/^b\.ts: cannot be loaded: .*not a function/));
});

test('a changed file is loaded anew', async () => {
  await put('a.ts', source('before'));
  await loadTools(folder, { holdfast });
  await put('a.ts', source('after'));
  expect((await loadTools(folder, { holdfast })).map((tool) => tool.name)).toEqual(['after']);
});

test('a zod of the project itself is used, and its tools work', async () => {
  await mkdir(join(folder, 'node_modules'));
  const { symlink } = await import('node:fs/promises');
  await symlink(join(__dirname, '../../../node_modules/zod'), join(folder, 'node_modules/zod'));
  await put('a.ts', source('a'));
  const [tool] = await loadTools(folder, { holdfast });
  expect(tool?.spec.inputSchema).toMatchObject({ properties: { n: { type: 'number' } } });
});
