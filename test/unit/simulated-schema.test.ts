import fc from 'fast-check';
import { checkOutput } from '../../activities/model/check-output';
import { expressionIn } from '../../activities/providers/simulated/arithmetic';
import { endReading, readOn, startReading } from '../../activities/providers/simulated/text-figures';
import type { JsonSchema } from '../../protocol/json';
import { complete, request, userMessage } from './simulated-session';

async function answerTo(outputSchema: JsonSchema, task = 'Go.'): Promise<unknown> {
  const { message } = await complete(request([userMessage(task)], { outputSchema }));
  const [part] = message.content;
  const text = part?.type === 'text' ? part.text : '';
  const checked = checkOutput(outputSchema, text);
  if (!checked.ok) throw new Error(checked.errors);
  return checked.value;
}

const object = (properties: JsonSchema, more: JsonSchema = {}): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more,
});

test.each<[string, JsonSchema]>([
  [
    'plain types',
    object({
      a: { type: 'string' },
      b: { type: 'integer' },
      c: { type: 'number' },
      d: { type: 'boolean' },
      e: { type: 'null' },
    }),
  ],
  [
    'bounds',
    object({
      a: { type: 'integer', minimum: 3 },
      b: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 0.2 },
      c: { type: 'integer', maximum: -2 },
      d: { type: 'integer', minimum: 5, multipleOf: 4 },
    }),
  ],
  [
    'texts',
    object({
      a: { type: 'string', minLength: 40 },
      b: { type: 'string', maxLength: 3 },
      c: { type: 'string', pattern: '^\\d{4}$' },
      d: { type: 'string', format: 'date' },
    }),
  ],
  [
    'lists',
    object({
      a: { type: 'array', items: { type: 'string' }, minItems: 3, uniqueItems: true },
      b: { type: 'array' },
      c: { prefixItems: [{ type: 'integer' }, { const: 'x' }], type: 'array', minItems: 2 },
    }),
  ],
  [
    'unique numbers and choices',
    object({
      a: { type: 'array', items: { type: 'integer' }, minItems: 3, uniqueItems: true },
      b: { type: 'array', items: { enum: ['x', 'y'] }, minItems: 2, uniqueItems: true },
    }),
  ],
  [
    'choices',
    object({
      a: { enum: [7, 8] },
      b: { const: { deep: true } },
      c: { anyOf: [{ type: 'string' }, { type: 'null' }] },
      d: { type: ['null', 'integer'] },
    }),
  ],
  [
    'references',
    {
      $ref: '#/$defs/node',
      $defs: { node: object({ next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } }) },
    },
  ],
  [
    'parts',
    {
      allOf: [
        object({ a: { type: 'string' } }, { additionalProperties: true }),
        { required: ['b'], properties: { b: { type: 'integer' } } },
      ],
    },
  ],
  [
    'least properties',
    { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } }, minProperties: 1 },
  ],
  ['free names', { type: 'object', required: ['x'], additionalProperties: { type: 'integer' } }],
  ['nothing said', {}],
  ['guesses', { required: ['a'], properties: { a: { items: { minLength: 2 }, minItems: 1 }, b: { default: 4 } } }],
  ['a list', { type: 'array', items: { type: 'number', minimum: 1 }, minItems: 1 }],
])('answers with a valid instance: %s', async (_, schema) => {
  await expect(answerTo(schema)).resolves.toBeDefined();
});

test('fills in what the task says', async () => {
  const schema = object({
    city: { type: 'string' },
    orderId: { type: 'string' },
    amount: { type: 'number' },
    express: { type: 'boolean' },
    priority: { enum: ['low', 'high'] },
    email: { type: 'string', format: 'email' },
    due: { type: 'string', format: 'date' },
    note: { type: 'string' },
  });
  const task =
    'Order A-17 goes to city "New York", amount: 12.50, express: yes, high priority, ada@example.org, by 2025-03-01.';
  expect(await answerTo(schema, task)).toEqual({
    city: 'New York',
    orderId: 'A-17',
    amount: 12.5,
    express: true,
    priority: 'high',
    email: 'ada@example.org',
    due: '2025-03-01',
    note: '[simulated] note',
  });
});

test('takes values of JSON it was given, also in fences', async () => {
  const schema = object({
    first_name: { type: 'string' },
    age: { type: 'integer' },
    tags: { type: 'array' },
    home: { type: 'object' },
  });
  const given = { firstName: 'Ada', age: 36, tags: ['x'], home: { city: 'Paris' } };
  const expected = { first_name: 'Ada', age: 36, tags: ['x'], home: { city: 'Paris' } };
  expect(await answerTo(schema, JSON.stringify(given))).toEqual(expected);
  expect(await answerTo(schema, `Please:\n\`\`\`json\n${JSON.stringify(given)}\n\`\`\`\nThanks.`)).toEqual(expected);
});

test('leaves what breaks a bound where it is', async () => {
  const schema = object({
    age: { type: 'integer', maximum: 150 },
    code: { type: 'string', pattern: '^A' },
    name: { type: 'string', maxLength: 3 },
  });
  expect(await answerTo(schema, 'age: 999, code: B, name: Leopold')).toEqual({ age: 0, code: 'A', name: '[si' });
});

test('survives any schema that is JSON', async () => {
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), async (schema, task) => {
      const { message } = await complete(request([userMessage(task)], { outputSchema: schema }));
      expect(message.content).toHaveLength(1);
    }),
  );
});

test('finds arithmetic in no text that has no digits', () => {
  fc.assert(fc.property(fc.string(), (text) => expressionIn(text.replace(/\d/g, '')) === undefined));
});

test('figures do not depend on where a text is cut', () => {
  const piece = fc.oneof(
    fc.constantFrom('\n', '\r\n', '# ', '```\n', '~~~', ' ', 'TODO', 'https://a.b/c', '](x)', '日本'),
    fc.string(),
  );
  const long = fc.constantFrom(
    '',
    `${'word '.repeat(4_000)}`,
    'x'.repeat(20_000),
    'y'.repeat(7_999),
    'z'.repeat(8_000),
  );
  fc.assert(
    fc.property(
      fc.array(piece),
      long,
      fc.array(piece),
      fc.array(fc.nat(), { maxLength: 6 }),
      (before, middle, after, cuts) => {
        const text = [...before, middle, ...after].join('');
        const whole = endReading(readOn(startReading('a.md'), text));
        const at = [
          0,
          ...cuts.map((cut) => (text.length === 0 ? 0 : cut % text.length)).sort((a, b) => a - b),
          text.length,
        ];
        const parts = at.slice(1).map((end, index) => text.slice(at[index], end));
        const figures = endReading(parts.reduce(readOn, startReading('a.md')));
        expect(figures).toEqual(whole);
        expect(whole.words).toBe(text.split(/\s+/).filter((word) => word !== '').length);
      },
    ),
  );
});
