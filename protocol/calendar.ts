import { z } from 'zod';
import { DAYS, MONTHS } from './cron';

/** From `start` to `end`, both included, every `step`-th. */
export interface CalendarRange<Value = number> {
  start: Value;
  end: Value;
  step: number;
}

/**
 * Times on a calendar, in Temporal's own structure: a time matches when every field does. No range at all in `year` is any
 * year. Months and days are named in capitals, `JANUARY`, `SUNDAY`.
 */
export interface Calendar {
  second: CalendarRange[];
  minute: CalendarRange[];
  hour: CalendarRange[];
  dayOfMonth: CalendarRange[];
  month: CalendarRange<string>[];
  year: CalendarRange[];
  dayOfWeek: CalendarRange<string>[];
  comment?: string;
}

const FIRST_YEAR = 2000;
const LAST_YEAR = 2100;
const MOST_RANGES = 60;
type Otherwise = '*' | 0;

/** A value, a range, several of them, or `*`; `otherwise` where nothing is given. */
function field(min: number, max: number, otherwise: Otherwise, names?: { first: number; values: readonly string[] }) {
  const value = z.union([z.number(), z.string()]).transform((given, context) => {
    const number = typeof given === 'number' ? given : numberOf(given, names);
    if (number !== undefined && Number.isInteger(number) && number >= min && number <= max) return number;
    const known = names ? `, or e.g. ${JSON.stringify(names.values[1])}` : '';
    context.addIssue({ code: 'custom', message: `${JSON.stringify(given)} is not in ${min} to ${max}${known}` });
    return z.NEVER;
  });
  const range = z
    .strictObject({ start: value, end: value.optional(), step: z.number().int().positive().default(1) })
    .transform(({ start, end = start, step }) => ({ start, end, step }))
    .refine(({ start, end }) => start <= end, 'the range ends before it begins')
    .refine(({ start, end, step }) => step === 1 || end > start, 'a step needs an end');
  const one = z.union([range, value.transform((start) => ({ start, end: start, step: 1 }))]);
  const every = [{ start: min, end: max, step: 1 }];
  // No range at all matches nothing, but any year.
  const several = z
    .array(one)
    .min(min === FIRST_YEAR ? 0 : 1, 'nothing would match')
    .max(MOST_RANGES);
  return z
    .union([z.literal('*').transform(() => every), several, one.transform((only) => [only])])
    .default(otherwise === '*' ? every : [{ start: 0, end: 0, step: 1 }]);
}

function numberOf(text: string, names?: { first: number; values: readonly string[] }): number | undefined {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  if (!names || text.length < 3) return undefined;
  const index = names.values.findIndex((name) => name.startsWith(text.toUpperCase()));
  return index === -1 ? undefined : index + names.first;
}

const named = (values: readonly string[], first: number) => (ranges: CalendarRange[]) =>
  ranges.map(({ start, end, step }) => ({
    start: values[start - first] as string,
    end: values[end - first] as string,
    step,
  }));

const schemaOf = (clock: Otherwise) =>
  z
    .strictObject({
      second: field(0, 59, clock),
      minute: field(0, 59, clock),
      hour: field(0, 23, clock),
      dayOfMonth: field(1, 31, '*'),
      month: field(1, 12, '*', { first: 1, values: MONTHS }).transform(named(MONTHS, 1)),
      year: field(FIRST_YEAR, LAST_YEAR, '*').transform((ranges) =>
        ranges.some(({ start, end, step }) => start === FIRST_YEAR && end === LAST_YEAR && step === 1) ? [] : ranges,
      ),
      dayOfWeek: field(0, 6, '*', { first: 0, values: DAYS }).transform(named(DAYS, 0)),
      comment: z.string().max(200).optional(),
    })
    .transform(({ comment, ...fields }): Calendar => ({ ...fields, ...(comment !== undefined && { comment }) }));

/**
 * Friendly forms become Temporal's: `{ hour: 9, dayOfWeek: [{ start: 'Monday', end: 'Friday' }] }`. Not given are second,
 * minute and hour 0, and any day, month and year.
 */
export const calendarSchema = schemaOf(0);
/** The same for times that are left out: what is not given is any, so that a day alone is all of the day. */
export const exceptSchema = schemaOf('*');
/** A calendar as it may be written. */
export type CalendarInput = z.input<typeof calendarSchema>;
