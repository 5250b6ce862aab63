import fc from 'fast-check';
import { workingInstant } from '../../../activities/approvals/working-instant';
import type { WorkingHours } from '../../../protocol/approval';

const HOUR = 3_600_000;
const WEEK: WorkingHours = { timeZone: 'Europe/Berlin', days: [1, 2, 3, 4, 5], from: '09:00', to: '17:00' };
const after = (from: string, hours: number, more: Partial<WorkingHours> = {}) =>
  new Date(workingInstant({ from: Date.parse(from), ms: hours * HOUR, hours: { ...WEEK, ...more } })).toISOString();

test.each([
  ['within a day', '2026-11-23T09:00:00+01:00', 3, {}, '2026-11-23T11:00:00.000Z'],
  ['from before it begins', '2026-11-23T03:00:00+01:00', 1, {}, '2026-11-23T09:00:00.000Z'],
  ['up to its very end', '2026-11-23T09:00:00+01:00', 8, {}, '2026-11-23T16:00:00.000Z'],
  ['over the weekend', '2026-11-20T16:00:00+01:00', 2, {}, '2026-11-23T09:00:00.000Z'],
  ['over the change to winter time', '2026-10-23T16:00:00+02:00', 2, {}, '2026-10-26T09:00:00.000Z'],
  ['over the change to summer time', '2026-03-27T16:00:00+01:00', 2, {}, '2026-03-30T08:00:00.000Z'],
  ['in a zone half an hour off', '2026-11-23T00:00:00Z', 1, { timeZone: 'Asia/Kolkata' }, '2026-11-23T04:30:00.000Z'],
  ['in a night', '2026-11-23T23:00:00+01:00', 2, { from: '22:00', to: '06:00' }, '2026-11-24T00:00:00.000Z'],
  [
    'in the night of the last day',
    '2026-11-28T03:00:00+01:00',
    4,
    { from: '22:00', to: '06:00' },
    '2026-11-30T22:00:00.000Z',
  ],
  [
    'in an hour that is left out',
    '2026-03-29T00:00:00+01:00',
    0.5,
    { days: [0], from: '02:30', to: '03:30' },
    '2026-03-29T01:30:00.000Z',
  ],
  [
    'in an hour that comes twice',
    '2026-10-25T00:00:00+02:00',
    1.5,
    { days: [0], from: '02:00', to: '03:00' },
    '2026-10-25T01:30:00.000Z',
  ],
  [
    'in half an hour that comes twice',
    '2026-04-05T00:00:00+11:00',
    1,
    { timeZone: 'Australia/Lord_Howe', days: [0], from: '01:30', to: '02:00' },
    '2026-04-04T15:30:00.000Z',
  ],
  [
    'through a night of 25 hours',
    '2026-10-25T00:00:00+02:00',
    4,
    { days: [0], from: '00:00', to: '24:00' },
    '2026-10-25T02:00:00.000Z',
  ],
])('%s', (_name, from, hours, more, at) => {
  expect(after(from, hours, more)).toBe(at);
});

test('a zone that does not exist is refused, not tried again', () => {
  expect(() => after('2026-11-23T09:00:00Z', 1, { timeZone: 'Mars/Phobos' })).toThrow(
    expect.objectContaining({ code: 'Input.Invalid' }),
  );
});

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Sao_Paulo',
  'Asia/Kathmandu',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Apia',
];
/** From when São Paulo still changed its clocks, at midnight. */
const moment = fc.integer({ min: Date.parse('2016-01-01'), max: Date.parse('2028-01-01') });
const clock = fc.integer({ min: 0, max: 23 }).map((hour) => `${String(hour).padStart(2, '0')}:30`);
const someHours = fc
  .record({
    timeZone: fc.constantFrom(...ZONES),
    days: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 7 }),
    from: clock,
    to: clock,
  })
  .filter(({ from, to }) => from !== to);

/** Asked of the calendar itself, without our arithmetic. */
function isWorking(at: number, { timeZone, days, from, to }: WorkingHours): boolean {
  const text = (time: number) =>
    new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit' })
      .formatToParts(time)
      .reduce<Record<string, string>>((parts, { type, value }) => Object.assign(parts, { [type]: value }), {});
  const { weekday = '', hour, minute } = text(at);
  const day = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'].indexOf(weekday);
  const time = `${hour}:${minute}`;
  if (from < to) return days.includes(day) && time >= from && time < to;
  return (days.includes(day) && time >= from) || (days.includes((day + 6) % 7) && time < to);
}

test('the moment is within working hours, and as much working time lies before it as was asked for', () => {
  fc.assert(
    fc.property(moment, fc.integer({ min: 1, max: 20 * 60 }), someHours, (start, minutes, hours) => {
      const from = Math.floor(start / 60_000) * 60_000;
      const at = workingInstant({ from, ms: minutes * 60_000, hours });
      expect(isWorking(at - 60_000, hours)).toBe(true);
      let worked = 0;
      for (let time = from; time < at; time += 60_000) if (isWorking(time, hours)) worked++;
      expect(worked).toBe(minutes);
    }),
    { numRuns: 12 },
  );
});

test('two waits one after the other are as long as one', () => {
  fc.assert(
    fc.property(moment, fc.nat(8 * HOUR), fc.nat(8 * HOUR), someHours, (from, a, b, hours) => {
      const [first, second] = [a + 1, b + 1];
      const between = workingInstant({ from, ms: first, hours });
      expect(workingInstant({ from: between, ms: second, hours })).toBe(
        workingInstant({ from, ms: first + second, hours }),
      );
    }),
    { numRuns: 60 },
  );
});
