import { z } from 'zod';
import { HoldfastError } from '../failures';
import type { PlanDefinition } from './definition';

const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const PLACE = /\{\{\s*([A-Za-z][A-Za-z0-9_-]*)\s*\}\}/g;
const WHOLE = /^\{\{\s*([A-Za-z][A-Za-z0-9_-]*)\s*\}\}$/;

const parameterSchema = z.strictObject({
  description: z.string().max(1_000).optional(),
  type: z.enum(['string', 'number', 'boolean']).default('string'),
  default: z.union([z.string(), z.number(), z.boolean()]).optional().describe('Without one it must be set.'),
});
type Parameter = z.output<typeof parameterSchema>;
type Value = string | number | boolean;

/** What a template says of itself; all else is the plan, with `{{name}}` where parameters stand. */
export const templateSchema = z.looseObject({
  name: z.string(),
  version: z.union([z.string(), z.number()]).transform(String).default('1'),
  description: z.string().max(10_000).optional(),
  parameters: z.record(z.string().regex(NAME), parameterSchema).optional().describe('Default: every place, as text.'),
});
/**
 * A plan with places, `{{name}}`, that are filled in before it is submitted. Default of `parameters`: every place, as
 * text.
 */
export type PlanTemplate = z.input<typeof templateSchema>;

/**
 * The plan a template gives. What is set is a value within a text, or a text, number or yes and no of its own where a text is nothing
 * but its place: it cannot become another part of the plan.
 * @throws HoldfastError `Input.Invalid` for what is not set, not known, or not of its type.
 *
 * @example
 * ```ts
 * import { renderPlan } from 'holdfast/client';
 *
 * const template = {
 *   name: 'briefing',
 *   nodes: [
 *     { id: 'read', agent: 'reader', goal: 'Read {{source}}.' },
 *     { id: 'brief', agent: 'writer', goal: 'Write a briefing.', after: ['read'] },
 *   ],
 * };
 * const plan = await holdfast.plans.submit(renderPlan(template, { source: 'the inbox' }));
 * ```
 */
export function renderPlan(template: PlanTemplate, values: Readonly<Record<string, Value>> = {}): PlanDefinition {
  const { parameters: declared, version } = templateSchema.parse(template);
  const { parameters: _parameters, description: _description, ...rest } = template;
  const plan = { ...rest, ...(rest.version !== undefined && { version }) };
  const parameters = declared ?? Object.fromEntries(placesIn(plan).map((name) => [name, { type: 'string' as const }]));
  const set = valuesOf(parameters, values);
  const fill = (value: unknown): unknown => {
    if (typeof value === 'string') return filled(value, set);
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, fill(part)]));
  };
  return fill(plan) as PlanDefinition;
}

/** The names that stand in a template. */
export function placesIn(value: unknown): string[] {
  const found = [...(JSON.stringify(value) ?? '').matchAll(PLACE)].map(([, name = '']) => name);
  return [...new Set(found)];
}

function filled(text: string, set: ReadonlyMap<string, Value>): Value {
  const only = WHOLE.exec(text)?.[1];
  if (only !== undefined) return setFor(only, set);
  return text.replace(PLACE, (_place, name: string) => String(setFor(name, set)));
}

function setFor(name: string, set: ReadonlyMap<string, Value>): Value {
  const value = set.get(name);
  if (value === undefined)
    throw invalid(`it has {{${name}}}, and no parameter of that name`, 'Declare it in `parameters`.');
  return value;
}

function valuesOf(parameters: Record<string, Parameter>, given: Readonly<Record<string, Value>>): Map<string, Value> {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(parameters, name));
  if (unknown !== undefined) {
    const known = Object.keys(parameters).join(', ') || 'none';
    throw invalid(`it has no parameter "${unknown}"`, `It has: ${known}.`);
  }
  return new Map(
    Object.entries(parameters).map(([name, parameter]) => {
      const value = Object.hasOwn(given, name) ? given[name] : parameter.default;
      if (value === undefined) throw invalid(`nothing is set for {{${name}}}`, `Say it: --set ${name}=…`);
      return [name, typed(name, value, parameter.type)];
    }),
  );
}

/** On the command line everything is text. */
function typed(name: string, value: Value, type: Parameter['type']): Value {
  if (type === 'string') return String(value);
  if (type === 'boolean' && /^(true|false)$/.test(String(value))) return String(value) === 'true';
  if (type === 'number' && String(value).trim() !== '' && Number.isFinite(Number(value))) return Number(value);
  throw invalid(`"${String(value).slice(0, 80)}" is no ${type}, which ${name} must be`, 'Set another value.');
}

function invalid(message: string, hint: string): HoldfastError {
  return new HoldfastError('Input.Invalid', message, { hint });
}
