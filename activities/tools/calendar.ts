/** Calendar arithmetic in a time zone, on milliseconds since the epoch. Node 20 has no `Temporal` API; `Intl` knows the zones. */

const DAY_MS = 86_400_000;
const LIMIT_MS = 8.64e15;
const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3})\d*)?)?)?(Z|[+-]\d{2}:?\d{2})?$/i;

export interface InstantInZone {
  /** With the offset of the zone at that time, e.g. `2025-03-01T09:30:00.000+01:00`. */
  local: string;
  utc: string;
  timeZone: string;
  weekday: string;
  unixMs: number;
}

export function describeInstant(at: number, timeZone: string): InstantInZone {
  const offset = offsetAt(at, timeZone);
  const local = new Date(at + offset);
  const weekday = new Intl.DateTimeFormat('en', { weekday: 'long', timeZone: 'UTC' }).format(local);
  const text = `${local.toISOString().slice(0, -1)}${offsetText(offset)}`;
  return { local: text, utc: new Date(at).toISOString(), timeZone, weekday, unixMs: at };
}

type Fields = [number, number, number, number, number, number];

/** @throws Error for text that is no ISO date or names a day that does not exist. */
export function parseInstant(text: string, timeZone: string): number {
  const match = ISO.exec(text.trim());
  if (!match) throw new Error(`"${text}" is not an ISO 8601 date such as "2025-03-01" or "2025-03-01T09:30:00Z"`);
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as Fields;
  const local = new Date(0);
  local.setUTCFullYear(year, month - 1, day);
  local.setUTCHours(hour, minute, second, Number((match[7] ?? '').padEnd(3, '0')));
  if (local.toISOString().slice(0, 19) !== isoOf(year, month, day, hour, minute, second)) {
    throw new Error(`"${text}" does not exist`);
  }
  const offset = match[8];
  return offset === undefined ? fromLocal(local.getTime(), timeZone) : local.getTime() - offsetOf(offset);
}

function isoOf(year: number, ...rest: number[]): string {
  const [month, day, hour, minute, second] = rest.map((part) => String(part).padStart(2, '0'));
  return `${String(year).padStart(4, '0')}-${month}-${day}T${hour}:${minute}:${second}`;
}

export interface Shift {
  months: number;
  days: number;
  ms: number;
}

/** Months first (the day is cut to the month's last), then days, both on the local calendar; then exact time. */
export function shiftInstant(at: number, timeZone: string, { months, days, ms }: Shift): number {
  if (months === 0 && days === 0) return inRange(at + ms);
  const local = new Date(at + offsetAt(at, timeZone));
  const day = local.getUTCDate();
  local.setUTCDate(1);
  local.setUTCMonth(local.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + 1, 0)).getUTCDate();
  local.setUTCDate(Math.min(day, lastDay) + days);
  return inRange(fromLocal(inRange(local.getTime()), timeZone) + ms);
}

/** Midnights between two instants on the zone's calendar. */
export function daysBetween(from: number, to: number, timeZone: string): number {
  const dayOf = (at: number): number => Math.floor((at + offsetAt(at, timeZone)) / DAY_MS);
  return dayOf(to) - dayOf(from);
}

/** Clock time to instant. Of a time that comes twice the first; one that is skipped moves on by the gap. */
function fromLocal(local: number, timeZone: string): number {
  const before = local - offsetAt(local - DAY_MS, timeZone);
  const after = local - offsetAt(local + DAY_MS, timeZone);
  return before + offsetAt(before, timeZone) === local || after + offsetAt(after, timeZone) !== local ? before : after;
}

function offsetAt(at: number, timeZone: string): number {
  const parts = formatOf(timeZone).formatToParts(inRange(at));
  const part = (type: string): number => Number(parts.find((found) => found.type === type)?.value);
  const era = parts.find((found) => found.type === 'era')?.value;
  const year = era === 'BC' ? 1 - part('year') : part('year');
  const local = new Date(0);
  local.setUTCFullYear(year, part('month') - 1, part('day'));
  local.setUTCHours(part('hour'), part('minute'), part('second'));
  return local.getTime() - Math.floor(at / 1_000) * 1_000;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    // Names are the model's choice: the cache must not grow with them, though only real zones get here.
    if (formats.size < 600) formats.set(timeZone, format);
    return format;
  } catch {
    throw new Error(`"${timeZone}" is not a time zone; write an IANA name such as "Europe/Berlin", or "UTC"`);
  }
}

function inRange(at: number): number {
  if (Math.abs(at) > LIMIT_MS - 2 * DAY_MS || Number.isNaN(at)) throw new Error('the date is out of range');
  return at;
}

function offsetOf(text: string): number {
  if (text.toUpperCase() === 'Z') return 0;
  const [hours, minutes] = [Number(text.slice(1, 3)), Number(text.slice(-2))];
  if (hours > 23 || minutes > 59) throw new Error(`"${text}" is not an offset`);
  return (text.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function offsetText(offset: number): string {
  const minutes = Math.floor(Math.abs(offset) / 60_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
