import { checkOutput, validatorOf } from '../../../activities/model/check-output';

const sum = {
  type: 'object',
  properties: { sum: { type: 'number' } },
  required: ['sum'],
  additionalProperties: false,
};

describe('a valid answer', () => {
  test.each([
    ['JSON', '{"sum": 3}'],
    ['JSON with space around it', '\n {"sum": 3} \n'],
    ['JSON in a fence', '```json\n{"sum": 3}\n```'],
    ['JSON in a fence without a language', '```\n{"sum": 3}\n```'],
    ['JSON with a comma too many', '{"sum": 3,}'],
    ['JSON with single quotes', "{'sum': 3}"],
  ])('%s', (_what, text) => {
    expect(checkOutput(sum, text)).toEqual({ ok: true, value: { sum: 3 } });
  });

  test('null is a value', () => {
    expect(checkOutput({ type: 'null' }, 'null')).toEqual({ ok: true, value: null });
  });
});

describe('an invalid answer says what to mend', () => {
  test.each([
    ['a missing property', '{}', "(root) must have required property 'sum'"],
    ['a wrong type', '{"sum": "3"}', '/sum must be number'],
    ['a property too many', '{"sum": 3, "x": 1}', '(root) must NOT have additional properties'],
    ['prose', 'The sum is three.', '(root) must be object'],
    ['nothing', '', 'it is not JSON'],
  ])('%s', (_what, text, errors) => {
    expect(checkOutput(sum, text)).toEqual({ ok: false, errors });
  });

  test('at most ten errors are told', () => {
    const many = JSON.stringify(Array.from({ length: 50 }, () => 'x'));
    const checked = checkOutput({ type: 'array', items: { type: 'number' } }, many);
    expect(checked).toMatchObject({ ok: false });
    expect(checked.ok ? [] : checked.errors.split('; ')).toHaveLength(10);
  });
});

describe('an output schema that is none', () => {
  test.each([
    ['an unknown type', { type: 'objekt' }],
    ['a reference to nowhere', { $ref: 'https://example.com/schema.json' }],
    ['a broken pattern', { type: 'string', pattern: '(' }],
    ['an asynchronous schema, whose check would always say yes', { $async: true, type: 'number' }],
  ])('%s is refused', (_what, schema) => {
    expect(() => validatorOf(schema)).toThrow(expect.objectContaining({ code: 'Agent.Invalid' }));
  });

  test('unknown keywords and formats are left to the model', () => {
    expect(checkOutput({ type: 'string', format: 'email', 'x-note': 1 }, '"a"')).toEqual({ ok: true, value: 'a' });
  });
});

test('a schema is compiled once', () => {
  expect(validatorOf({ type: 'number' })).toBe(validatorOf({ type: 'number' }));
});
