/** Cron as Temporal's schedules read it, checked before anything is sent. */

interface Field {
  name: string;
  min: number;
  max: number;
  /** Names of values, from the first one on; any beginning of at least `shortest` letters will do. */
  names?: { first: number; shortest: number; values: readonly string[] };
}

export const MONTHS = ['JANUARY', 'FEBRUARY', 'MARCH', 'APRIL', 'MAY', 'JUNE', 'JULY', 'AUGUST', 'SEPTEMBER'].concat([
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
]) as readonly string[];
export const DAYS: readonly string[] = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'];

const SECOND: Field = { name: 'second', min: 0, max: 59 };
const YEAR: Field = { name: 'year', min: 2000, max: 2100 };
const USUAL: readonly Field[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: { first: 1, shortest: 3, values: MONTHS } },
  { name: 'day of week', min: 0, max: 7, names: { first: 0, shortest: 2, values: DAYS } },
];
const FIELDS: Record<number, readonly Field[]> = {
  5: USUAL,
  6: [...USUAL, YEAR],
  7: [SECOND, ...USUAL, YEAR],
};
const NICKNAMES = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

/** It travels as a comment beside the times it is compiled to, and a comment has at most 200 characters. */
const LONGEST = 190;

/** Why this is no cron expression; undefined when it is one. */
export function cronProblem(text: string): string | undefined {
  const cron = text.trim();
  if (cron === '') return 'it is empty';
  if (cron.length > LONGEST) return `it has more than ${LONGEST} characters`;
  if (/^(CRON_)?TZ=/.test(cron)) return 'a time zone does not belong into it: give timeZone';
  if (cron.startsWith('@every')) return 'an interval does not belong into it: give every';
  if (cron.startsWith('@')) {
    return NICKNAMES.includes(cron) ? undefined : `${JSON.stringify(cron)} is none of ${NICKNAMES.join(', ')}`;
  }
  const parts = cron.split(/\s+/);
  const fields = FIELDS[parts.length];
  if (!fields) return `it has ${parts.length} fields; 5 are minute, hour, day of month, month, day of week`;
  for (const [index, field] of fields.entries()) {
    const problem = fieldProblem(parts[index] as string, field);
    if (problem !== undefined) return `${field.name}: ${problem}`;
  }
  return undefined;
}

function fieldProblem(text: string, field: Field): string | undefined {
  for (const item of text.split(',')) {
    const problem = itemProblem(item, field);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** A value, a range or a star, each with a step where there is a slash. */
function itemProblem(item: string, field: Field): string | undefined {
  const [range = '', step, ...more] = item.split('/');
  if (more.length > 0) return `${JSON.stringify(item)} has too many slashes`;
  if (step !== undefined && !/^[1-9]\d{0,4}$/.test(step)) return `${JSON.stringify(item)} needs a step above 0`;
  if (range === '*') return undefined;
  const ends = range.split('-');
  if (ends.length > 2) return `${JSON.stringify(item)} has too many dashes`;
  const values = ends.map((end) => numberIn(end, field));
  const wrong = values.findIndex((value) => value === undefined || value < field.min || value > field.max);
  if (wrong !== -1) return `${JSON.stringify(ends[wrong])} is not in ${field.min} to ${field.max}`;
  const [from = 0, to = from] = values as number[];
  return to < from ? `${JSON.stringify(range)} ends before it begins` : undefined;
}

function numberIn(text: string, { names }: Field): number | undefined {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  if (!names || text.length < names.shortest) return undefined;
  const index = names.values.findIndex((name) => name.startsWith(text.toUpperCase()));
  return index === -1 ? undefined : index + names.first;
}
