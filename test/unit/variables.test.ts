import {
  changedVariables,
  expandedChars,
  expandVariables,
  MAX_VARIABLE_CHARS,
  MAX_VARIABLES,
  usedVariables,
  variablesProblem,
} from '../../protocol/variables';

describe('in a text', () => {
  const variables = { tone: 'kind', who: '{{tone}} Ana', empty: '' };

  test.each([
    ['Be {{tone}}.', 'Be kind.'],
    ['{{ tone }}{{tone}}', 'kindkind'],
    ['[{{empty}}]', '[]'],
    // Once: what a value says is not looked at again.
    ['For {{who}}.', 'For {{tone}} Ana.'],
    // What is not set, or no name, is text like any other.
    ['{{other}} {{ a b }} {{}} {tone} {{to\nne}}', '{{other}} {{ a b }} {{}} {tone} {{to\nne}}'],
    ['{{constructor}} {{toString}}', '{{constructor}} {{toString}}'],
    ['$& {{tone}} $1', '$& kind $1'],
  ])('%j is %j', (text, wanted) => {
    expect(expandVariables(text, variables)).toBe(wanted);
    expect(expandedChars(text, variables)).toBe(wanted.length);
  });

  test('a value is taken as it is, also where it looks like a pattern of replacement', () => {
    expect(expandVariables('{{a}}', { a: '$& $1 $$' })).toBe('$& $1 $$');
  });

  test('only those with a place in it are used', () => {
    expect(usedVariables('Be {{tone}}, {{ other }}.', variables)).toEqual({ tone: 'kind' });
    expect(usedVariables('Be kind.', variables)).toBeUndefined();
    expect(usedVariables('{{tone}}', undefined)).toBeUndefined();
  });
});

test('null takes one away', () => {
  expect(changedVariables({ a: '1', b: '2' }, { a: null, c: '3' })).toEqual({ b: '2', c: '3' });
  expect(changedVariables(undefined, { a: null })).toEqual({});
});

test.each([
  [null, 'an object is needed'],
  [['a'], 'an object is needed'],
  ['a', 'an object is needed'],
  [{ 'a-b': 'x' }, 'is no name'],
  [{ '1a': 'x' }, 'is no name'],
  [JSON.parse('{"__proto__": "x"}'), 'is no name'],
  [{ a: 1 }, 'a: not a text'],
  [{ a: { b: 'c' } }, 'a: not a text'],
  [{ a: 'x'.repeat(MAX_VARIABLE_CHARS + 1) }, `${MAX_VARIABLE_CHARS} is the most`],
  [
    Object.fromEntries(Array.from({ length: MAX_VARIABLES + 1 }, (_, at) => [`a${at}`, ''])),
    'variables; 50 is the most',
  ],
  [Object.fromEntries([...'abcde'].map((name) => [name, 'x'.repeat(4_000)])), '20000 characters in all'],
])('%# is refused: %j', (given, problem) => expect(variablesProblem(given)).toContain(problem));

test('what is right has no problem', () => {
  expect(variablesProblem({ a: '', B_2: 'x', gone: null })).toBeUndefined();
});
