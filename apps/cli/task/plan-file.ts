import type { PlanDefinition } from '../../../client';
import { HoldfastError } from '../../../protocol/failures';
import { type FileProblem, problemText, readYaml } from '../../../workers/project/source-file';
import { readGiven } from './given-file';

const PLACE = /\{\{\s*([A-Za-z][A-Za-z0-9_-]*)\s*\}\}/g;

/**
 * A plan in a file, with what was set in place of `{{name}}`. What is set is text within a text: it cannot become another part of the plan.
 * @throws HoldfastError `Input.Invalid` for a file that cannot be read, and for a place nothing was set for; `Input.TooLarge`.
 */
export function readPlan(file: string, given: readonly string[] = []): PlanDefinition {
  const values = new Map(given.map((pair) => pairOf(pair)));
  const used = new Set<string>();
  const fill = (value: unknown): unknown => {
    if (typeof value === 'string')
      return value.replace(PLACE, (_place, name: string) => {
        used.add(name);
        const set = values.get(name);
        if (set !== undefined) return set;
        throw invalid(file, `nothing is set for {{${name}}}`, `Say it: --set ${name}=…`);
      });
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, fill(part)]));
  };
  const plan = fill(readMapping(file)) as PlanDefinition;
  const unused = [...values.keys()].find((name) => !used.has(name));
  if (unused !== undefined) throw invalid(file, `it has no {{${unused}}}`, 'Look for a mistake in the name.');
  return plan;
}

/** @throws HoldfastError `Input.Invalid` with the first line that is wrong, `Input.TooLarge`. */
export function readMapping(file: string): Record<string, unknown> {
  const source = readYaml(readGiven(file), file, 'A plan is YAML or JSON; see docs/plans.md.');
  if (!('problems' in source)) return source.value;
  const [first] = source.problems as [FileProblem];
  throw new HoldfastError('Input.Invalid', problemText(first), { hint: first.hint });
}

function pairOf(pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
  throw new HoldfastError('Input.Invalid', `--set ${pair}: write name=value`);
}

function invalid(file: string, message: string, hint: string): HoldfastError {
  return new HoldfastError('Input.Invalid', `${file}: ${message}`, { hint });
}
