import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { defineTool, type Tool } from '../../../activities/tools/define-tool';
import { loadModule, loadTools } from '../../../activities/tools/load-tools';
import { RetryLater } from '../../../activities/tools/tool';
import { isFailureCode } from '../../../protocol/failures';
import { openTestRun } from './tool-call.fixture';

const root = join(__dirname, '../../..');

async function exampleOf(page: string): Promise<string> {
  const text = await readFile(join(root, page), 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(text)?.[1];
  if (example === undefined) throw new Error(`${page} has no example`);
  return example;
}

async function loadExample(): Promise<Tool> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-doc-'));
  await writeFile(join(folder, 'exchange-rate.ts'), await exampleOf('docs/adding-a-tool.md'));
  const [tool] = await loadTools(folder, { holdfast: { defineTool, RetryLater } });
  await rm(folder, { recursive: true });
  return tool as Tool;
}

/** Compiling takes seconds, on a busy machine many. */
jest.setTimeout(180_000);

/** Loaded files run outside of jest's sandbox, with a `fetch` of their own. */
async function mockFetch() {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-doc-'));
  await writeFile(join(folder, 'realm.ts'), 'export const realm = globalThis;');
  const { realm } = (await loadModule(join(folder, 'realm.ts'), { holdfast: {} })) as { realm: typeof globalThis };
  await rm(folder, { recursive: true });
  const fetched = jest.spyOn(realm, 'fetch');
  const answerWith = (status: number, body: unknown = {}) =>
    fetched.mockImplementation(async () => new Response(JSON.stringify(body), { status }));
  return { fetched, answerWith };
}

test('the example in the guide has the types it should', async () => {
  const file = join(root, 'tools-example.ts');
  const text = (await exampleOf('docs/adding-a-tool.md')).replace(
    "import { defineTool, RetryLater } from 'holdfast';",
    "import { defineTool } from './activities/tools/define-tool'; import { RetryLater } from './activities/tools/tool';",
  );
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const options = { ...ts.convertCompilerOptionsFromJson(config.compilerOptions, root).options, types: ['node'] };
  const host = ts.createCompilerHost(options);
  const { readFile: read, fileExists } = host;
  host.readFile = (name) => (name === file ? text : read(name));
  host.fileExists = (name) => name === file || fileExists(name);
  const { getSourceFile } = host;
  host.getSourceFile = (name, version) =>
    name === file ? ts.createSourceFile(name, text, version) : getSourceFile(name, version);
  let program: ts.Program | undefined;
  const problems = (broken: string) => {
    host.getSourceFile = (name, version) =>
      name === file ? ts.createSourceFile(name, broken, version) : getSourceFile(name, version);
    program = ts.createProgram([file], options, host, program);
    const found = program.getSemanticDiagnostics(program.getSourceFile(file));
    return found.map((diagnostic) => ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
  };
  expect(problems(text)).toEqual([]);
  expect(problems(text.replace('{ from, to, day', '{ from, too, day'))).not.toEqual([]);
});

test('the example runs: result, error for the model, repeated attempt, bad arguments', async () => {
  const tool = await loadExample();
  const run = await openTestRun();
  const { fetched, answerWith } = await mockFetch();
  answerWith(200, { rates: { USD: 1.1 } });
  expect(await run.ok(tool, { from: 'EUR', to: 'USD', day: '2025-01-31' })).toEqual({ rates: { USD: 1.1 } });
  expect(fetched.mock.calls[0]?.[0]).toBe('https://api.frankfurter.dev/v1/2025-01-31?base=EUR&symbols=USD');
  answerWith(404);
  expect(await run.failure(tool, { from: 'EUR', to: 'XXX' })).toBe('there is no rate from EUR to XXX');
  answerWith(503);
  await expect(run.call(tool, { from: 'EUR', to: 'USD' })).rejects.toMatchObject({
    name: 'RetryLater',
    delayMs: 2_000,
  });
  expect((await run.call(tool, { from: 'EURO', to: 'USD' })).outcome).toBe('invalid-arguments');
  fetched.mockRestore();
  await run.close();
});

test('the pages on errors are of codes there are', async () => {
  const names = (await readdir(join(root, 'docs/errors'))).filter((name) => /^(Tool|Artifact|Workspace)\./.test(name));
  expect(names).toHaveLength(5);
  for (const name of names) {
    const code = name.replace(/\.md$/, '');
    expect(isFailureCode(code)).toBe(true);
    const page = await readFile(join(root, 'docs/errors', name), 'utf8');
    expect(page.startsWith(`# ${code}\n`)).toBe(true);
    expect(page).toContain('**The run:**');
    expect(page).toContain('**What to do:**');
  }
});
