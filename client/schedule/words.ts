import type { Calendar, CalendarRange } from '../../protocol/calendar';
import { DAYS, MONTHS } from '../../protocol/cron';
import type { ScheduleTimes } from '../../protocol/schedule';

/** When a schedule starts something, as a person says it: `at 09:00, Monday to Friday (Europe/Berlin)`. */
export function timesInWords(times: ScheduleTimes): string {
  const { cron = [], every = [], calendar = [], except = [], timeZone = 'UTC', jitter, startAt, endAt } = times;
  const cycles = every.map(
    ({ every, offset }) => `every ${lengthInWords(every)}${offset ? ` + ${lengthInWords(offset)}` : ''}`,
  );
  const dated = [...cron.map((text) => `cron ${text}`), ...calendar.map(calendarInWords)];
  const parts = [[...cycles, ...dated].join('; and ')];
  if (except.length > 0) parts.push(`except ${except.map(exceptionInWords).join(' and ')}`);
  if (dated.length > 0 || except.length > 0) parts.push(`(${timeZone})`);
  if (jitter) parts.push(`up to ${lengthInWords(jitter)} later`);
  if (startAt) parts.push(`from ${startAt.toISOString()}`);
  if (endAt) parts.push(`until ${endAt.toISOString()}`);
  return parts.join(' ');
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
  ['ms', 1],
] as const;

/** `1 hour 30 minutes`; nothing is rounded. */
export function lengthInWords(ms: number): string {
  let left = ms;
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const amount = Math.floor(left / size);
    left -= amount * size;
    if (amount > 0) parts.push(`${amount} ${unit}${amount === 1 || unit === 'ms' ? '' : 's'}`);
  }
  return parts.join(' ') || '0 seconds';
}

export function calendarInWords(calendar: Calendar): string {
  return [clockInWords(calendar), ...daysInWords(calendar)].join(', ');
}

function exceptionInWords(calendar: Calendar): string {
  const { hour, minute, second } = calendar;
  const allDay = isAll(hour, 0, 23) && isAll(minute, 0, 59) && isAll(second, 0, 59);
  return allDay ? daysInWords(calendar).join(', ') || 'always' : calendarInWords(calendar);
}

function daysInWords({ dayOfWeek, dayOfMonth, month, year }: Calendar): string[] {
  const parts: string[] = [];
  if (!isAll(dayOfWeek, DAYS[0], DAYS[6])) parts.push(listed(dayOfWeek, capital));
  if (!isAll(dayOfMonth, 1, 31)) parts.push(`on day ${listed(dayOfMonth)} of the month`);
  if (!isAll(month, MONTHS[0], MONTHS[11])) parts.push(`in ${listed(month, capital)}`);
  if (year.length > 0) parts.push(`in ${listed(year)}`);
  return parts;
}

/** Few times a day are told by the clock; else what each hand must show. */
function clockInWords({ hour, minute, second }: Calendar): string {
  const hands = [hour, minute, second].map(singles);
  const [hours, minutes, seconds] = hands;
  if (hours && minutes && seconds && hours.length * minutes.length * seconds.length <= 6) {
    const showsSeconds = seconds.length > 1 || seconds[0] !== 0;
    const times = hours.flatMap((h) =>
      minutes.flatMap((m) => seconds.map((s) => [h, m, ...(showsSeconds ? [s] : [])].map(two).join(':'))),
    );
    return `at ${times.join(', ')}`;
  }
  const parts = [handInWords(second, 59, 'second'), handInWords(minute, 59, 'minute'), handInWords(hour, 23, 'hour')];
  return parts.filter((part) => part !== 'second 0').join(' of ');
}

function handInWords(ranges: CalendarRange[], last: number, unit: string): string {
  const [only, ...more] = ranges;
  if (!only || more.length > 0 || only.start !== 0 || only.end !== last) return `${unit} ${listed(ranges)}`;
  return only.step === 1 ? `every ${unit}` : `every ${only.step} ${unit}s`;
}

function singles(ranges: CalendarRange[]): number[] | undefined {
  return ranges.every(({ start, end }) => start === end) ? ranges.map(({ start }) => start) : undefined;
}

function isAll<Value>(ranges: CalendarRange<Value>[], first: Value | undefined, last: Value | undefined): boolean {
  return ranges.some(({ start, end, step }) => start === first && end === last && step === 1);
}

function listed<Value>(ranges: CalendarRange<Value>[], show: (value: Value) => string = String): string {
  return ranges
    .map(({ start, end, step }) => {
      if (start === end) return show(start);
      return `${show(start)} to ${show(end)}${step > 1 ? ` in steps of ${step}` : ''}`;
    })
    .join(', ');
}

function capital(name: string): string {
  return name.charAt(0) + name.slice(1).toLowerCase();
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
