import fc from 'fast-check';
import { budgetPeriod } from '../../activities/ledger/budget-period';

const at = (text: string) => Date.parse(text);
const ends = (text: string, zone: string) => new Date(budgetPeriod(at(text), zone).ends).toISOString();

test('days and months are those of the time zone', () => {
  const moment = at('2026-11-30T16:30:00Z');
  expect(budgetPeriod(moment, 'UTC')).toEqual({
    day: '2026-11-30',
    month: '2026-11',
    ends: at('2026-12-01T00:00:00Z'),
  });
  expect(budgetPeriod(moment, 'Asia/Tokyo')).toMatchObject({ day: '2026-12-01', month: '2026-12' });
  expect(ends('2026-11-30T16:30:00Z', 'Asia/Tokyo')).toBe('2026-12-01T15:00:00.000Z');
  expect(ends('2026-11-30T16:30:00Z', 'Asia/Kathmandu')).toBe('2026-11-30T18:15:00.000Z');
});

test('the first moment of a day is of that day, the last of the one before', () => {
  expect(budgetPeriod(at('2026-11-30T22:59:59.999Z'), 'Europe/Berlin').day).toBe('2026-11-30');
  expect(ends('2026-11-30T22:59:59.999Z', 'Europe/Berlin')).toBe('2026-11-30T23:00:00.000Z');
  expect(budgetPeriod(at('2026-11-30T23:00:00Z'), 'Europe/Berlin').day).toBe('2026-12-01');
});

test('a day is as long as the clocks make it', () => {
  // 23 hours, 25 hours, and a day that begins at one o'clock because midnight was left out.
  expect(ends('2026-03-28T23:00:00Z', 'Europe/Berlin')).toBe('2026-03-29T22:00:00.000Z');
  expect(ends('2026-10-24T22:00:00Z', 'Europe/Berlin')).toBe('2026-10-25T23:00:00.000Z');
  expect(ends('2026-03-28T12:00:00Z', 'Asia/Beirut')).toBe('2026-03-28T22:00:00.000Z');
});

test('in a zone this worker does not know days are those of UTC', () => {
  expect(budgetPeriod(at('2026-11-30T16:30:00Z'), 'Mars/Base')).toMatchObject({ day: '2026-11-30' });
});

/** Where clocks change by half an hour, at midnight, or over a whole day; and where they stand at a quarter. */
const ZONES = [
  'Europe/Berlin',
  'America/Sao_Paulo',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Asia/Beirut',
  'Africa/Cairo',
  'Pacific/Apia',
  'America/Nuuk',
];
const CHANGES: [zone: string, from: string, hours: number][] = [
  ['America/Sao_Paulo', '2018-11-04T02:59:59Z', 1 / 3_600],
  ['America/Sao_Paulo', '2018-11-04T03:00:00Z', 23],
  ['America/Sao_Paulo', '2019-02-16T02:00:00Z', 25],
  ['Australia/Lord_Howe', '2026-04-04T13:00:00Z', 24.5],
  ['Australia/Lord_Howe', '2026-10-03T13:30:00Z', 23.5],
  ['Pacific/Apia', '2011-12-29T10:00:00Z', 24],
];

test.each(CHANGES)('in %s the day that begins at %s is as long as its clocks make it', (zone, from, hours) => {
  expect((budgetPeriod(at(from), zone).ends - at(from)) / 3_600_000).toBeCloseTo(hours, 6);
});

test('a day ends at the first moment that another one has begun, wherever the clocks are changed', () => {
  const anywhen = fc.integer({ min: at('2011-12-01T00:00:00Z'), max: at('2028-01-01T00:00:00Z') });
  fc.assert(
    fc.property(anywhen, fc.constantFrom(...ZONES), (moment, timeZone) => {
      /** As the calendar says it, without our arithmetic. */
      const dayOf = (time: number) => {
        const options = { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' } as const;
        const [day, month, year] = new Intl.DateTimeFormat('en-GB', options).format(time).split('/');
        return `${year}-${month}-${day}`;
      };
      const { day, month, ends } = budgetPeriod(moment, timeZone);
      expect([day, month]).toEqual([dayOf(moment), day.slice(0, 7)]);
      for (let time = moment; time < ends; time += 900_000) expect(dayOf(time)).toBe(day);
      expect(dayOf(ends - 1)).toBe(day);
      expect(dayOf(ends) > day).toBe(true);
    }),
    { numRuns: 200 },
  );
});
