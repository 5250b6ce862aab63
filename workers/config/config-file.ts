import { existsSync } from 'node:fs';
import path from 'node:path';
import { HoldfastError } from '../../protocol/failures';
import type { FileProblem, SourceFile } from '../project/source-file';
import { readTextFile } from '../project/text-file';
import { migrated, versionProblem } from './migrations';
import { problemsOf, secretsIn } from './problems';
import { configFileSchema } from './schema';

const NAMES = ['holdfast.yaml', 'holdfast.yml', 'holdfast.toml', 'holdfast.json'] as const;

/** A project's file as it was found. */
export interface ConfigFile {
  /** Its name in the project, e.g. `holdfast.yaml`. */
  name: string;
  text: string;
  /** Undefined for a text that cannot be read. */
  value?: Record<string, unknown>;
  /** The version it is written in; 0 where it says none. */
  version: number;
  /** What keeps it from being used. */
  problems: FileProblem[];
  lineOf(at: readonly PropertyKey[]): number;
}

/**
 * The name of the project's file; undefined when it has none.
 * @throws HoldfastError `Config.Invalid` when there are several.
 */
export function findConfigFile(root: string): string | undefined {
  const found = NAMES.filter((name) => existsSync(path.join(root, name)));
  if (found.length < 2) return found[0];
  throw new HoldfastError('Config.Invalid', `there are ${found.join(' and ')}`, {
    hint: 'A project has one file of settings; remove the others.',
  });
}

/** @throws HoldfastError `Config.Invalid` when there are several, or it cannot be opened. */
export function readConfigFile(root: string): ConfigFile | undefined {
  const name = findConfigFile(root);
  if (name === undefined) return undefined;
  try {
    return parseConfigFile(readTextFile(path.join(root, name)), name);
  } catch (cause) {
    const known = HoldfastError.is(cause);
    if (known && cause.code === 'Config.Invalid') throw cause;
    throw new HoldfastError('Config.Invalid', `${name} ${known ? '' : 'cannot be read: '}${(cause as Error).message}`, {
      hint: (known && cause.hint) || 'Check its owner and mode.',
      cause,
    });
  }
}

/** A file of an older version is read as the present one; its text stays as it is. */
export function parseConfigFile(text: string, name: string): ConfigFile {
  const source = sourceOf(text, name);
  if ('problems' in source) return { name, text, version: 0, problems: source.problems, lineOf: () => 1 };
  const { lineOf } = source;
  const version = versionProblem(source.value);
  const at = (problem: Omit<FileProblem, 'file' | 'line'>, where: readonly PropertyKey[]): FileProblem => ({
    file: name,
    line: lineOf(where),
    ...problem,
  });
  if (typeof version !== 'number') {
    return { name, text, version: 0, problems: [at(version, ['version'])], lineOf };
  }
  const value = migrated(withoutNulls(source.value), version);
  // First, so that no message of the schema can repeat a secret.
  const secrets = secretsIn(value);
  const found = secrets.length > 0 ? secrets : problemsOf(configFileSchema, value);
  const problems = found.map(({ keys, ...problem }) => at(problem, keys));
  return { name, text, value, version, problems, lineOf };
}

/** The readers are loaded here, because most commands of a project without a file need none. */
function sourceOf(text: string, name: string): SourceFile {
  if (name.endsWith('.toml')) {
    const { readToml } = require('./toml-file') as typeof import('./toml-file');
    return readToml(text, name);
  }
  const { readYaml } = require('../project/source-file') as typeof import('../project/source-file');
  // A file of comments alone is a mapping of nothing.
  const source = readYaml(text, name, 'Write "version: 1" and settings below it.');
  return 'problems' in source && isEmpty(text) ? { value: {}, lineOf: () => 1 } : source;
}

/** A key with nothing below it, such as one whose settings are all commented out, is as good as none. */
function withoutNulls(value: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(value).filter(([, child]) => child !== null);
  return Object.fromEntries(entries.map(([name, child]) => [name, isMapping(child) ? withoutNulls(child) : child]));
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEmpty(text: string): boolean {
  return text.split('\n').every((line) => /^\s*(#.*|---)?$/.test(line));
}

/** @throws HoldfastError `Config.Invalid` with the first problem. */
export function requireSound({ problems }: Pick<ConfigFile, 'problems'>): void {
  const [first, ...others] = problems;
  if (!first) return;
  const { file, line, path: key, message, hint } = first;
  const more = others.length > 0 ? ` (and ${others.length} more)` : '';
  throw new HoldfastError('Config.Invalid', `${file}:${line}: ${key === '' ? '' : `${key}: `}${message}${more}`, {
    hint,
    details: { place: `${file}:${line}` },
  });
}
