import { z } from 'zod';
import { daysBetween, describeInstant, parseInstant, shiftInstant } from './calendar';
import { defineTool } from './define-tool';

const zone = z.string().max(64).default('UTC').describe('IANA time zone, e.g. "Europe/Berlin".');
const instant = z
  .string()
  .max(64)
  .describe('ISO 8601, e.g. "2025-03-01" or "2025-03-01T09:30" (in the time zone), or with "Z" or an offset.');
const amount = z.number().int().min(-1_000_000).max(1_000_000).default(0);
const exact = z.number().min(-1e9).max(1e9).default(0);

export const clockNow = defineTool({
  name: 'clock_now',
  description: 'The current date and time in a time zone.',
  input: z.strictObject({ timeZone: zone }),
  effect: 'read',
  quick: true,
  toolset: 'clock',
  execute: ({ timeZone }) => describeInstant(Date.now(), timeZone),
});

export const clockShift = defineTool({
  name: 'clock_shift',
  description:
    'A date plus or minus a length of time. Months and days are counted on the calendar of the time zone (31 January + 1 month is the last of February); hours, minutes and seconds are exact.',
  input: z.strictObject({
    from: instant,
    timeZone: zone,
    years: amount,
    months: amount,
    weeks: amount,
    days: amount,
    hours: exact,
    minutes: exact,
    seconds: exact,
  }),
  effect: 'read',
  quick: true,
  toolset: 'clock',
  execute: ({ from, timeZone, ...by }) => {
    const shifted = shiftInstant(parseInstant(from, timeZone), timeZone, {
      months: by.years * 12 + by.months,
      days: by.weeks * 7 + by.days,
      ms: Math.round(((by.hours * 60 + by.minutes) * 60 + by.seconds) * 1_000),
    });
    return describeInstant(shifted, timeZone);
  },
});

export const clockBetween = defineTool({
  name: 'clock_between',
  description:
    'The time between two dates: exact seconds, and calendar days in the time zone. Negative when "to" is earlier.',
  input: z.strictObject({ from: instant, to: instant, timeZone: zone }),
  effect: 'read',
  quick: true,
  toolset: 'clock',
  execute: ({ from, to, timeZone }) => {
    const start = parseInstant(from, timeZone);
    const end = parseInstant(to, timeZone);
    return {
      seconds: (end - start) / 1_000,
      hours: (end - start) / 3_600_000,
      days: daysBetween(start, end, timeZone),
    };
  },
});
