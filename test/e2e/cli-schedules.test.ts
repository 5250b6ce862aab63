import { setTimeout as sleep } from 'node:timers/promises';
import { main } from '../../apps/cli/program';
import type { ScheduleDescription } from '../../client';
import { useCliWithin } from './cli-within';

/** The commands of schedules, inside this process, beside `holdfast dev`. */

const within = useCliWithin('cli-schedules', { HOLDFAST_USER: 'ada', TZ: 'UTC' });
const { cli, written } = within;
let dev: Promise<number>;

async function json(...args: string[]): Promise<ScheduleDescription> {
  const { code, stdout, stderr } = await cli(...args, '--json');
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

async function until<T>(look: () => Promise<T>, right: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const value = await look();
    if (right(value)) return value;
    if (Date.now() > deadline) throw new Error(`never became right: ${JSON.stringify(value)}`);
    await sleep(100);
  }
}

test('without a server they say so', async () => {
  for (const args of [['list'], ['show', 'x'], ['pause', 'x'], ['create', 'x', 'assistant', 'go', '--every', '1h']]) {
    expect(await cli('schedule', ...args)).toMatchObject({
      code: 7,
      stderr: expect.stringContaining('Server.Unreachable'),
    });
  }
}, 60_000);

describe('beside dev', () => {
  beforeAll(async () => {
    dev = main(['node', 'holdfast', 'dev', '--project', within.folder, '--grace', '1s']);
    await until(
      async () => written.stdout + written.stderr,
      (text) => text.includes('Ready. Ctrl-C stops.'),
    );
  }, 90_000);

  afterAll(async () => {
    process.emit('SIGINT', 'SIGINT');
    await dev;
  }, 60_000);

  test('create, list, show, trigger, pause, resume, edit, backfill, delete', async () => {
    const created = await cli(
      'schedule',
      'create',
      'sums',
      'assistant',
      'What is 3*4?',
      '--cron',
      '0 9 * * 1-5',
      '--time-zone',
      'Europe/Berlin',
      '--overlap',
      'buffer-one',
      '--catch-up',
      '1h',
      '--runs',
      '5',
      '--budget',
      '0.5',
      '--note',
      'sums',
    );
    expect(created).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /sums · active[\s\S]*at 09:00, Monday to Friday \(Europe\/Berlin\)[\s\S]*created by ada, .*: sums/,
      ),
    });
    expect((await cli('schedule', 'list')).stdout).toMatch(/sums +assistant +\d{4}-/);
    const { code, stdout } = await cli('schedule', 'trigger', 'sums', '--reason', 'now');
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^sums-\d{4}-.*Z\n$/) });
    const shown = await until(
      () => json('schedule', 'show', 'sums'),
      ({ recent }) => recent[0]?.status === 'completed',
    );
    expect(shown).toMatchObject({
      note: expect.stringMatching(/^triggered by ada, .*: now$/),
      counts: { taken: 1 },
      session: { limits: { costUsd: 0.5 } },
    });
    expect((await cli('runs', 'show', stdout.trim())).stdout).toContain('3*4 = 12');
    expect((await cli('schedule', 'show', 'sums')).stdout).toMatch(/sums-\S+ +completed/);

    expect(await cli('schedule', 'pause', 'sums', '--reason', 'holidays')).toMatchObject({
      code: 0,
      stdout: 'sums is paused\n',
    });
    expect((await cli('schedule', 'list')).stdout).toMatch(/paused.*paused by ada, .*: holidays/);
    expect(await json('schedule', 'resume', 'sums')).toEqual({ id: 'sums', action: 'resume' });
    const edited = await json(
      'schedule',
      'edit',
      'sums',
      '--every',
      '1h',
      '--jitter',
      '2h',
      '--clear',
      'runs',
      '--until',
      '2030-06-01T12:00',
      '--input',
      'What is 5*5?',
      '--reason',
      'more often',
    );
    expect(edited).toMatchObject({
      times: {
        every: [{ every: 3_600_000, offset: 0 }],
        timeZone: 'Europe/Berlin',
        endAt: '2030-06-01T12:00:00.000Z',
        jitter: 7_200_000,
      },
      remainingRuns: null,
      overlap: 'buffer-one',
      session: { input: 'What is 5*5?', limits: { costUsd: 0.5 } },
      remarks: [expect.stringContaining('longer than the interval')],
    });
    await cli('schedule', 'edit', 'sums', '--clear', 'jitter');
    expect(
      (await cli('schedule', 'backfill', 'sums', '--from', '2026-11-20', '--to', '2026-11-20T01:30')).stdout,
    ).toContain('2026-11-20T01:30:00.000Z');
    await until(
      () => json('schedule', 'show', 'sums'),
      ({ counts }) => counts.taken === 3,
    );
    expect((await cli('schedule', 'delete', 'sums')).stdout).toBe('sums is deleted\n');
    expect(await cli('schedule', 'show', 'sums')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Schedule.Unknown'),
    });
    expect((await cli('schedule', 'list')).stdout).toBe('no schedules\n');
  }, 90_000);

  test('a workflow of the user’s own', async () => {
    const made = await json(
      'schedule',
      'create',
      'own',
      '--workflow',
      'report',
      '--args',
      '["a", {"b": 1}]',
      '--task-queue',
      'theirs',
      '--every',
      '1d',
      '--paused',
    );
    expect(made).toMatchObject({
      workflow: 'report',
      args: ['a', { b: 1 }],
      taskQueue: 'theirs',
      paused: true,
      agent: null,
    });
    expect((await cli('schedule', 'create', 'own', '--workflow', 'report', '--every', '1d')).stderr).toContain(
      'Schedule.Exists',
    );
    await cli('schedule', 'delete', 'own');
  }, 60_000);

  test.each<[string[], RegExp]>([
    [['--cron', '61 * * * *'], /cron.*minute: "61" is not in 0 to 59/],
    [['--cron', '0 9 * * 1-5', '--time-zone', 'Mars/Base'], /"Mars\/Base" is not a time zone/],
    [['--every', 'soon'], /not a positive duration/],
    [['--calendar', '{hour: 9}'], /--calendar: not JSON/],
    [['--calendar', '{"hour": 25}'], /calendar.*25 is not in 0 to 23/],
    [['--every', '1h', '--from', '2026-12-02', '--until', '2026-12-01'], /the end is not after the start/],
    [['--every', '1h', '--from', '2026-13-02'], /--from: not a moment/],
    [['--every', '1h', '--runs', '-1'], /whole number/],
    [['--every', '1h', '--overlap', 'maybe'], /Allowed choices/],
    [[], /one of cron, every and calendar is needed/],
  ])('refused: %j', async (flags, message) => {
    expect(await cli('schedule', 'create', 'bad', 'assistant', 'go', ...flags)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(message),
    });
  });

  test.each([['../x'], ['a b'], ['x'.repeat(161)], ['-'], ['a\u001b[2J']])('not an id: %j', async (id) => {
    const { code, stderr } = await cli('schedule', 'create', '--every', '1h', '--', id, 'assistant', 'go');
    expect(code).toBe(2);
    expect(stderr).not.toContain('\u001b');
  });

  test('a run that begins later', async () => {
    const { code, stdout, stderr } = await cli('run', 'assistant', 'What is 7*8?', '--id', 'later', '--after', '1s');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'later\n' });
    expect(stderr).toContain('runs watch later');
    expect((await cli('runs', 'watch', 'later')).stdout).toContain('56');
    expect(await cli('run', 'assistant', 'x', '--at', '2020-01-01')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('has passed'),
    });
    expect(await cli('run', 'assistant', 'x', '--after', '1s', '--at', '2030-01-01')).toMatchObject({ code: 2 });
    expect(await cli('run', 'assistant', 'x', '--id', 'far', '--at', '2030-01-01T09:00')).toMatchObject({ code: 0 });
    expect((await cli('runs', 'show', 'far')).stdout).toMatch(/far · running[\s\S]*begins +2030-01-01 09:00:00/);
    expect((await cli('runs', 'stop', 'far')).stdout).toBe('far stops\n');
    await until(
      async () => (await cli('runs', 'show', 'far')).stdout,
      (text) => /far · cancelled/.test(text),
    );
  }, 60_000);
});
