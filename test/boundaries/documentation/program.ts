import path from 'node:path';
import ts from 'typescript';

export const ROOT = path.resolve(__dirname, '..', '..', '..');

const { config } = ts.readConfigFile(path.join(ROOT, 'tsconfig.json'), ts.sys.readFile);
const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);

/**
 * Compiles modules and, beside them, texts that are in no file. Those import the package as its users do: by the names of `entries`,
 * which lead to the sources. A later program takes over what an earlier one has read.
 */
export function programOf(
  entries: readonly [name: string, file: string][],
  texts: ReadonlyMap<string, string> = new Map(),
  earlier?: ts.Program,
): ts.Program {
  const compilerOptions: ts.CompilerOptions = {
    ...options,
    // An example shows what there is; it need not use it.
    noUnusedLocals: false,
    noUnusedParameters: false,
    paths: Object.fromEntries(entries.map(([name, file]) => [name, [file]])),
  };
  const host = ts.createCompilerHost(compilerOptions);
  const { fileExists, getSourceFile, readFile } = host;
  host.fileExists = (name) => texts.has(name) || fileExists(name);
  host.readFile = (name) => texts.get(name) ?? readFile(name);
  host.getSourceFile = (name, version, ...rest) => {
    const text = texts.get(name);
    if (text !== undefined) return ts.createSourceFile(name, text, version, true);
    const read = earlier?.getSourceFile(name);
    return read ?? getSourceFile(name, name.includes('/node_modules/') ? withoutComments(version) : version, ...rest);
  };
  return ts.createProgram([...entries.map(([, file]) => file), ...texts.keys()], compilerOptions, host, earlier);
}

/** Packages are millions of characters, and half of them comments that nobody asks for. */
function withoutComments(version: ts.ScriptTarget | ts.CreateSourceFileOptions): ts.CreateSourceFileOptions {
  const given = typeof version === 'object' ? version : { languageVersion: version };
  return { ...given, jsDocParsingMode: ts.JSDocParsingMode.ParseNone };
}

/** What is wrong with one text of a program: `3: Property 'x' does not exist …`, by the line in the text. */
export function problemsIn(program: ts.Program, name: string): string[] {
  const source = program.getSourceFile(name);
  if (!source) throw new Error(`${name} is not in the program`);
  const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  return found.map(({ start = 0, messageText }) => {
    const { line } = source.getLineAndCharacterOfPosition(start);
    return `${line + 1}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}
