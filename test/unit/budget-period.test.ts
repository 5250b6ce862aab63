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
