import { parse, TomlError } from 'smol-toml';
import type { SourceFile } from '../project/source-file';

/** Reads TOML. The parser tells no lines of keys, so they are looked for in the text: tables and plain keys are found. */
export function readToml(text: string, file: string): SourceFile {
  try {
    const value = parse(text);
    const lines = linesOf(text);
    return {
      value,
      lineOf: (at) => {
        for (let depth = at.length; depth > 0; depth--) {
          const line = lines.get(keyOf(at.slice(0, depth).map(String)));
          if (line !== undefined) return line;
        }
        return 1;
      },
    };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const message = (error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '');
    return { problems: [{ file, line: error.line, path: '', message, hint: 'Mend the TOML syntax.' }] };
  }
}

function linesOf(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  let table: string[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    const head = /^\s*\[+([^\]]+)\]/.exec(line)?.[1];
    const key = /^\s*((?:"[^"]*"|'[^']*'|[\w.-])+)\s*=/.exec(line)?.[1];
    if (head !== undefined) table = namesIn(head);
    const names = head !== undefined ? table : key !== undefined ? [...table, ...namesIn(key)] : undefined;
    if (names && !lines.has(keyOf(names))) lines.set(keyOf(names), at + 1);
  }
  return lines;
}

function namesIn(key: string): string[] {
  return [...key.matchAll(/"([^"]*)"|'([^']*)'|([\w-]+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );
}

function keyOf(names: readonly string[]): string {
  return JSON.stringify(names);
}
