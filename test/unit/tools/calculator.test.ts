import * as fc from 'fast-check';
import { calculator } from '../../../activities/tools/calculator';
import { CONSTANTS, FUNCTIONS } from '../../../activities/tools/calculator-functions';
import { show, toNumber } from '../../../activities/tools/calculator-number';
import { evaluate } from '../../../activities/tools/calculator-parser';
import { openTestRun } from './tool-call.fixture';

const shown = (expression: string) => show(evaluate(expression)).text;

test.each([
  ['0.1 + 0.2', '0.3'],
  ['1 - 0.9', '0.1'],
  ['19.99 * 3', '59.97'],
  ['1/3', '0.33333333333333333333'],
  ['-2/3', '-0.66666666666666666667'],
  ['1/3*3', '1'],
  ['2000/3', '666.66666666666666667'],
  ['1e-30/3', '0.00000000000000000000000000000033333333333333333333'],
  ['2^64', '18446744073709551616'],
  ['2^-2', '0.25'],
  ['(1/2)^-2', '4'],
  ['-2^2', '-4'],
  ['(-2)^2', '4'],
  ['2^3^2', '512'],
  ['2^-3*4', '0.5'],
  ['2**3', '8'],
  ['-3 * -2', '6'],
  ['--3', '3'],
  ['+3 - +2', '1'],
  ['7 % 3', '1'],
  ['-7 % 3', '-1'],
  ['7.5 % -2', '1.5'],
  ['10 - 4 - 3', '3'],
  ['100 / 10 / 5', '2'],
  ['2 + 3 * 4 ^ 2', '50'],
  ['6×7÷2−1·4', '17'],
  ['.5 + 1. + 1e2 + 1E-2', '101.51'],
  ['  1\t+\n1 ', '2'],
  ['sum(1, 2.5, 3)', '6.5'],
  ['mean(1, 2)', '1.5'],
  ['avg(1,2,3)', '2'],
  ['median(3, 1, 2)', '2'],
  ['median(4, 1, 2, 3)', '2.5'],
  ['min(0.1, 0.1000000000000000000001)', '0.1'],
  ['max(0.1, 0.1000000000000000000001)', '0.1000000000000000000001'],
  ['max(pi, 3)', '3.14159265358979'],
  ['product(2, 3, 4)', '24'],
  ['count(5, 5)', '2'],
  ['round(2.5)', '3'],
  ['round(-2.5)', '-3'],
  ['round(1.005, 2)', '1.01'],
  ['round(1234.5, -2)', '1200'],
  ['round(pi, 4)', '3.1416'],
  ['round(-pi, 2)', '-3.14'],
  ['round(1e21 * pi)', '3.14159265358979e+21'],
  ['floor(-1.5)', '-2'],
  ['floor(pi)', '3'],
  ['ceil(1.2)', '2'],
  ['ceil(-pi)', '-3'],
  ['trunc(-1.5)', '-1'],
  ['trunc(1.5)', '1'],
  ['sign(-3)', '-1'],
  ['sign(0)', '0'],
  ['abs(-3.5)', '3.5'],
  ['abs(3)', '3'],
  ['sqrt(16)', '4'],
  ['sqrt(0.25)', '0.5'],
  ['sqrt(2)', '1.4142135623731'],
  ['sqrt(1e40)', '100000000000000000000'],
  ['sqrt(pi)', '1.77245385090552'],
  ['cbrt(27)', '3'],
  ['pow(2, 0.5)', '1.4142135623731'],
  ['exp(0)', '1'],
  ['ln(e)', '1'],
  ['log(e)', '1'],
  ['log(8, 2)', '3'],
  ['log10(1000) + log2(8)', '6'],
  ['round(sin(pi / 2) + cos(0) + tan(0))', '2'],
  ['round(asin(1) + acos(1) + atan(0), 3)', '1.571'],
  ['tau / pi', '2'],
  ['PI > 3'.slice(0, 2), '3.14159265358979'],
  ['Sum(1,2)', '3'],
  ['0 * -1', '0'],
  ['0/5', '0'],
])('%s = %s', (expression, expected) => {
  expect(shown(expression)).toBe(expected);
});

test.each<[string, string | RegExp]>([
  ['', 'expected a number, a name or "(" at character 1, found the end'],
  ['1 +', 'at character 4, found the end'],
  ['1 2', 'expected an operator at character 3, found "2"'],
  ['1,000', 'expected an operator at character 2, found ","'],
  ['2(3)', 'expected an operator at character 2'],
  ['(1', 'expected ")" at character 3, found the end'],
  ['1)', 'expected an operator at character 2, found ")"'],
  ['*1', 'found "*"'],
  ['1 = 1', 'unexpected "=" at character 3'],
  ['"a"', 'unexpected "\\"" at character 1'],
  ['process.exit(1)', 'unexpected "." at character 8'],
  ['process(1)', /unknown name "process" at character 1; known: sum, min/],
  ['constructor', 'unknown name "constructor"'],
  ['__proto__(1)', 'unknown name "__proto__"'],
  ['toString()', 'unknown name "tostring"'],
  ['sum', 'expected "(" at character 4, found the end'],
  ['sum()', 'sum takes 1 to 10000 arguments, got 0'],
  ['sqrt(1, 2)', 'sqrt takes 1 arguments, got 2 (at character 1)'],
  ['sum(1,)', 'expected a number'],
  ['1/0', 'division by zero'],
  ['1/(pi-pi)', 'division by zero'],
  ['5 % 0', 'division by zero'],
  ['0^-1', 'division by zero'],
  ['0^-0.5', 'division by zero'],
  ['sqrt(-1)', 'not a real number'],
  ['(-8)^(1/3)', 'not a real number'],
  ['log(-1)', 'not a real number'],
  ['10^400', 'the value is too large'],
  ['9^9^9', 'the value is too large'],
  ['exp(1000)', 'the value is too large'],
  ['1e9999999999', 'the exponent of 1e9999999999 is too large'],
  ['round(1, 0.5)', 'the number of decimals must be whole'],
  ['round(1, 101)', 'from -100 to 100'],
  ['1'.repeat(10_001), 'has 10001 characters, 10000 are allowed'],
  ['('.repeat(200) + ')'.repeat(200), 'nested deeper than 100'],
  ['-'.repeat(200), 'nested deeper than 100'],
])('%j is refused', (expression, problem) => {
  expect(() => evaluate(expression)).toThrow(problem);
});

test('the tool gives text and whether it is exact', async () => {
  const run = await openTestRun();
  expect(await run.ok(calculator, { expression: '0.1+0.2' })).toEqual({ result: '0.3', exact: true });
  expect(await run.ok(calculator, { expression: 'sqrt(2)' })).toEqual({ result: '1.4142135623731', exact: false });
  expect(await run.ok(calculator, { expression: '1/3' })).toMatchObject({ exact: false });
  expect(await run.failure(calculator, { expression: '1/0' })).toBe('division by zero');
  await run.close();
});

test('names are lower case, so that any case finds them', () => {
  for (const name of [...Object.keys(FUNCTIONS), ...Object.keys(CONSTANTS)]) expect(name).toBe(name.toLowerCase());
});

describe('agrees with an oracle', () => {
  type Node = { text: string; value: number };
  const { node } = fc.letrec<{ node: Node; leaf: Node; binary: Node; unary: Node; call: Node }>((tie) => ({
    leaf: fc.integer({ min: 0, max: 999 }).map((n) => ({ text: String(n / 8), value: n / 8 })),
    unary: tie('node').map(({ text, value }) => ({ text: `-(${text})`, value: -value })),
    binary: fc.tuple(fc.constantFrom('+', '-', '*', '/'), tie('node'), tie('node')).map(([op, a, b]) => {
      const apply = { '+': a.value + b.value, '-': a.value - b.value, '*': a.value * b.value, '/': a.value / b.value };
      return { text: `(${a.text}) ${op} (${b.text})`, value: apply[op as '+'] };
    }),
    call: fc
      .tuple(fc.constantFrom('min', 'max', 'abs', 'floor', 'sum'), tie('node'), tie('node'))
      .map(([name, a, b]) => {
        const one = name === 'abs' || name === 'floor';
        const apply = {
          min: Math.min,
          max: Math.max,
          abs: Math.abs,
          floor: Math.floor,
          sum: (x: number, y: number) => x + y,
        };
        return {
          text: one ? `${name}(${a.text})` : `${name}(${a.text}, ${b.text})`,
          value: one ? apply[name as 'abs'](a.value) : apply[name as 'min'](a.value, b.value),
        };
      }),
    node: fc.oneof({ maxDepth: 5 }, tie('leaf'), tie('binary'), tie('unary'), tie('call')),
  }));

  test('of doubles, up to their rounding', () => {
    fc.assert(
      fc.property(node, ({ text, value }) => {
        fc.pre(!text.includes('/') || Number.isFinite(value));
        fc.pre(!text.includes('floor') || !text.includes('/'));
        if (Number.isNaN(value)) return;
        let ours: number;
        try {
          ours = toNumber(evaluate(text));
        } catch (error) {
          // Exactly zero where doubles have a rest, or the other way round.
          expect((error as Error).message).toMatch(/division by zero|too large/);
          return;
        }
        expect(Math.abs(ours - value)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(value), Math.abs(ours)));
      }),
      { numRuns: 1_500 },
    );
  });

  test('of whole cents, exactly', () => {
    const cents = fc.array(fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(cents, (values) => {
        const decimal = (n: bigint) => {
          const digits = String(n < 0n ? -n : n).padStart(3, '0');
          return `${n < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
        };
        const expression = values.map((value) => `(${decimal(BigInt(value))})`).join('+');
        const total = values.reduce((sum, value) => sum + BigInt(value), 0n);
        expect(shown(expression)).toBe(decimal(total).replace(/\.?0+$/, ''));
        expect(shown(`sum(${values.map((value) => decimal(BigInt(value))).join(',')})`)).toBe(shown(expression));
      }),
      { numRuns: 300 },
    );
  });
});

test('the longest expressions take no long time', () => {
  const primes = [7919, 7907, 7901, 7883, 7879, 7877, 7873, 7867, 7853, 7841];
  const hostile = [
    Array.from({ length: 1_200 }, (_, index) => `1/${(primes[index % 10] as number) + index * 2}`).join('+'),
    '9^'.repeat(90).concat('1'),
    `${'2^1000*'.repeat(1_000)}1`.slice(0, 9_000).replace(/[*^]\d*$/, ''),
    Array.from({ length: 900 }, () => '1.000001').join('*'),
  ];
  for (const expression of hostile) {
    const began = Date.now();
    try {
      evaluate(expression);
    } catch (error) {
      expect((error as Error).message).toMatch(/too large/);
    }
    expect(Date.now() - began).toBeLessThan(1_500);
  }
});
