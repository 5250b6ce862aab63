import type { JsonSchema } from '../../../protocol/json';
import { recognise, type Sources, sourcesOf, typeOf } from './recognise';
import { isRecord } from './rule';

/**
 * A small value that satisfies a JSON Schema, with what the text names filled in. Constraints that would need a solver
 * (`not`, `if`, most patterns) are not looked at: the answer is checked afterwards anyway.
 */
export function instanceFor(schema: JsonSchema, text: string): unknown {
  return new Builder(schema, sourcesOf(text), true).value(schema, '', 0);
}

/** A tool's arguments: what the sources name, and the least for what is required beside. */
export function argumentsFor(schema: JsonSchema, sources: Sources): Record<string, unknown> {
  const value = new Builder(schema, sources, false).value(schema, '', 0);
  return isRecord(value) ? value : {};
}

/** Schemas that contain themselves end here. */
const MAX_DEPTH = 8;
/** Deeper than this nothing can be saved; a schema that needs it has no small instance. */
const HOPELESS_DEPTH = 40;
const MAX_ITEMS = 1_000;
const FORMAT_SAMPLES: Record<string, string> = {
  date: '2000-01-01',
  time: '00:00:00Z',
  'date-time': '2000-01-01T00:00:00Z',
  email: 'simulated@example.com',
  uri: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
  ipv4: '192.0.2.1',
};
const PATTERN_SAMPLES = [
  'simulated',
  'a',
  'A',
  '0',
  '00',
  '000',
  '0000',
  'A1',
  'A-1',
  'a1',
  'aa',
  'AA',
  'AAA',
  '2000-01-01',
  'a@b.c',
];

class Builder {
  constructor(
    private readonly root: JsonSchema,
    private readonly sources: Sources,
    /** Fill a plain text with the label, so that it is not taken for a model's. */
    private readonly label: boolean,
  ) {}

  value(given: unknown, name: string, depth: number): unknown {
    if (!isRecord(given) || depth > HOPELESS_DEPTH) return null;
    const schema = this.merged(given, depth);
    if ('const' in schema) return schema.const;
    const found = name === '' ? undefined : recognise(name, schema, this.sources);
    if (found !== undefined && fits(found, schema)) return found;
    if ('default' in schema) return schema.default;
    if (Array.isArray(schema.enum)) return schema.enum[0];
    const branch = [schema.anyOf, schema.oneOf].find(Array.isArray);
    if (branch) return this.value(simplest(branch, depth), name, depth + 1);
    return this.plain(schema, name, depth);
  }

  private plain(schema: JsonSchema, name: string, depth: number): unknown {
    switch (typeOf(schema) ?? guessedType(schema)) {
      case 'object':
        return this.object(schema, depth);
      case 'array':
        return this.array(schema, name, depth);
      case 'string':
        return this.text(schema, name);
      case 'integer':
        return leastNumber(schema, 1);
      case 'number':
        return leastNumber(schema, Number.EPSILON);
      case 'boolean':
        return false;
      default:
        return null;
    }
  }

  private object(schema: JsonSchema, depth: number): Record<string, unknown> {
    const properties = isRecord(schema.properties) ? schema.properties : {};
    const required = Array.isArray(schema.required) ? schema.required.map(String) : [];
    const value: Record<string, unknown> = {};
    for (const [name, property] of Object.entries(properties)) {
      const needed = required.includes(name);
      const known = needed || (isRecord(property) && this.named(name, property, depth));
      if (known && (needed || depth < MAX_DEPTH)) value[name] = this.value(property, name, depth + 1);
    }
    for (const name of required)
      if (!(name in value)) value[name] = this.value(schema.additionalProperties, name, depth + 1);
    const missing = Number(schema.minProperties ?? 0) - Object.keys(value).length;
    const optional = Object.keys(properties).filter((name) => !(name in value));
    for (const name of optional.slice(0, Math.max(0, missing)))
      value[name] = this.value(properties[name], name, depth + 1);
    return value;
  }

  /** Whether the sources name an optional property. */
  private named(name: string, property: JsonSchema, depth: number): boolean {
    const schema = this.merged(property, depth);
    const found = recognise(name, schema, this.sources);
    return found !== undefined && fits(found, schema);
  }

  private array(schema: JsonSchema, name: string, depth: number): unknown[] {
    const prefix = Array.isArray(schema.prefixItems) ? schema.prefixItems : [];
    const count = Math.min(MAX_ITEMS, Math.max(prefix.length, Number(schema.minItems ?? 0)));
    return Array.from({ length: count }, (_, at) => {
      const item = this.value(prefix[at] ?? schema.items, name, depth + 1);
      return schema.uniqueItems === true && at > 0 ? varied(item, at, schema.items) : item;
    });
  }

  private text(schema: JsonSchema, name: string): string {
    const sample = FORMAT_SAMPLES[String(schema.format)];
    if (sample !== undefined) return sample;
    if (typeof schema.pattern === 'string') return sampleOf(schema.pattern);
    const least = Math.min(Number(schema.minLength ?? 0), 10_000);
    const most = Number(schema.maxLength ?? Number.POSITIVE_INFINITY);
    const text = this.label ? `[simulated] ${name || 'answer'}` : 'simulated';
    return text.padEnd(least, '.').slice(0, most);
  }

  /** With `$ref` and `allOf` put in place. */
  private merged(schema: JsonSchema, depth: number): JsonSchema {
    const { $ref, allOf, ...own } = schema;
    if (depth > HOPELESS_DEPTH) return own;
    const parts = [typeof $ref === 'string' ? this.referred($ref) : {}, ...(Array.isArray(allOf) ? allOf : [])];
    return parts.filter(isRecord).reduce((all, part) => joined(all, this.merged(part, depth + 1)), own);
  }

  private referred(ref: string): unknown {
    if (!ref.startsWith('#')) return {};
    const steps = ref.slice(1).split('/').slice(1);
    return steps.reduce<unknown>((node, step) => {
      const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
      return isRecord(node) && Object.hasOwn(node, key) ? node[key] : {};
    }, this.root);
  }
}

function joined(a: JsonSchema, b: JsonSchema): JsonSchema {
  const lists = { required: [...listOf(a.required), ...listOf(b.required)] };
  const properties = { ...(isRecord(b.properties) && b.properties), ...(isRecord(a.properties) && a.properties) };
  return {
    ...b,
    ...a,
    ...(lists.required.length > 0 && lists),
    ...(Object.keys(properties).length > 0 && { properties }),
  };
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Of alternatives the first; in the depth of a recursive schema one that does not go on, where there is one. */
function simplest(branches: readonly unknown[], depth: number): unknown {
  if (depth < MAX_DEPTH) return branches[0];
  return (
    branches.find((branch) => isRecord(branch) && !['object', 'array', undefined].includes(branch.type as string)) ??
    branches[0]
  );
}

function guessedType(schema: JsonSchema): string | undefined {
  if ('properties' in schema || 'required' in schema) return 'object';
  if ('items' in schema || 'prefixItems' in schema) return 'array';
  if ('minLength' in schema || 'maxLength' in schema || 'pattern' in schema) return 'string';
  return 'minimum' in schema || 'maximum' in schema ? 'number' : undefined;
}

function leastNumber(schema: JsonSchema, step: number): number {
  const bound = (key: string): number | undefined =>
    typeof schema[key] === 'number' ? (schema[key] as number) : undefined;
  const above = bound('exclusiveMinimum');
  const below = bound('exclusiveMaximum');
  const gap = step === 1 ? 1 : 0.5;
  const low = bound('minimum') ?? (above === undefined ? undefined : above + gap);
  const high = bound('maximum') ?? (below === undefined ? undefined : below - gap);
  const value = Math.max(low ?? Number.NEGATIVE_INFINITY, Math.min(0, high ?? 0));
  const multiple = bound('multipleOf');
  const whole = step === 1 ? Math.ceil(value) : value;
  const rounded = multiple === undefined ? whole : Math.ceil(whole / multiple) * multiple;
  if (above !== undefined && below !== undefined && rounded >= below) return (above + below) / 2;
  return rounded === 0 ? 0 : rounded;
}

function varied(item: unknown, at: number, schema: unknown): unknown {
  if (isRecord(schema) && Array.isArray(schema.enum)) return schema.enum[at] ?? item;
  if (typeof item === 'number') return item + at;
  return typeof item === 'string' ? `${item} ${at + 1}` : item;
}

function sampleOf(pattern: string): string {
  try {
    const regex = new RegExp(pattern, 'u');
    return PATTERN_SAMPLES.find((sample) => regex.test(sample)) ?? '';
  } catch {
    return '';
  }
}

/** The constraints a recognised value could break. */
function fits(value: unknown, schema: JsonSchema): boolean {
  if (typeof value === 'string') {
    const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern } = schema;
    const matches = typeof pattern !== 'string' || sampleFits(pattern, value);
    return matches && value.length >= Number(minLength) && value.length <= Number(maxLength);
  }
  if (typeof value !== 'number') return true;
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  return (
    (typeof minimum !== 'number' || value >= minimum) &&
    (typeof maximum !== 'number' || value <= maximum) &&
    (typeof exclusiveMinimum !== 'number' || value > exclusiveMinimum) &&
    (typeof exclusiveMaximum !== 'number' || value < exclusiveMaximum)
  );
}

function sampleFits(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return false;
  }
}
