import { HoldfastError } from '../../protocol/failures';

const LOCAL = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?$/;
const WITH_OFFSET = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:?\d\d)$/i;

/**
 * A moment as people write it: `2026-12-01`, `2026-12-01T09:00`, with seconds, with an offset. Without one it is meant in the
 * given time zone, else in that of the machine.
 * @throws HoldfastError `Input.Invalid`.
 */
export function instantOf(text: string, flag: string, timeZone?: string): Date {
  const given = text.trim();
  const moment = WITH_OFFSET.test(given) ? new Date(given.replace(' ', 'T')) : localInstant(given, timeZone);
  if (moment && !Number.isNaN(moment.getTime())) return moment;
  throw new HoldfastError('Input.Invalid', `${flag}: not a moment: ${JSON.stringify(text)}`, {
    hint: 'Write e.g. 2026-12-01T09:00, or with an offset 2026-12-01T09:00Z.',
  });
}

function localInstant(text: string, timeZone: string | undefined): Date | undefined {
  const found = LOCAL.exec(text);
  if (!found) return undefined;
  const fields = found.slice(1).map((part) => Number(part ?? 0));
  const [year, month, day, hour, minute, second] = fields as [number, number, number, number, number, number];
  const asUtc = Date.UTC(year, month - 1, day, hour, minute, second);
  // The 31st of June would become the 1st of July, and 25:00 the next day.
  if (new Date(asUtc).toISOString().slice(0, 10) !== text.slice(0, 10) || minute > 59 || second > 59) return undefined;
  // The offset of the zone depends on the moment that is looked for: the second guess is right but for an hour a year.
  const first = asUtc - offsetAt(asUtc, timeZone);
  return new Date(asUtc - offsetAt(first, timeZone));
}

type Field = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second';

/** Milliseconds the clocks of a zone are ahead of UTC. */
function offsetAt(moment: number, timeZone: string | undefined): number {
  const format = new Intl.DateTimeFormat('en-US', {
    ...(timeZone !== undefined && { timeZone }),
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const parts = format.formatToParts(moment).map(({ type, value }) => [type, Number(value)] as const);
  const { year, month, day, hour, minute, second } = Object.fromEntries(parts) as Record<Field, number>;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(moment / 1_000) * 1_000;
}
