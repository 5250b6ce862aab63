import { argumentsFor, instanceFor } from '../../activities/providers/simulated/instance';
import { recognise, sourcesOf } from '../../activities/providers/simulated/recognise';
import type { JsonSchema } from '../../protocol/json';

/** Of a schema's corners: what the simulated model fills in, and what it takes from the text. */

const one = (schema: JsonSchema): JsonSchema => ({ type: 'object', required: ['x'], properties: { x: schema } });
const argument = (schema: JsonSchema, text = ''): unknown => argumentsFor(one(schema), sourcesOf(text)).x;

test.each<[string, JsonSchema, unknown]>([
  ['a default', { type: 'string', default: 'as ever' }, 'as ever'],
  ['a text for a tool, without the label of an answer', { type: 'string' }, 'simulated'],
  ['a number that is known by its bounds only', { minimum: 3 }, 3],
  ['a text that is known by its length only', { minLength: 12 }, 'simulated...'],
  ['a list that is known by its items only', { items: { type: 'integer' }, minItems: 2 }, [0, 0]],
  [
    'different items of an enum',
    { type: 'array', items: { enum: ['a', 'b'] }, minItems: 2, uniqueItems: true },
    ['a', 'b'],
  ],
  [
    'items of which there are too few',
    { type: 'array', items: { type: 'null' }, minItems: 2, uniqueItems: true },
    [null, null],
  ],
  ['a pattern that no sample fits', { type: 'string', pattern: '^zzz$' }, ''],
  ['a pattern that is none', { type: 'string', pattern: '(' }, ''],
  ['a schema elsewhere', { $ref: 'https://example.com/other.json' }, null],
  ['a definition that is not there', { $ref: '#/$defs/none' }, null],
])('%s', (_what, schema, expected) => {
  expect(argument(schema)).toEqual(expected);
});

test('arguments are an object whatever the schema says', () => {
  expect(argumentsFor({ type: 'array' }, sourcesOf(''))).toEqual({});
});

test('an answer that is one text bears the label', () => {
  expect(instanceFor({ type: 'string' }, 'Go.')).toBe('[simulated] answer');
});

test('a schema that only contains itself ends', () => {
  const endless = { anyOf: [{ type: 'object', required: ['next'], properties: { next: { $ref: '#' } } }] };
  expect(JSON.stringify(instanceFor(endless, ''))).toMatch(/^(\{"next":)+null\}+$/);
});

test.each<[string, JsonSchema, string, unknown]>([
  ['within its bounds', { type: 'integer', minimum: 1, maximum: 9 }, 'x: 7', 7],
  ['below the least', { type: 'integer', minimum: 10 }, 'x: 7', 10],
  ['above the most', { type: 'integer', maximum: 6 }, 'x: 7', 0],
  ['at a bound that is excluded', { type: 'integer', exclusiveMinimum: 7 }, 'x: 7', 8],
  ['at an upper bound that is excluded', { type: 'integer', exclusiveMaximum: 7 }, 'x: 7', 0],
  ['that is the only one', { type: 'number' }, 'Take 2.5 of it.', 2.5],
  ['that is one of two', { type: 'number' }, 'Take 2 or 3 of it.', 0],
  ['that is no whole one', { type: 'integer' }, 'Take 2.5 of it.', 0],
])('a number %s', (_what, schema, text, expected) => {
  expect(argument(schema, text)).toBe(expected);
});

describe('JSON in the text', () => {
  test.each<[string, JsonSchema, string, unknown]>([
    ['as a whole', { type: 'string' }, '{"x":"here"}', 'here'],
    ['in a fence', { type: 'string' }, 'Use this:\n```json\n{"x":"here"}\n```', 'here'],
    ['that is no object', { type: 'string' }, '```\n[1]\n```', undefined],
    ['of another type', { type: 'integer' }, '{"x":"here"}', undefined],
    ['of any type', {}, '{"x":"here"}', 'here'],
    ['of a type nobody knows', { type: 'decimal' }, '{"x":1}', undefined],
    ['that is one of an enum', { enum: ['here', 'there'] }, '{"x":"here"}', 'here'],
    ['that is none of an enum', { enum: ['yonder', 'there'] }, '{"x":"away"}', undefined],
  ])('%s', (_what, schema, text, expected) => {
    expect(recognise('x', schema, sourcesOf(text))).toBe(expected);
  });
});

test('a name without a letter finds nothing', () => {
  expect(recognise('_', { type: 'string' }, sourcesOf('_: here'))).toBeUndefined();
});
