import path from 'node:path';
import type ts from 'typescript';
import { asModule, blocksIn, blocksOfExamples, blocksOfPages, type CodeBlock } from './documentation/code-blocks';
import { problemsIn, programOf, ROOT } from './documentation/program';
import { entryPoints, exportsOf } from './documentation/public-exports';

/** Compiling takes seconds, on a busy machine minutes. */
jest.setTimeout(600_000);

const entries = entryPoints();

/** Where nothing is said of what is exported, and where the example is wrong: both must be found. */
const PLANTED: [name: string, file: string] = ['planted', path.join(ROOT, 'planted.ts')];
const PLANTED_SOURCE = `
/** Said. */
export interface Said { /** @throws nothing */ quiet(): void; }
export const bare = () => 1;
/** Said. */
export class Shown {
  private hidden(): void {}
}
`;
const WRONG: CodeBlock[] = [
  { where: 'a name that is not exported', code: "import { startAgents } from 'holdfast/workflow';" },
  { where: 'an argument of the wrong type', code: "\nawait holdfast.start('analyst', { budgetUsd: '2' });" },
  { where: 'a name that is not there', code: 'await run.result();' },
  { where: 'what does not parse', code: 'const = 1;' },
];

let program: ts.Program;
beforeAll(() => {
  program = programOf([...entries, PLANTED], new Map([[PLANTED[1], PLANTED_SOURCE]]));
});

describe('what is exported', () => {
  test('has six entry points, and all of it is looked at', () => {
    expect(entries.map(([name]) => name)).toEqual([
      'holdfast',
      'holdfast/workflow',
      'holdfast/worker',
      'holdfast/provider',
      'holdfast/client',
      'holdfast/testing',
    ]);
    const found = exportsOf(program, entries).map(({ where, kind }) => `${where}: ${kind}`);
    expect(found).toEqual(
      expect.arrayContaining([
        'holdfast AgentDefinition: type',
        'holdfast/workflow runAgent: function',
        'holdfast/worker StreamBus.publish: method',
        'holdfast/client ChatHandle: class',
        'holdfast/client ChatHandle.steer: method',
        'holdfast/testing PROVIDER_CASES: value',
      ]),
    );
  });

  test('says what it is, in words: types, values, functions, classes and their methods', () => {
    expect(withoutDocstring(entries)).toEqual([]);
    expect(withoutDocstring([PLANTED])).toEqual(['planted Said.quiet', 'planted bare']);
  });

  test('has an example, where it is a function or a class', () => {
    expect(withoutExample(entries)).toEqual([]);
    expect(withoutExample([PLANTED])).toEqual(['planted bare', 'planted Shown']);
  });

  function withoutDocstring(of: typeof entries): string[] {
    return exportsOf(program, of).flatMap(({ where, docstring }) => (docstring === '' ? [where] : []));
  }

  /** One that is fenced as TypeScript; of a function, one that calls it. */
  function withoutExample(of: typeof entries): string[] {
    const callable = exportsOf(program, of).filter(({ kind }) => kind === 'function' || kind === 'class');
    return callable
      .filter(({ where, name, kind, examples }) => {
        const code = examples.flatMap((example) => blocksIn(where, example)).map((block) => block.code);
        return !code.some((text) => kind === 'class' || new RegExp(`\\b${name}(<[^(]*>)?\\(`).test(text));
      })
      .map(({ where }) => where);
  }
});

test('examples in docstrings and TypeScript in the docs compile', () => {
  const pages = blocksOfPages();
  const blocks = [...pages, ...blocksOfExamples(exportsOf(program, entries)), ...WRONG];
  // In one folder with the sources, so that packages are found; the name must not be that of a file.
  const files = new Map(blocks.map((block, at) => [path.join(ROOT, `documented-${at}.mts`), block]));
  const texts = new Map([...files].map(([file, block]) => [file, asModule(block)]));
  const compiled = programOf(entries, texts, program);
  const problems = [...files].flatMap(([file, { where }]) =>
    problemsIn(compiled, file).map((problem) => ({ where, problem: `${where}, line ${problem}` })),
  );
  const planted = new Set(WRONG.map(({ where }) => where));
  expect(problems.filter(({ where }) => !planted.has(where)).map(({ problem }) => problem)).toEqual([]);
  expect(new Set(problems.map(({ where }) => where))).toEqual(planted);
  expect(pages.map(({ where }) => where.replace(/:\d+$/, ''))).toEqual(expect.arrayContaining(['README.md']));
});
