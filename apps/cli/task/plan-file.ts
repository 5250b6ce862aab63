import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { PlanDefinition } from '../../../client';
import { HoldfastError } from '../../../protocol/failures';
import { type PlanTemplate, placesIn, renderPlan, templateSchema } from '../../../protocol/plan/template';
import { problemsOf } from '../../../protocol/problems';
import { type FileProblem, problemText, readYaml } from '../../../workers/project/source-file';
import { readGiven } from './given-file';

/** Where a project keeps its templates. */
const FOLDER = 'plans';

/** A template of a project. */
export interface FoundTemplate {
  name: string;
  version: string;
  description?: string;
  parameters: { name: string; type: string; default?: string | number | boolean; description?: string }[];
  /** Relative to the project. */
  file: string;
}

/**
 * A plan in a file, with what was set in place of `{{name}}`.
 * @throws HoldfastError `Input.Invalid` for a file that cannot be read, and for a place nothing was set for; `Input.TooLarge`.
 */
export function readPlan(file: string, given: readonly string[] = []): PlanDefinition {
  const template = readTemplate(file);
  const values = Object.fromEntries(given.map((pair) => pairOf(pair)));
  try {
    return renderPlan(template, values);
  } catch (error) {
    if (!HoldfastError.is(error)) throw error;
    throw new HoldfastError(error.code, `${file}: ${error.message}`, { hint: error.hint, cause: error });
  }
}

/** The templates of a project, by name and then the newest version first. @throws HoldfastError as `readPlan`. */
export function templatesOf(project: string): FoundTemplate[] {
  const folder = path.join(project, FOLDER);
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => /\.(ya?ml|json)$/.test(name)) : [];
  const found = files.map((name) => describe(path.join(folder, name), project));
  return found.sort((one, other) => one.name.localeCompare(other.name) || newestFirst(one.version, other.version));
}

/**
 * The file of a template.
 * @param named `name`, which is the newest version, or `name@version`.
 * @throws HoldfastError `Input.Invalid`.
 */
export function templateFile(project: string, named: string): string {
  const [name, version] = named.split('@', 2);
  const all = templatesOf(project);
  const found = all.find((one) => one.name === name && (version === undefined || one.version === version));
  if (found) return path.join(project, found.file);
  const known = all.map((one) => `${one.name}@${one.version}`).join(', ') || 'none';
  throw new HoldfastError('Input.Invalid', `there is no template "${named.slice(0, 120)}"`, {
    hint: `Templates are plans in ${FOLDER}/ of the project. There are: ${known}.`,
  });
}

/** @throws HoldfastError `Input.Invalid` with the first line that is wrong, `Input.TooLarge`. */
export function readMapping(file: string): Record<string, unknown> {
  const source = readYaml(readGiven(file), file, 'A plan is YAML or JSON; see docs/plans.md.');
  if (!('problems' in source)) return source.value;
  const [first] = source.problems as [FileProblem];
  throw new HoldfastError('Input.Invalid', problemText(first), { hint: first.hint });
}

function readTemplate(file: string): PlanTemplate {
  const value = readMapping(file);
  const parsed = templateSchema.safeParse(value);
  if (parsed.success) return value as PlanTemplate;
  const hint = 'A plan has a name, and may have `parameters`; see docs/plans.md.';
  throw new HoldfastError('Input.Invalid', `${file}: ${problemsOf(parsed.error, '(plan)')}`, { hint });
}

function describe(file: string, project: string): FoundTemplate {
  const template = readTemplate(file);
  const { name, version, description, parameters } = templateSchema.parse(template);
  const declared = parameters ?? Object.fromEntries(placesIn(template).map((place) => [place, { type: 'string' }]));
  return {
    name,
    version,
    ...(description !== undefined && { description }),
    parameters: Object.entries(declared).map(([parameter, about]) => ({ name: parameter, ...about })),
    file: path.relative(project, file),
  };
}

/** 10 is newer than 9. */
function newestFirst(one: string, other: string): number {
  return other.localeCompare(one, 'en', { numeric: true });
}

function pairOf(pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
  throw new HoldfastError('Input.Invalid', `--set ${pair}: write name=value`);
}
