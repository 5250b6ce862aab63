import type { JsonSchema } from '../../protocol/json';

/**
 * Output schemas as vendors accept them. Whatever is dropped here is still checked afterwards: the activity validates the
 * answer against the whole schema and asks again.
 */

/** Keywords that only describe; nothing is lost with them. */
const ANNOTATIONS = '$schema $id $comment title default examples deprecated readOnly writeOnly'.split(' ');
/** Constraints that constrained decoding does not know; they are told to the model in words. */
const CONSTRAINTS = [
  'minLength maxLength pattern format contentEncoding contentMediaType',
  'minimum maximum exclusiveMinimum exclusiveMaximum multipleOf',
  'minItems maxItems uniqueItems contains minContains maxContains',
  'minProperties maxProperties propertyNames unevaluatedProperties unevaluatedItems dependentRequired',
].flatMap((line) => line.split(' '));
const DROPPED = new Set([...ANNOTATIONS, ...CONSTRAINTS]);
/** Keywords whose loss changes which shape is asked for. */
const SHAPING = ['patternProperties', 'dependentSchemas', 'if', 'not', 'prefixItems', 'oneOf', 'allOf'];
const NAMED_SCHEMAS = new Set(['properties', '$defs', 'definitions']);

/**
 * The schema as constrained decoding takes it: every object closed, unknown keywords turned into words. Undefined when the
 * vendor cannot enforce it: the root is not a plain object, objects are open, or the shape depends on more than it knows.
 * @param options.allRequired whether the vendor wants every property to be required.
 */
export function enforceableSchema(schema: JsonSchema, options: { allRequired: boolean }): JsonSchema | undefined {
  const plainRoot = schema.type === 'object' && !('anyOf' in schema);
  return plainRoot && isEnforceable(schema, options.allRequired) ? closed(schema) : undefined;
}

function closed(node: unknown): JsonSchema {
  const out: JsonSchema = {};
  for (const [key, value] of Object.entries(asObject(node))) {
    if (DROPPED.has(key)) continue;
    if (NAMED_SCHEMAS.has(key)) out[key] = mapValues(value, closed);
    else if (key === 'items') out[key] = closed(value);
    else if (key === 'anyOf' && Array.isArray(value)) out[key] = value.map(closed);
    else out[key] = value;
  }
  if (isObjectNode(out)) {
    out.additionalProperties = false;
    out.required ??= [];
  }
  const words = inWords(asObject(node));
  if (words) out.description = typeof out.description === 'string' ? `${out.description} (${words})` : words;
  return out;
}

function inWords(schema: Record<string, unknown>): string {
  return CONSTRAINTS.filter((key) => key in schema)
    .map((key) => `${key}: ${JSON.stringify(schema[key])}`)
    .join(', ');
}

function isEnforceable(node: unknown, allRequired: boolean): boolean {
  const schema = asObject(node);
  if (SHAPING.some((key) => key in schema)) return false;
  const properties = asObject(schema.properties);
  if (isObjectNode(schema)) {
    if (schema.additionalProperties !== undefined && schema.additionalProperties !== false) return false;
    if (Object.keys(properties).length === 0) return false;
    const required = new Set(Array.isArray(schema.required) ? schema.required : []);
    if (allRequired && Object.keys(properties).some((name) => !required.has(name))) return false;
  } else if (!['type', '$ref', 'enum', 'const', 'anyOf'].some((key) => key in schema)) return false;
  const inner = [
    ...Object.values(properties),
    ...Object.values(asObject(schema.$defs)),
    ...Object.values(asObject(schema.definitions)),
    ...(Array.isArray(schema.anyOf) ? schema.anyOf : []),
    ...(schema.items === undefined ? [] : [schema.items]),
  ];
  if (schema.type === 'array' && schema.items === undefined) return false;
  return inner.every((child) => isEnforceable(child, allRequired));
}

const ALTERNATIVES = ['anyOf', 'oneOf', 'allOf'];

/** A tool's input schema as vendors take it: an object without alternatives at the root, which are told in words. */
export function toolSchema(schema: JsonSchema): JsonSchema & { type: 'object' } {
  const hidden = ALTERNATIVES.filter((key) => key in schema);
  const kept = Object.entries(schema).filter(([key]) => key !== '$schema' && !hidden.includes(key));
  const words = hidden.map((key) => `${key}: ${JSON.stringify(schema[key])}`).join(', ');
  return { properties: {}, ...Object.fromEntries(kept), type: 'object', ...(words && { description: words }) };
}

/** For models without native support: the schema as a part of the instructions. */
export function schemaInstructions(schema: JsonSchema): string {
  return `\n\nYour final answer must be one JSON value and nothing else (no prose, no code fence), valid against this JSON Schema:\n${JSON.stringify(schema)}`;
}

function isObjectNode(schema: JsonSchema): boolean {
  return schema.type === 'object' || (Array.isArray(schema.type) && schema.type.includes('object'));
}

function asObject(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function mapValues(value: unknown, change: (value: unknown) => JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(asObject(value)).map(([key, item]) => [key, change(item)]));
}
