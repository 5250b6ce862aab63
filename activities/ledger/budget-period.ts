import type { Period } from '../../protocol/budget/ledger';

const HOUR = 3_600_000;

/** The day and month in a time zone, and when the day is over: found to the second, whatever the clocks do that day. */
export function budgetPeriod(at: number, timeZone: string): Period {
  const format = formatOf(timeZone);
  const day = format.format(at);
  let [before, after] = [at, at + HOUR];
  while (format.format(after) === day) [before, after] = [after, after + HOUR];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (format.format(middle) === day) before = middle;
    else after = middle;
  }
  return { day, month: day.slice(0, 7), ends: after };
}

/** A zone this worker does not know: days are then those of UTC, rather than none. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-CA', { timeZone });
  } catch {
    return new Intl.DateTimeFormat('en-CA', { timeZone: 'UTC' });
  }
}
