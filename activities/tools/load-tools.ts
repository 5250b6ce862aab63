import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { createJiti } from 'jiti';
import * as zod from 'zod';
import { HoldfastError } from '../../protocol/failures';
import { isTool, type Tool } from './define-tool';

/** TypeScript and JavaScript, but no declarations, tests or hidden files. */
const TOOL_FILE = /^[^.].*(?<!\.d|\.test|\.spec)\.[cm]?[jt]s$/;

export interface LoadToolsOptions {
  /** What `import … from 'holdfast'` gives. Default: this very package, also when developing inside it. */
  holdfast?: object;
  /** What further modules give, by name. */
  modules?: Readonly<Record<string, object>>;
  /** Tools there already are; a file may not define one of the same name. */
  taken?: readonly { name: string }[];
}

/**
 * The tools a user keeps in a folder, one or more to a file, as default export (a tool or an array) or named exports.
 * Files are read in order of name; a folder that does not exist holds none. A file is run when it is loaded: it is the
 * user's own code and has the worker's rights.
 * @throws HoldfastError `Tool.Invalid` naming the file and what is wrong with it.
 */
export async function loadTools(folder: string, options: LoadToolsOptions = {}): Promise<Tool[]> {
  const root = resolve(folder);
  const names = (await filesIn(root)).filter((name) => TOOL_FILE.test(name)).sort();
  const owners = new Map(options.taken?.map(({ name }) => [name, 'a built-in tool']));
  const tools: Tool[] = [];
  for (const name of names) {
    const path = join(root, name);
    for (const tool of toolsIn(path, await loadModule(path, options))) {
      const owner = owners.get(tool.name);
      if (owner !== undefined)
        throw invalid(path, `defines the tool "${tool.name}", and so does ${owner}`, 'Rename one.');
      owners.set(tool.name, name);
      tools.push(tool);
    }
  }
  return tools;
}

/**
 * What a user's file exports, TypeScript or JavaScript, with `holdfast` as this package and `zod` where it has none.
 * @throws HoldfastError `Tool.Invalid` naming the file when it cannot be loaded.
 */
export async function loadModule(path: string, options: LoadToolsOptions = {}): Promise<unknown> {
  try {
    return await loaderFor(dirname(path), options).import(path);
  } catch (error) {
    if (HoldfastError.is(error)) throw invalid(path, error.message, error.hint, error);
    throw invalid(path, `cannot be loaded: ${messageOf(error)}`, undefined, error);
  }
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw invalid(folder, `cannot be read: ${messageOf(error)}`);
  }
}

function loaderFor(folder: string, options: LoadToolsOptions): ReturnType<typeof createJiti> {
  const own = { ...options.modules, holdfast: options.holdfast ?? thisPackage() };
  return createJiti(join(folder, 'index.js'), {
    fsCache: false,
    moduleCache: false,
    // Handed over, not resolved: a second copy of the package would bring classes of its own.
    virtualModules: hasOwnZod(folder) ? own : { ...own, zod },
  });
}

/** Loaded when first needed: the package's entry may be what imports this file. */
function thisPackage(): object {
  return require(join(__dirname, '..', '..', 'index'));
}

/** A project that has no zod of its own gets ours. */
function hasOwnZod(folder: string): boolean {
  try {
    createRequire(join(folder, 'index.js')).resolve('zod');
    return true;
  } catch {
    return false;
  }
}

function toolsIn(path: string, module: unknown): Tool[] {
  const exports = Object(module) as Record<string, unknown>;
  const named = Object.entries(exports).filter(([name]) => name !== 'default');
  const values = [exports.default, ...named.map(([, value]) => value)].flat();
  const tools = [...new Set(values.filter(isTool))];
  if (tools.length > 0) return tools;
  const hint = "Write `export default defineTool({…})` with defineTool from 'holdfast'.";
  throw invalid(path, 'exports no tool', hint);
}

function messageOf(error: unknown): string {
  return error instanceof Error || typeof (error as Error)?.message === 'string'
    ? (error as Error).message
    : String(error);
}

function invalid(path: string, problem: string, hint?: string, cause?: unknown): HoldfastError {
  return new HoldfastError('Tool.Invalid', `${basename(path)}: ${problem}`, {
    ...(hint !== undefined && { hint }),
    ...(cause !== undefined && { cause }),
    details: { file: path },
  });
}
