import type { WorkingHours, WorkingInstantInput } from '../../protocol/approval';
import { HoldfastError } from '../../protocol/failures';

const MINUTE = 60_000;
/** A request that needs more working time than this is a mistake. */
const MOST_MINUTES = 3 * 366 * 24 * 60;

/** When so many ms of working time have passed. Minute by minute, so that every change of clocks is taken as it comes. */
export function workingInstant({ from, ms, hours }: WorkingInstantInput): number {
  const local = clockOf(hours);
  let left = ms;
  let at = from;
  for (let minutes = 0; minutes < MOST_MINUTES; minutes++) {
    const end = (Math.floor(at / MINUTE) + 1) * MINUTE;
    if (isWorking(local(at), hours)) {
      if (left <= end - at) return at + left;
      left -= end - at;
    }
    at = end;
  }
  return at;
}

interface LocalTime {
  day: number;
  minute: number;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** Wall-clock time of a zone. Offsets change on quarters of an hour only, so within one they are taken once. */
function clockOf({ timeZone }: WorkingHours): (at: number) => LocalTime {
  const format = formatOf(timeZone);
  let quarter = -1;
  let base: LocalTime = { day: 0, minute: 0 };
  return (at) => {
    const now = Math.floor(at / (15 * MINUTE));
    if (now !== quarter) {
      quarter = now;
      const parts = Object.fromEntries(format.formatToParts(now * 15 * MINUTE).map(({ type, value }) => [type, value]));
      base = { day: DAYS.indexOf(parts.weekday ?? ''), minute: Number(parts.hour) * 60 + Number(parts.minute) };
    }
    return { day: base.day, minute: base.minute + Math.floor((at % (15 * MINUTE)) / MINUTE) };
  };
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  } catch (cause) {
    throw new HoldfastError('Input.Invalid', `workingHours.timeZone: ${JSON.stringify(timeZone)} is no time zone`, {
      hint: 'Write an IANA name, e.g. "Europe/Berlin".',
      cause,
    });
  }
}

/** Hours over midnight belong to the day they begin on. */
function isWorking({ day, minute }: LocalTime, { days, from, to }: WorkingHours): boolean {
  const [start, end] = [minutesOf(from), minutesOf(to)];
  if (start < end) return days.includes(day) && minute >= start && minute < end;
  return (days.includes(day) && minute >= start) || (days.includes((day + 6) % 7) && minute < end);
}

function minutesOf(time: string): number {
  const [hours = '0', minutes = '0'] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
}
