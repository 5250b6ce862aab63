import fc from 'fast-check';
import { nonNegativeInteger } from '../../../apps/cli/flags';
import { instantOf } from '../../../apps/cli/instant';
import { jsonFlag, sessionOf, timesOf } from '../../../apps/cli/schedule-flags';
import { scheduleTable, scheduleText, triggeredText } from '../../../apps/cli/schedule-text';
import { styleFor } from '../../../apps/cli/style';
import type { ScheduleDescription } from '../../../client';

const plain = styleFor({ isTTY: false });

describe('moments', () => {
  test.each<[string, string | undefined, string]>([
    ['2026-12-01T09:00', 'Europe/Berlin', '2026-12-01T08:00:00.000Z'],
    ['2026-07-01T09:00', 'Europe/Berlin', '2026-07-01T07:00:00.000Z'],
    ['2026-07-01', 'America/New_York', '2026-07-01T04:00:00.000Z'],
    ['2026-12-01 09:00:30', 'Asia/Kolkata', '2026-12-01T03:30:30.000Z'],
    ['2026-12-01T09:00Z', 'Asia/Kolkata', '2026-12-01T09:00:00.000Z'],
    ['2026-12-01T09:00+02:00', undefined, '2026-12-01T07:00:00.000Z'],
    ['2026-03-29T03:00', 'Europe/Berlin', '2026-03-29T01:00:00.000Z'],
    ['2026-10-25T03:00', 'Europe/Berlin', '2026-10-25T02:00:00.000Z'],
  ])('%s in %s', (text, zone, moment) => {
    expect(instantOf(text, '--at', zone).toISOString()).toBe(moment);
  });

  test.each(['', 'soon', '2026-02-30', '2026-13-01', '2026-12-01T24:00', '2026-12-01T09:60', '09:00', '1764579600'])(
    'not %j',
    (text) => {
      expect(() => instantOf(text, '--at')).toThrow(
        expect.objectContaining({ code: 'Input.Invalid', message: expect.stringContaining('--at: not a moment') }),
      );
    },
  );

  test('without a zone: as this machine reads it', () => {
    const moments = fc.date({ min: new Date('2000-01-01'), max: new Date('2090-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(moments, (moment) => {
        const text = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}T12:00`;
        expect(instantOf(text, '--at')).toEqual(
          new Date(moment.getFullYear(), moment.getMonth(), moment.getDate(), 12),
        );
      }),
    );
  });
});

const two = (value: number) => String(value).padStart(2, '0');

test('flags become options, and only those that are given', () => {
  expect(timesOf({})).toEqual({});
  expect(sessionOf({})).toEqual({});
  expect(
    timesOf({
      cron: ['a'],
      calendar: ['{"hour":9}'],
      timeZone: 'Europe/Berlin',
      from: '2026-12-01',
      runs: 0,
      catchUp: '1h',
      pauseOnFailure: false,
      paused: true,
    }),
  ).toEqual({
    cron: ['a'],
    calendar: [{ hour: 9 }],
    timeZone: 'Europe/Berlin',
    startAt: new Date('2026-11-30T23:00:00Z'),
    remainingRuns: 0,
    catchupWindow: '1h',
    pauseOnFailure: false,
    paused: true,
  });
  expect(sessionOf({ budget: 1, model: 'm', tenant: 't', taskQueue: 'q' })).toEqual({
    budgetUsd: 1,
    model: 'm',
    tenant: 't',
    taskQueue: 'q',
  });
  expect(timesOf({ timeZone: 'Nowhere', until: '2026-12-01T00:00Z' }).timeZone).toBe('Nowhere');
  expect(() => jsonFlag('{', '--args')).toThrow('--args: not JSON');
  expect([nonNegativeInteger('0'), nonNegativeInteger('12')]).toEqual([0, 12]);
  for (const text of ['-1', '1.5', '', 'x']) expect(() => nonNegativeInteger(text)).toThrow('0 or above');
});

const time = new Date(2026, 10, 21, 9, 5, 7);
const schedule: ScheduleDescription = {
  id: 'nightly',
  agent: 'writer',
  workflow: 'agentSession',
  times: { cron: ['0 9 * * *'] },
  words: 'at 09:00 (UTC)',
  paused: false,
  note: 'created by ada',
  next: [time],
  createdBy: 'ada',
  createdAt: time,
  updatedAt: null,
  taskQueue: 'holdfast',
  session: { agent: 'writer', input: 'go' },
  args: [],
  overlap: 'skip',
  catchupWindow: 3_600_000,
  pauseOnFailure: true,
  remainingRuns: 1,
  recent: [
    {
      id: 'nightly-1',
      scheduledAt: time,
      startedAt: time,
      closedAt: new Date(time.getTime() + 2_000),
      status: 'completed',
      costUsd: 0.5,
    },
  ],
  running: ['nightly-2'],
  counts: { taken: 2, missed: 1, skipped: 3, buffered: 4, dropped: 5 },
  memo: {},
  remarks: ['It rains.'],
};

test('one schedule as text', () => {
  expect(scheduleText(schedule, plain).split('\n')).toEqual([
    'nightly · active',
    '  starts   writer: go',
    '  when     at 09:00 (UTC)',
    '  next     2026-11-21 09:05:07',
    '  policy   overlap skip · catches up 1 hour · pauses on failure · 1 run left',
    '  counts   2 started · 1 missed · 3 skipped · 4 waiting · 5 dropped',
    '  note     created by ada',
    '  made     2026-11-21 09:05:07 by ada',
    '  running  nightly-2',
    '  remark   It rains.',
    '',
    'run        status     cost   due                  took',
    'nightly-1  completed  $0.50  2026-11-21 09:05:07  2.0 s',
  ]);
});

test('a schedule of little has few rows', () => {
  const bare = {
    ...schedule,
    paused: true,
    pauseOnFailure: false,
    remainingRuns: null,
    note: null,
    createdBy: null,
    running: [],
    remarks: [],
    next: [time, new Date(time.getTime() + 86_400_000)],
    counts: { taken: 0, missed: 0, skipped: 0, buffered: 0, dropped: 0 },
    recent: [],
    session: { agent: 'writer', input: undefined },
  };
  expect(scheduleText(bare, plain).split('\n')).toEqual([
    'nightly · paused',
    '  starts   writer: ',
    '  when     at 09:00 (UTC)',
    '  next     2026-11-21 09:05:07',
    '           2026-11-22 09:05:07',
    '  policy   overlap skip · catches up 1 hour',
    '  counts   0 started · 0 missed · 0 skipped · 0 waiting',
    '  made     2026-11-21 09:05:07',
  ]);
});

test('a run of it that goes on has neither cost nor end', () => {
  const [run] = schedule.recent;
  const going = { ...schedule, recent: [{ ...run, status: 'running', costUsd: null, closedAt: null }] };
  expect(
    scheduleText(going as ScheduleDescription, plain)
      .split('\n')
      .at(-1),
  ).toBe('nightly-1  running        2026-11-21 09:05:07');
});

test('what others wrote drives no terminal', () => {
  const evil = '\u001b[2J\u202e';
  const own = {
    ...schedule,
    session: null,
    workflow: evil,
    args: [evil],
    taskQueue: evil,
    note: evil,
    createdBy: evil,
    id: evil,
    words: evil,
    running: [evil],
  };
  for (const text of [
    scheduleText(own, plain),
    scheduleText({ ...schedule, session: { agent: evil, input: { a: evil } } }, plain),
    scheduleTable([own], plain),
  ]) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  }
});

test('schedules, one a line', () => {
  const paused = { ...schedule, id: 'p', paused: true, agent: null, workflow: 'report', note: null };
  expect(scheduleTable([schedule, paused, { ...schedule, id: 'n', next: [] }], plain).split('\n')).toEqual([
    'schedule  starts  next                 when            note',
    'nightly   writer  2026-11-21 09:05:07  at 09:00 (UTC)  created by ada',
    'p         report  paused               at 09:00 (UTC)',
    'n         writer  never                at 09:00 (UTC)  created by ada',
  ]);
  expect(scheduleTable([], plain)).toBe('no schedules');
});

test('what came of a trigger', () => {
  expect(triggeredText('n', { fate: 'started', run: 'n-1' })).toBe('n-1');
  expect(triggeredText('n', { fate: 'started', run: null })).toBe('n started a run');
  expect(triggeredText('n', { fate: 'waits', run: null })).toContain('waits for the end');
  expect(triggeredText('n', { fate: 'skipped', run: null })).toContain('--overlap allow-all');
  expect(triggeredText('n', { fate: 'pending', run: null })).toContain('schedule show n');
});
