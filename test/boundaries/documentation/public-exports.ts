import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { ROOT } from './program';

/** A thing that a user of the package can name, or a method of one. */
export interface Documented {
  /** `holdfast/client RunHandle.steer`. */
  where: string;
  name: string;
  kind: 'function' | 'class' | 'value' | 'type' | 'method';
  docstring: string;
  /** What its `@example` tags say, fences and all. */
  examples: string[];
}

/** Each import that `package.json` offers, and the source it is built from: `holdfast/client`, `client/index.ts`. */
export function entryPoints(): [name: string, file: string][] {
  const { name, exports } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  return Object.entries<{ types?: string }>(exports).flatMap(([subpath, { types }]) => {
    const source = types?.replace(/^\.\/dist\//, '').replace(/\.d\.ts$/, '.ts');
    return source === undefined ? [] : [[path.posix.join(name, subpath), path.join(ROOT, source)]];
  });
}

/** Every export of these modules, each followed by its methods. What two of them export is there twice. */
export function exportsOf(program: ts.Program, entries: readonly [name: string, file: string][]): Documented[] {
  const checker = program.getTypeChecker();
  return entries.flatMap(([entry, file]) => {
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    if (!module) throw new Error(`${entry}: ${file} is no module of the program`);
    return checker.getExportsOfModule(module).flatMap((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const where = `${entry} ${exported.name}`;
      return [
        documented(checker, symbol, { where, name: exported.name, kind: kindOf(checker, symbol) }),
        ...methodsOf(checker, symbol).map((method) =>
          documented(checker, method, { where: `${where}.${method.name}`, name: method.name, kind: 'method' }),
        ),
      ];
    });
  });
}

function documented(
  checker: ts.TypeChecker,
  symbol: ts.Symbol,
  facts: Pick<Documented, 'where' | 'name' | 'kind'>,
): Documented {
  const examples = symbol.getJsDocTags(checker).filter(({ name }) => name === 'example');
  return {
    ...facts,
    docstring: ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim(),
    examples: examples.map(({ text }) => ts.displayPartsToString(text)),
  };
}

function kindOf(checker: ts.TypeChecker, symbol: ts.Symbol): Documented['kind'] {
  if (symbol.flags & ts.SymbolFlags.Class) return 'class';
  if (!(symbol.flags & ts.SymbolFlags.Value)) return 'type';
  return checker.getTypeOfSymbol(symbol).getCallSignatures().length > 0 ? 'function' : 'value';
}

/** Those that are ours and can be called from outside, inherited ones too. */
function methodsOf(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol[] {
  if (!(symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface))) return [];
  const members = checker.getDeclaredTypeOfSymbol(symbol).getProperties();
  return members.filter(({ flags, declarations: [declaration] = [] }) => {
    if (!declaration || !(flags & ts.SymbolFlags.Method)) return false;
    const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
    if (ts.getCombinedModifierFlags(declaration) & hidden) return false;
    return !declaration.getSourceFile().fileName.includes('/node_modules/');
  });
}
