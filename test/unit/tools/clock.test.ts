import * as fc from 'fast-check';
import { clockBetween, clockNow, clockShift } from '../../../activities/tools/clock';
import { openTestRun, type TestRun } from './tool-call.fixture';

let run: TestRun;
beforeAll(async () => {
  run = await openTestRun();
});
afterAll(() => run.close());

interface Instant {
  local: string;
  utc: string;
  weekday: string;
  unixMs: number;
}
const shift = async (from: string, by: object, timeZone = 'UTC') =>
  (await run.ok<Instant>(clockShift, { from, timeZone, ...by })).local;

test('now is now, in the zone asked for', async () => {
  const now = await run.ok<Instant>(clockNow, { timeZone: 'Asia/Kolkata' });
  expect(Math.abs(now.unixMs - Date.now())).toBeLessThan(5_000);
  expect(now.local).toMatch(/\+05:30$/);
  expect(Date.parse(now.local)).toBe(now.unixMs);
  expect(Date.parse(now.utc)).toBe(now.unixMs);
  expect(await run.ok(clockNow, {})).toMatchObject({ timeZone: 'UTC', local: expect.stringMatching(/\+00:00$/) });
});

test('weekdays are those of the zone', async () => {
  const at = (timeZone: string) => run.ok<Instant>(clockShift, { from: '2025-03-01T23:30Z', timeZone });
  expect((await at('UTC')).weekday).toBe('Saturday');
  expect((await at('Europe/Berlin')).weekday).toBe('Sunday');
  expect((await at('America/New_York')).local).toBe('2025-03-01T18:30:00.000-05:00');
});

test.each<[string, object, string, string]>([
  ['2025-01-31', { months: 1 }, 'UTC', '2025-02-28T00:00:00.000+00:00'],
  ['2024-01-31', { months: 1 }, 'UTC', '2024-02-29T00:00:00.000+00:00'],
  ['2024-02-29', { years: 1 }, 'UTC', '2025-02-28T00:00:00.000+00:00'],
  ['2025-01-15', { months: -13 }, 'UTC', '2023-12-15T00:00:00.000+00:00'],
  ['2025-01-31', { months: 1, days: 1 }, 'UTC', '2025-03-01T00:00:00.000+00:00'],
  ['2025-12-31', { weeks: 1 }, 'UTC', '2026-01-07T00:00:00.000+00:00'],
  ['2025-03-29T12:00', { days: 1 }, 'Europe/Berlin', '2025-03-30T12:00:00.000+02:00'],
  ['2025-03-29T12:00', { hours: 24 }, 'Europe/Berlin', '2025-03-30T13:00:00.000+02:00'],
  ['2025-03-30T02:30', {}, 'Europe/Berlin', '2025-03-30T03:30:00.000+02:00'],
  ['2025-10-26T02:30', {}, 'Europe/Berlin', '2025-10-26T02:30:00.000+02:00'],
  ['2025-10-26T02:30', { hours: 1 }, 'Europe/Berlin', '2025-10-26T02:30:00.000+01:00'],
  ['2025-06-15T12:00:00.250', { minutes: 1.5, seconds: -30 }, 'UTC', '2025-06-15T12:01:00.250+00:00'],
  ['2025-01-01T00:00+05:30', {}, 'UTC', '2024-12-31T18:30:00.000+00:00'],
  ['2025-01-01T00:00:59-0800', {}, 'UTC', '2025-01-01T08:00:59.000+00:00'],
  ['0050-03-01', { days: -1 }, 'UTC', '0050-02-28T00:00:00.000+00:00'],
  ['2011-12-29', { days: 1 }, 'Pacific/Apia', '2011-12-31T00:00:00.000+14:00'],
])('%s plus %j in %s is %s', async (from, by, zone, expected) => {
  expect(await shift(from, by, zone)).toBe(expected);
});

test.each<[string, string, string, object]>([
  ['2025-01-01', '2025-12-31', 'UTC', { days: 364, hours: 8_736, seconds: 31_449_600 }],
  ['2025-03-30', '2025-03-31', 'Europe/Berlin', { days: 1, hours: 23 }],
  ['2025-03-01T23:00', '2025-03-02T01:00', 'UTC', { days: 1, hours: 2 }],
  ['2025-03-02', '2025-03-01', 'UTC', { days: -1, seconds: -86_400 }],
  ['2025-03-01T23:00Z', '2025-03-02T01:00Z', 'Asia/Tokyo', { days: 0 }],
])('from %s to %s in %s', async (from, to, timeZone, expected) => {
  expect(await run.ok(clockBetween, { from, to, timeZone })).toMatchObject(expected);
});

test.each([
  ['2025-02-30', 'does not exist'],
  ['2025-13-01', 'does not exist'],
  ['2025-01-01T24:00', 'does not exist'],
  ['2025-01-01T12:60', 'does not exist'],
  ['2025-01-01T12:00:60', 'does not exist'],
  ['0000-00-00', 'does not exist'],
  ['tomorrow', 'is not an ISO 8601 date'],
  ['01/02/2025', 'is not an ISO 8601 date'],
  ['2025-01-01T12:00+25:00', 'is not an offset'],
])('%s %s', async (from, problem) => {
  expect(await run.failure(clockShift, { from })).toContain(problem);
});

test('zones that do not exist, and dates beyond what can be counted, are refused', async () => {
  expect(await run.failure(clockNow, { timeZone: 'Mars/Olympus' })).toContain('"Mars/Olympus" is not a time zone');
  expect(await run.failure(clockShift, { from: '2025-01-01', years: 300_000 })).toContain('out of range');
  expect(await run.failure(clockShift, { from: '2025-01-01', years: -300_000 })).toContain('range');
});

test('before the year one', async () => {
  expect(await shift('0001-01-01', { days: -1 })).toBe('0000-12-31T00:00:00.000+00:00');
});

test('whole days forth and back come out where they began', async () => {
  const day = fc.integer({ min: 0, max: 25_000 }).map((days) => new Date(days * 86_400_000).toISOString().slice(0, 10));
  const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu');
  await fc.assert(
    fc.asyncProperty(day, fc.integer({ min: -900, max: 900 }), zone, async (from, days, timeZone) => {
      const noon = `${from}T12:00`;
      const there = await shift(noon, { days }, timeZone);
      expect((await shift(there, { days: -days }, timeZone)).slice(0, 16)).toBe(noon);
      expect((await run.ok<{ days: number }>(clockBetween, { from: noon, to: there, timeZone })).days).toBe(days);
    }),
    { numRuns: 200 },
  );
});
