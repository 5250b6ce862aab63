/**
 * Numbers of the calculator: fractions of whole numbers, exact however many decimals are added up, until they would grow
 * beyond reason or meet a function whose value is irrational; then doubles.
 */

/** In lowest terms; `d` is positive. */
export interface Fraction {
  readonly n: bigint;
  readonly d: bigint;
}
export type Num = Fraction | number;

/** Bits of a numerator or denominator beyond which a value goes on as a double. About 300 digits; keeps the worst case fast. */
const MAX_BITS = 1_024;
/** Bits that fit a double's range. */
const DOUBLE_BITS = 1_000;
const MAX_EXPONENT = 1_000;
/** Significant digits shown of a value that has no end as a decimal. */
const SHOWN_DIGITS = 20;

export function isExact(x: Num): x is Fraction {
  return typeof x !== 'number';
}

/** `n/d` in lowest terms, or a double when it is too long. @throws RangeError for a zero denominator. */
export function fraction(n: bigint, d = 1n): Num {
  if (d === 0n) throw new RangeError('division by zero');
  const divisor = gcd(n < 0n ? -n : n, d < 0n ? -d : d) * (d < 0n ? -1n : 1n);
  const reduced = { n: n / divisor, d: d / divisor };
  return bitsOf(reduced.n) > MAX_BITS || bitsOf(reduced.d) > MAX_BITS ? double(toNumber(reduced)) : reduced;
}

/** A decimal as written, e.g. `12.50e-3`. @throws RangeError for an exponent beyond ±1000. */
export function parseDecimal(text: string): Num {
  const [digits = '', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '', decimals = ''] = digits.split('.');
  const power = Number(exponent) - decimals.length;
  if (Math.abs(Number(exponent)) > MAX_EXPONENT)
    throw new RangeError(`the exponent of ${text.slice(0, 40)} is too large`);
  const n = BigInt(whole + decimals);
  return power >= 0 ? fraction(n * 10n ** BigInt(power)) : fraction(n, 10n ** BigInt(-power));
}

/** A double that is a number. @throws RangeError for what is too large or not real. */
export function double(x: number): number {
  if (Number.isNaN(x)) throw new RangeError('the value is not a real number');
  if (!Number.isFinite(x)) throw new RangeError('the value is too large');
  return x;
}

export function toNumber(x: Num): number {
  if (!isExact(x)) return x;
  const shift = (value: bigint): number => Math.max(0, bitsOf(value) - DOUBLE_BITS);
  const [up, down] = [shift(x.n), shift(x.d)];
  return (Number(x.n >> BigInt(up)) / Number(x.d >> BigInt(down))) * 2 ** (up - down);
}

export function add(a: Num, b: Num): Num {
  if (isExact(a) && isExact(b)) return fraction(a.n * b.d + b.n * a.d, a.d * b.d);
  return double(toNumber(a) + toNumber(b));
}

export function negate(x: Num): Num {
  return isExact(x) ? { n: -x.n, d: x.d } : -x;
}

export function multiply(a: Num, b: Num): Num {
  return isExact(a) && isExact(b) ? fraction(a.n * b.n, a.d * b.d) : double(toNumber(a) * toNumber(b));
}

export function divide(a: Num, b: Num): Num {
  if (isZero(b)) throw new RangeError('division by zero');
  return isExact(a) && isExact(b) ? fraction(a.n * b.d, a.d * b.n) : double(toNumber(a) / toNumber(b));
}

/** The remainder with the sign of `a`, as in JavaScript and C. */
export function remainder(a: Num, b: Num): Num {
  if (isZero(b)) throw new RangeError('division by zero');
  if (!isExact(a) || !isExact(b)) return double(toNumber(a) % toNumber(b));
  return fraction((a.n * b.d) % (b.n * a.d), a.d * b.d);
}

export function power(base: Num, exponent: Num): Num {
  if (isExact(base) && isExact(exponent) && exponent.d === 1n) {
    const times = exponent.n < 0n ? -exponent.n : exponent.n;
    const bits = Math.max(bitsOf(base.n), bitsOf(base.d));
    if (times <= BigInt(MAX_BITS) && bits * Number(times) <= 2 * MAX_BITS) {
      const raised = { n: base.n ** times, d: base.d ** times };
      return exponent.n < 0n ? fraction(raised.d, raised.n) : fraction(raised.n, raised.d);
    }
  }
  if (isZero(base) && toNumber(exponent) < 0) throw new RangeError('division by zero');
  return double(toNumber(base) ** toNumber(exponent));
}

export function compare(a: Num, b: Num): number {
  if (!isExact(a) || !isExact(b)) return toNumber(a) - toNumber(b);
  const difference = a.n * b.d - b.n * a.d;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function isZero(x: Num): boolean {
  return isExact(x) ? x.n === 0n : x === 0;
}

/** The largest whole number not above `x`. */
export function floor(x: Num): Num {
  if (!isExact(x)) return Math.floor(x);
  const whole = x.n / x.d;
  return { n: x.n % x.d < 0n ? whole - 1n : whole, d: 1n };
}

/** To a number of decimals (negative: tens, hundreds); halves away from zero. */
export function round(x: Num, decimals: number): Num {
  if (!isExact(x)) {
    const rounded = round(parseDecimal(String(Math.abs(x))), decimals);
    return x < 0 ? -toNumber(rounded) : toNumber(rounded);
  }
  const scale = power({ n: 10n, d: 1n }, { n: BigInt(decimals), d: 1n });
  const half: Fraction = { n: 1n, d: 2n };
  const magnitude = floor(add(multiply(x.n < 0n ? negate(x) : x, scale), half));
  return divide(x.n < 0n ? negate(magnitude) : magnitude, scale);
}

/** The number as text, and whether the text is all of it. */
export function show(x: Num): { text: string; exact: boolean } {
  if (!isExact(x)) return { text: String(Number(x.toPrecision(15))), exact: false };
  const places = decimalPlaces(x.d);
  if (places !== undefined) return { text: decimalText((x.n * 10n ** BigInt(places)) / x.d, places), exact: true };
  return { text: roundedText(x), exact: false };
}

function roundedText(x: Fraction): string {
  const magnitude = Math.floor(Math.log10(Math.abs(toNumber(x))));
  const places = Math.min(Math.max(SHOWN_DIGITS - 1 - magnitude, 0), 1_000);
  const scaled = round(multiply(x, { n: 10n ** BigInt(places), d: 1n }), 0);
  return isExact(scaled) ? decimalText(scaled.n, places) : String(toNumber(x));
}

/** Decimals a fraction with this denominator has; undefined when they never end. */
function decimalPlaces(d: bigint): number | undefined {
  const [twos, rest] = factor(d, 2n);
  const [fives, left] = factor(rest, 5n);
  return left === 1n ? Math.max(twos, fives) : undefined;
}

function factor(value: bigint, prime: bigint): [number, bigint] {
  let count = 0;
  let rest = value;
  for (; rest % prime === 0n; rest /= prime) count++;
  return [count, rest];
}

function decimalText(scaled: bigint, places: number): string {
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(places + 1, '0');
  const whole = digits.slice(0, digits.length - places);
  const decimals = digits.slice(digits.length - places).replace(/0+$/, '');
  return `${scaled < 0n ? '-' : ''}${whole}${decimals === '' ? '' : `.${decimals}`}`;
}

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

function bitsOf(x: bigint): number {
  return (x < 0n ? -x : x).toString(16).length * 4;
}
