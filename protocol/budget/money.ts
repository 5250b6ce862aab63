/**
 * Millionths of a US dollar, whole. All counting is done in them: sums of whole numbers are exact, and stay so up to
 * 9 billion dollars. Credits are dollars at a rate fixed with their tree of accounts.
 */
export type Micros = number;

const MICROS_PER_USD = 1_000_000;
/** US dollars one amount may have. */
export const MOST_USD = 1_000_000_000;
/** What a number of dollars may be off by because it is no decimal number inside the machine. */
const NOISE = 1e-9;

/** Rounded up: who pays never pays less than it cost. */
export function toMicros(usd: number): Micros {
  const exact = usd * MICROS_PER_USD;
  const whole = Math.round(exact);
  return Math.abs(exact - whole) <= NOISE * Math.max(1, Math.abs(exact)) ? whole : Math.ceil(exact);
}

export function toUsd(micros: Micros): number {
  return micros / MICROS_PER_USD;
}
