import { type Document, LineCounter, parseDocument } from 'yaml';

/** What is wrong with a file that a user wrote, and where. */
export interface FileProblem {
  file: string;
  /** Unknown for files that are run, not read. */
  line?: number;
  /** The key, e.g. `limits.turns`; empty for the file as a whole. */
  path: string;
  message: string;
  hint: string;
}

/** `agents/reporter.yaml:3: limits.turns: …` */
export function problemText({ file, line, path: key, message }: FileProblem): string {
  return `${file}${line === undefined ? '' : `:${line}`}: ${key === '' ? '' : `${key}: `}${message}`;
}

/** A mapping with the lines of its keys, or what keeps the text from being one. */
export type SourceFile =
  | { value: Record<string, unknown>; lineOf(at: readonly PropertyKey[]): number }
  | { problems: FileProblem[] };

/**
 * Reads YAML, and so JSON too.
 * @param notMapping the hint when the text is no mapping.
 */
export function readYaml(text: string, file: string, notMapping: string): SourceFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => {
      const { line } = lines.linePos(error.pos[0]);
      return { file, line, path: '', message: error.message, hint: 'Mend the YAML syntax.' };
    });
    return { problems };
  }
  const value = plainOf(document);
  if (value instanceof Error) {
    const hint = 'Write out what the alias (*name) stands for.';
    return { problems: [{ file, line: 1, path: '', message: value.message, hint }] };
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return { problems: [{ file, line: 1, path: '', message: 'not a mapping', hint: notMapping }] };
  }
  return {
    value,
    lineOf: (at) => {
      for (let depth = at.length; depth >= 0; depth--) {
        const node = document.getIn(at.slice(0, depth), true) as { range?: [number, number, number] } | undefined;
        if (node?.range) return lines.linePos(node.range[0]).line;
      }
      return 1;
    },
  };
}

/** Aliases are followed only here: one that leads nowhere, or a bomb of them, is found now. */
function plainOf(document: Document): Record<string, unknown> | null | Error {
  try {
    return document.toJS();
  } catch (error) {
    return error as Error;
  }
}
