import { enforceableSchema, schemaInstructions, toolSchema } from '../../activities/providers/output-schema';
import type { JsonSchema } from '../../protocol/json';

const object = (properties: Record<string, unknown>, rest: Record<string, unknown> = {}): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  ...rest,
});
const strict = (schema: JsonSchema) => enforceableSchema(schema, { allRequired: true });

describe('enforceable schemas', () => {
  it('closes every object, however deep, and keeps the rest', () => {
    const inner = object({ x: { type: 'number' } });
    const schema = object(
      {
        list: { type: 'array', items: inner },
        either: { anyOf: [inner, { type: 'null' }] },
        ref: { $ref: '#/$defs/d' },
      },
      { $defs: { d: inner }, $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'T' },
    );
    const shut = { ...inner, additionalProperties: false };
    expect(strict(schema)).toEqual({
      ...object({
        list: { type: 'array', items: shut },
        either: { anyOf: [shut, { type: 'null' }] },
        ref: { $ref: '#/$defs/d' },
      }),
      $defs: { d: shut },
      additionalProperties: false,
    });
  });

  it('turns constraints into words, beside a description', () => {
    const schema = object({
      a: { type: 'string', pattern: '^x', format: 'date', description: 'When' },
      b: { type: 'array', items: { type: 'integer' }, minItems: 2 },
    });
    expect(strict(schema)?.properties).toEqual({
      a: { type: 'string', description: 'When (pattern: "^x", format: "date")' },
      b: { type: 'array', items: { type: 'integer' }, description: 'minItems: 2' },
    });
  });

  it('does not change the schema it is given', () => {
    const schema = object({ a: { type: 'string', minLength: 1 } });
    const before = JSON.stringify(schema);
    strict(schema);
    expect(JSON.stringify(schema)).toBe(before);
  });

  it.each<[string, JsonSchema]>([
    ['a root that is no object', { type: 'array', items: { type: 'string' } }],
    ['alternatives at the root', { type: 'object', anyOf: [object({ a: { type: 'string' } })] }],
    ['open objects', object({ a: { type: 'string' } }, { additionalProperties: true })],
    ['maps', object({ map: { type: 'object', additionalProperties: { type: 'number' } } })],
    ['objects without properties', object({ any: { type: 'object' } })],
    ['conditions', object({ a: { type: 'string' } }, { if: {}, not: {} })],
    ['tuples', object({ t: { type: 'array', prefixItems: [{ type: 'string' }] } })],
    ['lists of anything', object({ l: { type: 'array' } })],
    ['values of any type', object({ a: {} })],
    ['what a definition holds', object({ a: { $ref: '#/definitions/d' } }, { definitions: { d: {} } })],
    ['a schema that is no object', object({ a: true })],
  ])('cannot be made of %s', (_, schema) => {
    expect(strict(schema)).toBeUndefined();
    expect(enforceableSchema(schema, { allRequired: false })).toBeUndefined();
  });

  it('lets properties be optional where the vendor does', () => {
    const schema = object({ a: { type: 'string' }, b: { enum: [1, 2] } }, { required: undefined });
    expect(strict(schema)).toBeUndefined();
    expect(enforceableSchema(schema, { allRequired: false })).toMatchObject({
      additionalProperties: false,
      required: [],
    });
  });

  it('treats nullable objects as objects', () => {
    const schema = object({ a: { type: ['object', 'null'], properties: { b: { const: 1 } }, required: ['b'] } });
    expect(strict(schema)?.properties).toMatchObject({ a: { additionalProperties: false } });
  });
});

describe('tool schemas', () => {
  it('hide alternatives at the root in words', () => {
    expect(toolSchema({ $schema: 's', oneOf: [{ type: 'object' }] })).toEqual({
      type: 'object',
      properties: {},
      description: 'oneOf: [{"type":"object"}]',
    });
  });

  it('are otherwise left as they are', () => {
    const schema = object({ a: { anyOf: [{ type: 'string' }, { type: 'null' }] } });
    expect(toolSchema(schema)).toEqual(schema);
  });
});

it('shows a schema to models that cannot be held to it', () => {
  expect(schemaInstructions({ type: 'array' })).toContain('{"type":"array"}');
});
