import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './program';
import type { Documented } from './public-exports';

/** A piece of TypeScript that readers are shown. */
export interface CodeBlock {
  /** `docs/plans.md:12`, the line its code begins on, or `holdfast/client RunHandle`. */
  where: string;
  code: string;
}

const FENCE = /^([ \t]*)```(?:ts|typescript)([^\n]*)\n([\s\S]*?)^\1```$/gm;

/** Of every page that is kept here. A fragment that cannot stand alone says so: `ts no-check` beside the fence. */
export function blocksOfPages(): CodeBlock[] {
  const pages = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], { cwd: ROOT, encoding: 'utf8' })
    .split('\n')
    .filter((page) => page !== '' && existsSync(path.join(ROOT, page)));
  return pages.flatMap((page) => blocksIn(page, readFileSync(path.join(ROOT, page), 'utf8')));
}

export function blocksIn(page: string, text: string): CodeBlock[] {
  return [...text.matchAll(FENCE)].flatMap(({ index, 2: rest = '', 3: code = '' }) => {
    const line = text.slice(0, index).split('\n').length + 1;
    return rest.includes('no-check') ? [] : [{ where: `${page}:${line}`, code }];
  });
}

/** Those of docstrings; what two entry points export is taken once. */
export function blocksOfExamples(exported: readonly Documented[]): CodeBlock[] {
  const seen = new Set<string>();
  return exported.flatMap(({ where, examples }) =>
    examples.flatMap((example) => {
      if (seen.has(example)) return [];
      seen.add(example);
      return blocksIn(where, example).map(({ code }) => ({ where, code }));
    }),
  );
}

/** What any example may take for granted; the README makes them first. */
const GIVEN = {
  holdfast: "import('holdfast/client').HoldfastClient",
  temporalClient: "import('@temporalio/client').Client",
};

/** A block as a module of its own, with the same lines. */
export function asModule({ code }: CodeBlock): string {
  const missing = Object.entries(GIVEN).filter(([name]) => !new RegExp(`\\b(const|let) ${name}\\b`).test(code));
  return `export {}; ${missing.map(([name, type]) => `declare const ${name}: ${type};`).join(' ')} ${code}`;
}
