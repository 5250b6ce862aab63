import { z } from 'zod';
import { calendarSchema, exceptSchema } from './calendar';
import { cronProblem } from './cron';
import { durationSchema } from './duration';

/** What happens when a start is due and the run before it still goes on. */
export const OVERLAP = ['skip', 'buffer-one', 'buffer-all', 'cancel-other', 'terminate-other', 'allow-all'] as const;
export const overlapSchema = z.enum(OVERLAP);
/**
 * - `skip` (default): the start that is due is left out, and counted.
 * - `buffer-one`: it waits for the end of the run before it; no more than one waits, further ones are left out.
 * - `buffer-all`: all wait, and start one after the other.
 * - `cancel-other`: the run before it is asked to stop (its result says `cancelled`); the new one starts when it has ended.
 * - `terminate-other`: the run before it is ended at once, without a result; the new one starts at once.
 * - `allow-all`: it starts at once, beside the others. Only here runs go on side by side, and one that fails does not
 *   pause the schedule: the server follows none of them.
 */
export type Overlap = z.output<typeof overlapSchema>;

const cronSchema = z.string().transform((text, context) => {
  const problem = cronProblem(text);
  if (problem === undefined) return text.trim().replace(/\s+/g, ' ');
  context.addIssue({
    code: 'custom',
    message: `${JSON.stringify(text.slice(0, 100))} is not a cron expression: ${problem}`,
  });
  return z.NEVER;
});

const wholeSeconds = durationSchema.refine((ms) => ms % 1_000 === 0, 'whole seconds only');

const everySchema = z.union([
  z
    .strictObject({ every: wholeSeconds, offset: z.union([z.literal(0), wholeSeconds]).default(0) })
    .refine(({ every, offset }) => offset < every, 'the offset must be shorter than the interval'),
  wholeSeconds.transform((every) => ({ every, offset: 0 })),
]);

const timeZoneSchema = z.string().transform((name, context) => {
  const known = timeZoneOf(name);
  if (known !== undefined) return known;
  context.addIssue({
    code: 'custom',
    message: `${JSON.stringify(name.slice(0, 100))} is not a time zone; write e.g. "Europe/Berlin" or "UTC"`,
  });
  return z.NEVER;
});

/** The server reads names of zones as files: it minds capitals, and knows no offsets such as `+01:00`. */
function timeZoneOf(name: string): string | undefined {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return undefined;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
  } catch {
    return undefined;
  }
  const same = (other: string): boolean => other.toLowerCase() === name.toLowerCase();
  return ['UTC', ...Intl.supportedValuesOf('timeZone')].find(same) ?? name;
}

/** A moment: a `Date`, or ISO 8601 text that says its offset, `2026-12-01T09:00:00Z`. */
export const instantSchema = z.union([z.date(), z.string()]).transform((given, context) => {
  if (given instanceof Date) return given;
  const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(given)
    ? new Date(given)
    : undefined;
  if (moment && !Number.isNaN(moment.getTime())) return moment;
  context.addIssue({
    code: 'custom',
    message: `${JSON.stringify(given.slice(0, 100))} is not a moment; write e.g. "2026-12-01T09:00:00Z", with an offset`,
  });
  return z.NEVER;
});

/** One or several; several mean all of their times together. */
const many = <Schema extends z.ZodType>(schema: Schema) =>
  z.union([z.array(schema).min(1).max(50), schema.transform((one) => [one as z.output<Schema>])]);

const timesShape = {
  /** `0 9 * * 1-5`: 5 fields, 6 with a year, 7 with seconds before; a time matches when all fields do. */
  cron: many(cronSchema).optional(),
  /** An interval counted from 1970 in UTC, `10m`, or `{ every: '1h', offset: '5m' }`; whole seconds. */
  every: many(everySchema).optional(),
  calendar: many(calendarSchema).optional(),
  /** Times that are left out, e.g. holidays; where no time of day is given, all of the day. */
  except: many(exceptSchema).optional(),
  /** In which cron and calendar are read. Default `UTC`. */
  timeZone: timeZoneSchema.optional(),
  /** Each start is later by a part of this, chosen once; never beyond the time after it. */
  jitter: durationSchema.optional(),
  startAt: instantSchema.optional(),
  endAt: instantSchema.optional(),
};

/** When a schedule starts something. At least one of cron, every and calendar; several mean all of their times together. */
export const scheduleTimesSchema = z
  .strictObject(timesShape)
  .refine(({ cron, every, calendar }) => cron || every || calendar, 'one of cron, every and calendar is needed')
  .refine(({ startAt, endAt }) => !startAt || !endAt || startAt < endAt, {
    path: ['endAt'],
    message: 'the end is not after the start',
  });
/**
 * When a schedule starts something, as it is written: at least one of cron, every and calendar. Durations in
 * milliseconds or as text.
 */
export type ScheduleTimesInput = z.input<typeof scheduleTimesSchema>;
/** The same once parsed: durations in milliseconds, everything that may be several as a list. */
export type ScheduleTimes = z.output<typeof scheduleTimesSchema>;

/** The server takes shorter ones for this. */
const SHORTEST_CATCH_UP_MS = 10_000;

export const schedulePolicySchema = z.strictObject({
  overlap: overlapSchema.optional(),
  /** Starts that are late by more, because the server was down, are left out and counted; at least 10 s. Default 1 year. */
  catchupWindow: durationSchema.refine((ms) => ms >= SHORTEST_CATCH_UP_MS, 'at least 10 s').optional(),
  /** Pauses the schedule when a run fails or times out; one that was stopped by a limit or cancelled has not failed. */
  pauseOnFailure: z.boolean().optional(),
  /** Starts left, after which nothing starts by itself; triggers and backfills are not counted. Default: no limit. */
  remainingRuns: z.number().int().min(0).max(1_000_000_000).optional(),
});
export type SchedulePolicyInput = z.input<typeof schedulePolicySchema>;
export type SchedulePolicy = z.output<typeof schedulePolicySchema>;
