import {
  add,
  compare,
  divide,
  double,
  floor,
  isExact,
  multiply,
  type Num,
  negate,
  power,
  round,
  toNumber,
} from './calculator-number';

/** One function of the calculator: how many arguments it takes, and its value. */
export interface CalculatorFunction {
  /** Fewest and most arguments. */
  arity: readonly [number, number];
  apply(args: readonly Num[]): Num;
}

const MANY = 10_000;
const TWO: Num = { n: 2n, d: 1n };

function real(apply: (x: number) => number): CalculatorFunction {
  return { arity: [1, 1], apply: ([x]) => double(apply(toNumber(x as Num))) };
}

function exact(apply: (x: Num) => Num): CalculatorFunction {
  return { arity: [1, 1], apply: ([x]) => apply(x as Num) };
}

function list(apply: (values: readonly Num[]) => Num): CalculatorFunction {
  return { arity: [1, MANY], apply };
}

const sum = (values: readonly Num[]): Num => values.reduce(add);
const mean = (values: readonly Num[]): Num => divide(sum(values), whole(values.length));
const abs = (x: Num): Num => (compare(x, whole(0)) < 0 ? negate(x) : x);

function whole(value: number): Num {
  return { n: BigInt(value), d: 1n };
}

function median(values: readonly Num[]): Num {
  const sorted = [...values].sort(compare);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as Num;
  return sorted.length % 2 === 1 ? upper : divide(add(sorted[middle - 1] as Num, upper), TWO);
}

/** Exact for squares of fractions. */
function sqrt(x: Num): Num {
  const root = double(Math.sqrt(toNumber(x)));
  if (!isExact(x) || !Number.isSafeInteger(root)) {
    return isExact(x) && x.d !== 1n ? divide(sqrt({ n: x.n, d: 1n }), sqrt({ n: x.d, d: 1n })) : root;
  }
  const candidate = whole(root);
  return compare(multiply(candidate, candidate), x) === 0 ? candidate : root;
}

function roundTo([x, places = whole(0)]: readonly Num[]): Num {
  const decimals = toNumber(places);
  if (!Number.isInteger(decimals) || Math.abs(decimals) > 100) {
    throw new RangeError('round: the number of decimals must be whole, from -100 to 100');
  }
  return round(x as Num, decimals);
}

function log([x, base]: readonly Num[]): Num {
  const value = Math.log(toNumber(x as Num));
  return double(base === undefined ? value : value / Math.log(toNumber(base)));
}

/** All functions by name, lower case. Angles are in radians; `log` is natural unless given a base. */
export const FUNCTIONS: Readonly<Record<string, CalculatorFunction>> = {
  sum: list(sum),
  min: list((values) => values.reduce((a, b) => (compare(a, b) <= 0 ? a : b))),
  max: list((values) => values.reduce((a, b) => (compare(a, b) >= 0 ? a : b))),
  mean: list(mean),
  avg: list(mean),
  median: list(median),
  product: list((values) => values.reduce(multiply)),
  count: list((values) => whole(values.length)),
  abs: exact(abs),
  floor: exact(floor),
  ceil: exact((x) => negate(floor(negate(x)))),
  trunc: exact((x) => (compare(x, whole(0)) < 0 ? negate(floor(negate(x))) : floor(x))),
  sign: exact((x) => whole(Math.sign(compare(x, whole(0))))),
  round: { arity: [1, 2], apply: roundTo },
  sqrt: exact(sqrt),
  cbrt: real(Math.cbrt),
  pow: { arity: [2, 2], apply: ([x, y]) => power(x as Num, y as Num) },
  exp: real(Math.exp),
  log: { arity: [1, 2], apply: log },
  ln: real(Math.log),
  log2: real(Math.log2),
  log10: real(Math.log10),
  sin: real(Math.sin),
  cos: real(Math.cos),
  tan: real(Math.tan),
  asin: real(Math.asin),
  acos: real(Math.acos),
  atan: real(Math.atan),
};

export const CONSTANTS: Readonly<Record<string, Num>> = { pi: Math.PI, e: Math.E, tau: 2 * Math.PI };
