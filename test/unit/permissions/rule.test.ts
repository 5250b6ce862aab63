import fc from 'fast-check';
import { parseRule, RuleError } from '../../../protocol/permissions/rule';

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,8}$/);
const tools = fc.stringMatching(/^[A-Za-z0-9_*-]{1,20}$/);
const operator = fc.constantFrom('=', '!=');
const order = fc.constantFrom('<', '<=', '>', '>=');
const blanks = fc.constantFrom('', ' ', '  ');

/** A condition as text, and what it must be read as. */
const condition = fc.oneof(
  fc.record({ path: fc.array(name, { minLength: 1, maxLength: 3 }), operator, value: fc.string() }).map((given) => ({
    text: `${given.path.join('.')}${given.operator}${JSON.stringify(given.value)}`,
    is: { argument: given.path, operator: given.operator, value: given.value, literal: true },
  })),
  fc
    .record({ path: fc.array(name, { minLength: 1, maxLength: 3 }), operator: order, value: fc.integer() })
    .map((given) => ({
      text: `${given.path.join('.')} ${given.operator} ${given.value}`,
      is: { argument: given.path, operator: given.operator, value: String(given.value), literal: false },
    })),
  fc.stringMatching(/^[a-z0-9/*][a-z0-9/* .]{0,10}[a-z0-9/*]$/).map((value) => ({
    text: value,
    is: { argument: undefined, operator: '=', value, literal: false },
  })),
);

describe('the grammar of rules', () => {
  test('whatever is written by it is read as it was meant, whatever the blanks', () => {
    fc.assert(
      fc.property(tools, fc.array(condition, { maxLength: 4 }), blanks, (name, conditions, blank) => {
        const inner = conditions.map(({ text }) => `${blank}${text}${blank}`).join(',');
        const rule = parseRule(`${blank}${name}${blank}(${inner})${blank}`);
        expect(rule.tools).toBe(name);
        expect(rule.conditions).toEqual(conditions.map(({ is }) => is));
      }),
    );
  });

  test('any other text is refused with a position and what was expected, and nothing else is thrown', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'a*(),=<>!" .\\1') })), (text) => {
        try {
          parseRule(text);
        } catch (error) {
          expect(error).toBeInstanceOf(RuleError);
          expect((error as Error).message).toMatch(/expected .+ at \d+, found .+/);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['', 1, 'the name of a tool'],
    ['pay(', 5, 'a value'],
    ['pay(amount<ten)', 15, 'a number'],
    ['pay(amount<=100', 16, '"," or ")"'],
    ['pay(to="acme)', 8, 'a JSON string'],
    ['pay)', 4, 'the end of the rule'],
    ['pay() x', 7, 'the end of the rule'],
    ['pay(a=1,,b=2)', 9, 'a value'],
  ])('%j is wrong at %i', (text, at, expected) => {
    expect(() => parseRule(text)).toThrow(
      new RegExp(`expected .*${expected.replace(/[()|]/g, '\\$&')}.* at ${at}, found`),
    );
  });
});
