import { decodeScheduleSpec, encodeScheduleSpec } from '@temporalio/client/lib/schedule-helpers';
import fc from 'fast-check';
import { actionOf } from '../../../client/schedule/action';
import {
  checkPeriod,
  checkPolicy,
  checkReason,
  checkRest,
  checkScheduleId,
  checkTimes,
  partsOf,
} from '../../../client/schedule/checks';
import { remarksOn } from '../../../client/schedule/remarks';
import { fromOverlap, fromSpec, toOverlap, toSpec } from '../../../client/schedule/spec';
import { calendarInWords, lengthInWords, timesInWords } from '../../../client/schedule/words';
import { requestDigest, startInput, workflowStart } from '../../../client/start-input';
import { delayOf } from '../../../client/start-options';
import { type CalendarInput, calendarSchema } from '../../../protocol/calendar';
import { DAYS, MONTHS } from '../../../protocol/cron';
import { OVERLAP, type ScheduleTimesInput } from '../../../protocol/schedule';

const refused = (message: string) =>
  expect.objectContaining({
    code: 'Input.Invalid',
    message: expect.stringContaining(message),
    hint: expect.any(String),
  });

describe('times', () => {
  const number = (min: number, max: number) => fc.integer({ min, max });
  const rangesOf = <Value>(value: fc.Arbitrary<Value>) =>
    fc.oneof(
      fc.constant('*' as const),
      value,
      fc.array(value, { minLength: 1, maxLength: 3 }),
      value.map((start) => ({ start })),
    );
  const spans = (min: number, max: number) =>
    fc.tuple(number(min, max), number(min, max), number(1, 9)).map(([one, other, step]) => ({
      start: Math.min(one, other),
      end: Math.max(one, other),
      step: one === other ? 1 : step,
    }));
  const calendar: fc.Arbitrary<CalendarInput> = fc.record(
    {
      second: fc.oneof(rangesOf(number(0, 59)), spans(0, 59)),
      minute: fc.oneof(rangesOf(number(0, 59)), spans(0, 59)),
      hour: fc.oneof(rangesOf(number(0, 23)), spans(0, 23)),
      dayOfMonth: fc.oneof(rangesOf(number(1, 31)), spans(1, 31)),
      month: fc.oneof(rangesOf(fc.constantFrom(...MONTHS, 'jan', 'September', 12)), spans(1, 12)),
      year: fc.oneof(rangesOf(number(2000, 2100)), spans(2000, 2100)),
      dayOfWeek: fc.oneof(rangesOf(fc.constantFrom(...DAYS, 'sun', 'Wednesday', 6)), spans(0, 6)),
      comment: fc.constantFrom('holidays', 'when all is quiet'),
    },
    { requiredKeys: [] },
  );
  const seconds = fc.integer({ min: 1, max: 10_000_000 }).map((one) => one * 1_000);
  const times: fc.Arbitrary<ScheduleTimesInput> = fc.record(
    {
      every: fc.oneof(seconds, fc.constantFrom('10m', '2 days'), fc.array(seconds, { minLength: 1, maxLength: 3 })),
      calendar: fc.oneof(calendar, fc.array(calendar, { minLength: 1, maxLength: 3 })),
      except: calendar,
      timeZone: fc.constantFrom('Europe/Berlin', 'america/new_york', 'UTC', 'utc'),
      jitter: fc.oneof(seconds, fc.constant('1m')),
      startAt: fc.date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }),
      endAt: fc.constantFrom('2040-01-01T00:00:00Z', new Date('2050-01-01')),
    },
    { requiredKeys: ['every'] },
  );

  test('what is described back is what was asked', () => {
    fc.assert(
      fc.property(times, (asked) => {
        const checked = checkTimes(asked);
        const described = fromSpec(decodeScheduleSpec(encodeScheduleSpec(toSpec(checked))));
        expect(described).toEqual(checked);
        expect(checkTimes(described)).toEqual(checked);
        expect(timesInWords(described)).not.toMatch(/undefined|NaN|null/);
      }),
    );
  });

  test('cron goes along as a comment, from which it is known again', () => {
    expect(toSpec(checkTimes({ cron: ' 0  9 * * 1-5 ' }))).toEqual({ cronExpressions: ['0 9 * * 1-5 # 0 9 * * 1-5'] });
    const nine = { ...calendarSchema.parse({ hour: 9 }), comment: '0 9 * * *' };
    expect(fromSpec({ calendars: [nine] } as Parameters<typeof fromSpec>[0])).toEqual({ cron: ['0 9 * * *'] });
  });

  test.each<[unknown, string]>([
    [{}, 'one of cron, every and calendar is needed'],
    [{ cron: [] }, 'cron'],
    [{ cron: '0 9 * *' }, 'cron: "0 9 * *" is not a cron expression: it has 4 fields'],
    [{ cron: ['0 9 * * *', 'x'] }, 'cron.1: "x" is not a cron expression'],
    [{ every: '500ms' }, 'every: whole seconds only'],
    [{ every: 0 }, 'not a positive duration'],
    [{ every: -1_000 }, 'not a positive duration'],
    [{ every: { every: '1h', offset: '1h' } }, 'the offset must be shorter'],
    [{ every: '1h', jitter: 'x' }, 'jitter: not a positive duration'],
    [{ every: '1h', timeZone: 'Nowhere' }, 'timeZone: "Nowhere" is not a time zone'],
    [{ every: '1h', timeZone: '+01:00' }, 'is not a time zone'],
    [{ every: '1h', timeZone: '../../etc/passwd' }, 'is not a time zone'],
    [{ every: '1h', timeZone: '' }, 'is not a time zone'],
    [{ every: '1h', startAt: '2026-12-01T09:00' }, 'with an offset'],
    [{ every: '1h', startAt: 'tomorrow' }, 'is not a moment'],
    [{ every: '1h', startAt: new Date(Number.NaN) }, 'startAt'],
    [{ every: '1h', startAt: '2026-12-02T00:00:00Z', endAt: '2026-12-02T00:00:00Z' }, 'the end is not after the start'],
    [{ calendar: { hour: 24 } }, 'calendar.hour: 24 is not in 0 to 23'],
    [{ calendar: { month: 'Brumaire' } }, '"Brumaire" is not in 1 to 12, or e.g. "FEBRUARY"'],
    [{ calendar: { hour: { start: 9, end: 8 } } }, 'the range ends before it begins'],
    [{ calendar: { hour: { start: 9, step: 2 } } }, 'a step needs an end'],
    [{ calendar: { hours: 9 } }, 'hours'],
    [{ calendar: { hour: [] } }, 'calendar.hour: nothing would match'],
    [{ every: '1h', hourly: true }, 'hourly'],
  ])('%j is refused', (given, message) => {
    expect(() => checkTimes(given)).toThrow(refused(message));
  });

  test('zones get the capitals the server minds', () => {
    const zoneOf = (timeZone: string) => checkTimes({ every: '1h', timeZone }).timeZone;
    expect(['europe/berlin', 'UTC', 'utc', 'US/Eastern'].map(zoneOf)).toEqual([
      'Europe/Berlin',
      'UTC',
      'UTC',
      'US/Eastern',
    ]);
  });
});

describe('in words', () => {
  test.each<[CalendarInput, string]>([
    [{}, 'at 00:00'],
    [{ hour: [9, 17], minute: 30 }, 'at 09:30, 17:30'],
    [{ hour: 6, second: 15 }, 'at 06:00:15'],
    [{ minute: '*', hour: '*' }, 'every minute of every hour'],
    [{ minute: { start: 0, end: 59, step: 5 }, hour: { start: 9, end: 17 } }, 'every 5 minutes of hour 9 to 17'],
    [{ second: '*', minute: '*', hour: '*' }, 'every second of every minute of every hour'],
    [{ dayOfWeek: ['mon', { start: 'thu', end: 'sat' }] }, 'at 00:00, Monday, Thursday to Saturday'],
    [{ dayOfMonth: [1, 15], month: 'June', year: 2030 }, 'at 00:00, on day 1, 15 of the month, in June, in 2030'],
    [{ month: { start: 1, end: 12, step: 3 } }, 'at 00:00, in January to December in steps of 3'],
  ])('%j', (calendar, words) => {
    expect(calendarInWords(calendarSchema.parse(calendar))).toBe(words);
  });

  test('what is left out is whole days, unless a time is given', () => {
    const wordsOf = (except: CalendarInput) => timesInWords(checkTimes({ every: '1h', except }));
    expect(wordsOf({ dayOfWeek: 'Sunday' })).toBe('every 1 hour except Sunday (UTC)');
    expect(wordsOf({ hour: 12 })).toBe('every 1 hour except every second of every minute of hour 12 (UTC)');
    expect(wordsOf({})).toBe('every 1 hour except always (UTC)');
  });

  test('lengths are exact', () => {
    expect([1, 1_000, 90_000, 86_400_000, 90_061_001].map(lengthInWords)).toEqual([
      '1 ms',
      '1 second',
      '1 minute 30 seconds',
      '1 day',
      '1 day 1 hour 1 minute 1 second 1 ms',
    ]);
    expect(lengthInWords(0)).toBe('0 seconds');
  });
});

describe('policies', () => {
  test('there and back', () => {
    expect(OVERLAP.map((one) => fromOverlap(toOverlap(one)))).toEqual([...OVERLAP]);
    expect(toOverlap('buffer-one')).toBe('BUFFER_ONE');
    expect(fromOverlap(undefined)).toBe('skip');
  });

  test.each<[unknown, string]>([
    [{ overlap: 'maybe' }, 'overlap'],
    [{ catchupWindow: '5s' }, 'catchupWindow: at least 10 s'],
    [{ remainingRuns: -1 }, 'remainingRuns'],
    [{ remainingRuns: 1.5 }, 'remainingRuns'],
    [{ pauseOnFailure: 'yes' }, 'pauseOnFailure'],
  ])('%j is refused', (given, message) => {
    expect(() => checkPolicy(given)).toThrow(refused(message));
  });

  test('other options', () => {
    expect(() => checkRest({ paused: 1 })).toThrow(refused('paused'));
    expect(() => checkRest({ memo: 'x' })).toThrow(refused('memo'));
    expect(() => checkRest({ memo: { n: 1n } })).toThrow(refused('no JSON form'));
    expect(() => checkRest({ every: 1 })).toThrow(refused('every: a schedule has no such option'));
    expect(partsOf({ cron: 'x', overlap: 'skip', agent: 'a', jitter: undefined })).toEqual({
      times: { cron: 'x' },
      policy: { overlap: 'skip' },
      rest: { agent: 'a' },
    });
  });

  test('reasons and periods', () => {
    expect(checkReason('x'.repeat(500))).toHaveLength(500);
    expect(() => checkReason('漢'.repeat(200))).toThrow(refused('500 bytes'));
    expect(() => checkPeriod('2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z')).toThrow(refused('the end is not after'));
    expect(() => checkPeriod('soon', '2026-01-01T00:00:00Z')).toThrow(refused('from: "soon" is not a moment'));
  });

  test.each(['', ' ', 'a b', '../a', 'a/b', '-a', 'x'.repeat(161), 'a\u0000', 'ä', null, 7])('%j is no id', (id) => {
    expect(() => checkScheduleId(id as string)).toThrow(refused('not a schedule id'));
  });
});

describe('what is started', () => {
  test('an agent: as a start of the client, but for the reuse of ids', () => {
    const action = actionOf('nightly', { agent: 'writer', input: 'go', budgetUsd: 2, tenant: 't' }, 'queue');
    const input = startInput('writer', { input: 'go', limits: { costUsd: 2 }, tenant: 't' });
    const { workflowIdReusePolicy: _, ...start } = workflowStart('nightly', 'queue', input);
    expect(action).toEqual({ type: 'startWorkflow', workflowType: 'agentSession', ...start });
    expect(action.memo).toEqual({ holdfastRequest: requestDigest(input) });
  });

  test.each<[object, string]>([
    [{ agent: 'Writer', input: 'go' }, 'not an agent'],
    [{ agent: 'writer', input: '' }, 'the input is empty'],
    [{ agent: 'writer', input: 'go', colour: 'red' }, 'colour'],
    [{ agent: 'writer', input: 'go', chat: {} }, 'chat'],
    [{ agent: 'writer', input: 'go', taskQueue: 'a\nb' }, 'taskQueue'],
    [{ workflow: '' }, 'not a workflow type'],
    [{ workflow: 'agentSession' }, 'started as an agent'],
    [{ workflow: 'w', args: 'x' }, 'a list'],
    [{ workflow: 'w', args: [1n] }, 'no JSON form'],
    [{ workflow: 'w', agent: 'writer' }, 'agent: not for a schedule of a workflow'],
  ])('%j is refused', (action, message) => {
    expect(() => actionOf('x', action as never, 'queue')).toThrow(refused(message));
  });
});

test('remarks', () => {
  const next = [new Date()];
  const fine = {
    times: { every: [{ every: 60_000, offset: 0 }] },
    next,
    paused: false,
    remainingRuns: null,
    overlap: 'skip',
    pauseOnFailure: true,
  } as const;
  const remarks = (changes: object) =>
    remarksOn({ ...fine, times: { ...fine.times, every: [...fine.times.every] }, ...changes });
  expect(remarks({})).toEqual([]);
  expect(remarks({ paused: true })).toEqual([expect.stringContaining('paused')]);
  expect(remarks({ remainingRuns: 0, next: [] })).toEqual([expect.stringContaining('No runs are left')]);
  expect(remarks({ next: [] })).toEqual([expect.stringContaining('no further time')]);
  expect(remarks({ overlap: 'allow-all' })).toEqual([expect.stringContaining('a failure pauses nothing')]);
  expect(remarks({ times: { every: [{ every: 60_000, offset: 0 }], jitter: 61_000 } })).toEqual([
    expect.stringContaining('1 minute 1 second'),
  ]);
});

describe('a start that waits', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  const none = { startDelay: undefined, startAt: undefined };
  test('for a time, or until a moment', () => {
    expect(delayOf(none, now)).toEqual({});
    expect(delayOf({ ...none, startDelay: '10m' }, now)).toEqual({ startDelay: 600_000 });
    expect(delayOf({ ...none, startAt: '2026-11-21T14:00:00+01:00' }, now)).toEqual({ startDelay: 3_600_000 });
    expect(delayOf({ ...none, startAt: new Date(now + 1) }, now)).toEqual({ startDelay: 1 });
  });

  test.each<[object, string]>([
    [{ startDelay: '1m', startAt: new Date(now + 1) }, 'both'],
    [{ startDelay: 'soon' }, 'startDelay'],
    [{ startDelay: -5 }, 'startDelay'],
    [{ startAt: new Date(now) }, 'has passed'],
    [{ startAt: 'noon' }, 'startAt: "noon"'],
  ])('%j is refused', (given, message) => {
    expect(() => delayOf({ ...none, ...given }, now)).toThrow(refused(message));
  });
});
