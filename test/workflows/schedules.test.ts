import { Client } from '@temporalio/client';
import fc from 'fast-check';
import type { ScheduleChanges, ScheduleDescription, ScheduleSummary, ScheduleTimesInput } from '../../client';
import { HoldfastClient } from '../../client';
import type { AgentDefinition } from '../../protocol/agent';
import { cronProblem } from '../../protocol/cron';
import { scheduleTimesSchema } from '../../protocol/schedule';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { aborted } from '../fixtures/test-tools';
import { useTemporal } from '../setup/test-worker';

const temporal = useTemporal('schedules');
const WORKFLOWS = require.resolve('../fixtures/user-workflows');

const agent: AgentDefinition = { name: 'tester', instructions: 'Test.', model: 'scripted/steps' };

let count = 0;
const made: string[] = [];
/** An id of its own for each schedule; all of them are deleted in the end. */
function fresh(name: string): string {
  const id = `${name}-${temporal.taskQueue}-${++count}`;
  made.push(id);
  return id;
}

const schedules = () => temporal.holdfast.schedules;
const hourly = { every: '1h' };
const own = { workflow: 'echo' };

function defined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

/** What is known of a schedule once it is as expected. Starts come by the clock, so there is time for them. */
async function settled(id: string, expected: (schedule: ScheduleDescription) => void): Promise<ScheduleDescription> {
  for (const until = Date.now() + 40_000; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const schedule = await schedules().describe(id);
    try {
      expected(schedule);
      return schedule;
    } catch (error) {
      if (Date.now() > until) throw error;
    }
  }
}

afterAll(async () => {
  for (const id of made)
    await temporal.client.schedule
      .getHandle(id)
      .delete()
      .catch(() => undefined);
});

function during<T>(work: () => Promise<T>, step: ScriptedStep = { text: 'done' }): Promise<T> {
  const contents = { agents: [agent], providers: [scriptedModel(Array.from({ length: 40 }, () => step))] };
  return temporal.during({ ...contents, workflowsPath: WORKFLOWS }, work);
}

/** A field of cron within its bounds. */
function cronField(min: number, max: number): fc.Arbitrary<string> {
  const pair = fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
  const range = pair.map(([one, other]) => `${Math.min(one, other)}-${Math.max(one, other)}`);
  const base = fc.oneof(range, fc.constant('*'), fc.integer({ min, max }).map(String));
  const step = fc.integer({ min: 1, max: 9 });
  const item = fc.oneof(
    base,
    fc.tuple(base, step).map((parts) => parts.join('/')),
  );
  return fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(','));
}

/** An answer that comes when the test says so. */
function held() {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const step: ScriptedStep = async (_request, { signal }) => {
    await Promise.race([released, aborted(signal)]);
    return { text: 'late' };
  };
  return { step, release };
}

test('fires until its runs are used up, each run like one that was started', async () => {
  const id = fresh('fires');
  await during(async () => {
    await schedules().create(
      id,
      { agent: 'tester', input: 'go', tenant: 't1' },
      { every: '1s', remainingRuns: 2, overlap: 'allow-all' },
    );
    const done = await settled(id, ({ remainingRuns, recent }) => {
      expect(remainingRuns).toBe(0);
      expect(recent.map(({ status }) => status)).toEqual(['completed', 'completed']);
    });
    expect(done).toMatchObject({ counts: { taken: 2, missed: 0, skipped: 0 }, running: [], next: [] });
    expect(done.remarks).toEqual(['No runs are left: nothing starts by itself.']);
    const run = done.recent[0]?.id ?? '';
    expect(run).toMatch(new RegExp(`^${id}-\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$`));
    const started = await temporal.holdfast.start('tester', { id: `${id}-own`, input: 'go', tenant: 't1' });
    const [ours, plain] = await Promise.all(
      [run, started.id].map((one) => temporal.client.workflow.getHandle(one).describe()),
    );
    expect(ours?.memo).toEqual(plain?.memo);
    expect(ours?.searchAttributes).toMatchObject({
      HoldfastAgent: ['tester'],
      HoldfastTenant: ['t1'],
      TemporalScheduledById: [id],
    });
    expect(await ours?.staticSummary()).toBe(await plain?.staticSummary());
    expect(await temporal.holdfast.get(run).result()).toMatchObject({ output: 'done', stopReason: 'completed' });
  });
});

describe('what is asked is what is described', () => {
  test.each<[ScheduleTimesInput, string]>([
    [{ cron: '0 9 * * 1-5', timeZone: 'europe/berlin' }, 'at 09:00, Monday to Friday (Europe/Berlin)'],
    [{ cron: ['@daily', '30 8-18/2 1,15 jan,Feb mon 2030'] }, '(UTC)'],
    [{ cron: '15 30 6 * * fri-7 *' }, 'at 06:30:15, Sunday, Friday to Saturday (UTC)'],
    [{ cron: '*/5 * * * *', jitter: '90s' }, 'every 5 minutes of every hour (UTC) up to 1 minute 30 seconds later'],
    [{ every: '90m' }, 'every 1 hour 30 minutes'],
    [{ every: [{ every: '1d', offset: '3h' }, '2d'] }, 'every 1 day + 3 hours; and every 2 days'],
    [
      {
        calendar: { hour: [9, 17], dayOfWeek: { start: 'monday', end: 'Fri' }, comment: 'office' },
        except: { month: 'December', dayOfMonth: { start: 24, end: 26 } },
        startAt: new Date('2026-12-01T00:00:00Z'),
        endAt: '2027-12-01T00:00:00+01:00',
      },
      'at 09:00, 17:00, Monday to Friday except on day 24 to 26 of the month, in December (UTC) from 2026-12-01T00:00:00.000Z until 2027-11-30T23:00:00.000Z',
    ],
  ])('%j', async (times, words) => {
    const id = fresh('asked');
    const policy = { overlap: 'buffer-one', catchupWindow: '1h', pauseOnFailure: true, remainingRuns: 7 } as const;
    const made = await schedules().create(id, own, { ...times, ...policy, note: 'a test', memo: { a: [1] } });
    expect(made.times).toEqual(scheduleTimesSchema.parse(times));
    expect(made.words).toContain(words);
    expect(made).toMatchObject({ ...policy, catchupWindow: 3_600_000, memo: { a: [1] }, paused: false, remarks: [] });
    expect(made.note).toMatch(/^created by .+, \d{4}-.*Z: a test$/);
    expect(made.next).toHaveLength(5);
    expect(await schedules().describe(id)).toEqual(made);
  });

  test('cron is compiled by the server to what it says', async () => {
    const id = fresh('berlin');
    const { next } = await schedules().create(id, own, { cron: '0 9 * * 1-5', timeZone: 'Europe/Berlin' });
    const local = next.map((time) =>
      time.toLocaleString('en-GB', {
        timeZone: 'Europe/Berlin',
        weekday: 'short',
        timeStyle: undefined,
        hour: '2-digit',
        minute: '2-digit',
      }),
    );
    expect(local.every((text) => /^(Mon|Tue|Wed|Thu|Fri),? 09:00$/.test(text))).toBe(true);
  });
});

test.each([
  [
    'an hour that is left out has no start',
    '2027-03-27T12:00:00Z',
    ['2027-03-29T00:30:00.000Z', '2027-03-30T00:30:00.000Z'],
  ],
  [
    'an hour that comes twice has one, the second time',
    '2027-10-30T12:00:00Z',
    ['2027-10-31T01:30:00.000Z', '2027-11-01T01:30:00.000Z'],
  ],
])('when clocks change, %s', async (_what, startAt, expected) => {
  const { next } = await schedules().create(fresh('clocks'), own, {
    cron: '30 2 * * *',
    timeZone: 'Europe/Berlin',
    startAt,
  });
  expect(next.slice(0, 2).map((time) => time.toISOString())).toEqual(expected);
});

test('all fields of cron must match, day of month and day of week too', async () => {
  const { next } = await schedules().create(fresh('both-days'), own, {
    cron: '0 0 13 * fri',
    startAt: '2026-12-01T00:00:00Z',
  });
  expect(next.slice(0, 2).map((time) => time.toISOString().slice(0, 10))).toEqual(['2027-08-13', '2028-10-13']);
});

test('listed, also by agent', async () => {
  const [mine, other] = [fresh('mine'), fresh('other')];
  await schedules().create(mine, { agent: 'lister', input: 'go' }, { every: '1h', paused: true });
  await schedules().create(other, own, hourly);
  await eventually(async () => {
    const all = new Map<string, ScheduleSummary>();
    for await (const one of schedules().list()) all.set(one.id, one);
    expect(all.get(mine)).toMatchObject({
      agent: 'lister',
      workflow: 'agentSession',
      paused: true,
      words: 'every 1 hour',
    });
    expect(all.get(other)).toMatchObject({
      agent: null,
      workflow: 'echo',
      paused: false,
      times: { every: [{ every: 3_600_000, offset: 0 }] },
    });
    const ids: string[] = [];
    for await (const { id } of schedules().list({ agent: 'lister' })) ids.push(id);
    expect(ids).toEqual([mine]);
  });
});

test('a workflow of the user’s own, triggered while paused; the note says why it is paused', async () => {
  const id = fresh('own');
  await during(async () => {
    await schedules().create(id, { workflow: 'echo', args: ['a', { b: 1 }] }, { every: '1h', paused: true });
    await schedules().pause(id, 'not yet');
    await schedules().trigger(id, { reason: 'to see it' });
    const { recent, note, counts } = await settled(id, ({ recent: [run] }) => expect(run?.status).toBe('completed'));
    expect(await temporal.client.workflow.getHandle(recent[0]?.id ?? '').result()).toEqual(['a', { b: 1 }]);
    expect(note).toMatch(/^paused by .*: not yet$/);
    expect(counts.taken).toBe(1);
    await schedules().resume(id, 'now');
    await schedules().trigger(id, { reason: 'again' });
    await settled(id, (schedule) => {
      expect(schedule).toMatchObject({
        paused: false,
        counts: { taken: 2 },
        note: expect.stringMatching(/^triggered by .*: again$/),
      });
    });
  });
});

test('paused, nothing starts; resumed, it goes on without the times that passed', async () => {
  const id = fresh('pause');
  await during(async () => {
    await schedules().create(id, own, { every: '1s', paused: true, overlap: 'allow-all' });
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await schedules().describe(id)).toMatchObject({
      counts: { taken: 0 },
      remarks: [expect.stringContaining('paused')],
    });
    await schedules().resume(id, 'go');
    const { note } = await settled(id, ({ counts }) => expect(counts.taken).toBeGreaterThan(0));
    expect(note).toMatch(/^resumed by .*: go$/);
    await schedules().pause(id);
    expect((await schedules().describe(id)).counts.taken).toBeLessThan(4);
  });
});

test('a backfill starts what would have been, one after the other', async () => {
  const id = fresh('backfill');
  await during(async () => {
    await schedules().create(id, own, hourly);
    await schedules().backfill(id, { from: '2026-11-20T00:00:00Z', to: '2026-11-20T02:30:00Z', reason: 'outage' });
    const { recent, note } = await settled(id, (schedule) => {
      expect(schedule.counts).toMatchObject({ taken: 3, buffered: 0 });
    });
    expect(recent.map((run) => run.id)).toEqual(['02', '01', '00'].map((hour) => `${id}-2026-11-20T${hour}:00:00Z`));
    expect(note).toMatch(/^backfilled by .*: outage$/);
  });
});

test('while one runs, starts are skipped, and counted', async () => {
  const id = fresh('skip');
  const { step, release } = held();
  await during(async () => {
    await schedules().create(id, { agent: 'tester', input: 'go' }, { every: '1s', overlap: 'skip' });
    const { running, counts } = await settled(id, (schedule) => expect(schedule.counts.skipped).toBeGreaterThan(1));
    expect(counts.taken).toBe(1);
    expect(running).toEqual([expect.stringContaining(`${id}-`)]);
    await schedules().pause(id);
    release();
    await settled(id, (schedule) => expect(schedule).toMatchObject({ running: [], recent: [{ status: 'completed' }] }));
  }, step);
});

test('with cancel-other, the run before is cancelled and its result says so', async () => {
  const id = fresh('cancel');
  const { step, release } = held();
  await during(async () => {
    await schedules().create(id, { agent: 'tester', input: 'go' }, { every: '1h', overlap: 'cancel-other' });
    expect(await schedules().trigger(id)).toEqual({ fate: 'started', run: expect.stringContaining(`${id}-`) });
    await settled(id, ({ running }) => expect(running).toHaveLength(1));
    expect(await schedules().trigger(id, { overlap: 'skip' })).toEqual({ fate: 'skipped', run: null });
    expect(await schedules().trigger(id, { overlap: 'buffer-one' })).toEqual({ fate: 'waits', run: null });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await schedules().trigger(id);
    await settled(id, ({ recent }) => expect(recent.map(({ status }) => status)).toEqual(['running', 'cancelled']));
    release();
    await settled(id, ({ running }) => expect(running).toEqual([]));
  }, step);
});

test('a run that fails pauses it, and the note says which', async () => {
  const id = fresh('failing');
  await during(async () => {
    await schedules().create(id, { agent: 'nobody', input: 'go' }, { every: '1h', pauseOnFailure: true });
    await schedules().trigger(id);
    const { note, recent } = await settled(id, ({ paused }) => expect(paused).toBe(true));
    expect(note).toContain(`paused due to workflow failure: ${recent[0]?.id}`);
    expect(recent[0]).toMatchObject({ status: 'failed' });
  });
});

describe('an edit', () => {
  const session = {
    agent: 'tester',
    input: 'go',
    tenant: 't1',
    limits: { turns: 3, costUsd: 1 },
    mounts: [{ name: 'd', path: '/d' }],
  };
  const times = { cron: '0 9 * * *', timeZone: 'Europe/Berlin', jitter: '1m', endAt: '2030-01-01T00:00:00Z' };
  const policy = { overlap: 'buffer-all', catchupWindow: '1h', pauseOnFailure: true, remainingRuns: 9 } as const;

  test.each<[string, ScheduleChanges, object]>([
    ['of the jitter', { jitter: '2m' }, { times: { jitter: 120_000 } }],
    ['that takes the end away', { endAt: null }, { times: { endAt: undefined } }],
    ['of the time', { cron: '0 10 * * *' }, { times: { cron: ['0 10 * * *'] } }],
    ['to an interval', { every: '1h' }, { times: { cron: undefined, every: [{ every: 3_600_000, offset: 0 }] } }],
    ['of the overlap', { overlap: 'skip' }, { overlap: 'skip' }],
    ['that takes the limit away', { remainingRuns: null }, { remainingRuns: null }],
    ['that pauses', { paused: true }, { paused: true }],
    ['of the input', { input: 'other' }, { session: { input: 'other' } }],
    ['of a budget', { budgetUsd: 2 }, { session: { limits: { turns: 3, costUsd: 2 } } }],
    [
      'of the agent',
      { agent: 'writer', tenant: null },
      { agent: 'writer', session: { agent: 'writer', tenant: undefined } },
    ],
    ['of nothing', {}, {}],
  ])('%s keeps the rest', async (_what, changes, expected) => {
    const id = fresh('edit');
    const {
      note: _,
      updatedAt: __,
      next: ___,
      remarks: ____,
      words: _____,
      ...before
    } = await schedules().create(id, session, { ...times, ...policy });
    const after = await schedules().update(id, changes, 'a test');
    const { times: changedTimes, session: changedSession, ...others } = expected as Partial<ScheduleDescription>;
    const merged = {
      ...before,
      ...others,
      times: defined({ ...before.times, ...changedTimes }),
      session: defined({ ...before.session, ...changedSession }),
    };
    expect(after).toMatchObject(merged);
    expect(Object.keys(after.times).sort()).toEqual(Object.keys(merged.times).sort());
    expect(after.session).toEqual(merged.session);
    expect(after.note).toMatch(/^edited \(\w+\) by .*: a test$/);
    expect(after.updatedAt).toBeInstanceOf(Date);
  });

  test('to another workflow and back', async () => {
    const id = fresh('kinds');
    await schedules().create(id, session, { every: '1h' });
    const other = await schedules().update(id, { workflow: 'echo', args: [1] });
    expect(other).toMatchObject({
      agent: null,
      session: null,
      workflow: 'echo',
      args: [1],
      taskQueue: temporal.taskQueue,
    });
    expect((await schedules().update(id, { args: [2] })).args).toEqual([2]);
    const back = await schedules().update(id, { agent: 'tester', input: 'x' });
    expect(back).toMatchObject({ agent: 'tester', session: { agent: 'tester', input: 'x' }, args: [] });
  });

  test.each<[ScheduleChanges, string]>([
    [{ input: null }, 'the input is empty'],
    [{ every: null, cron: null }, 'one of cron, every and calendar'],
    [{ startAt: '2031-01-01T00:00:00Z' }, 'the end is not after the start'],
    [{ agent: 'No Agent' }, 'not an agent'],
    [{ colour: 'red' } as ScheduleChanges, 'colour'],
  ])('%j is refused, and nothing changes', async (changes, message) => {
    const id = fresh('refused');
    const before = await schedules().create(id, session, { ...times, ...policy });
    await expect(schedules().update(id, changes)).rejects.toMatchObject({
      code: 'Input.Invalid',
      message: expect.stringContaining(message),
    });
    expect(await schedules().describe(id)).toEqual(before);
  });

  /** A client in whose way somebody comes, between its look at a schedule and its change. */
  function disturbed(disturb: () => Promise<unknown>) {
    const { connection } = temporal.client;
    const { workflowService } = connection;
    const updateSchedule = async (request: Parameters<typeof workflowService.updateSchedule>[0]) => {
      await disturb();
      return workflowService.updateSchedule(request);
    };
    const service = Object.create(workflowService, { updateSchedule: { value: updateSchedule } });
    const own = Object.create(connection, { workflowService: { value: service } });
    return new HoldfastClient(new Client({ connection: own, namespace: temporal.namespace })).schedules;
  }

  test('undoes nothing that was done in between', async () => {
    const id = fresh('between');
    await schedules().create(id, own, { every: '1h' });
    let times = 0;
    const edit = disturbed(async () => ++times === 1 && schedules().pause(id, 'in between'));
    const { paused, times: after, note } = await edit.update(id, { jitter: '1m' }, 'a test');
    expect({ paused, jitter: after.jitter, times }).toEqual({ paused: true, jitter: 60_000, times: 2 });
    expect(note).toMatch(/^edited \(\w+\) by .*: a test · before: paused by .*: in between$/);
    expect((await schedules().update(id, { jitter: '2m' })).note).toMatch(
      /^edited [^·]* · before: paused by [^·]*: in between$/,
    );
  });

  test('gives up where there is no end of it', async () => {
    const id = fresh('endless');
    await schedules().create(id, own, { every: '1h' });
    const edit = disturbed(() => schedules().pause(id, 'again'));
    await expect(edit.update(id, { jitter: '1m' })).rejects.toMatchObject({ code: 'Schedule.Conflict' });
    expect((await schedules().describe(id)).times.jitter).toBeUndefined();
  });

  test('several at once are all made', async () => {
    const id = fresh('both');
    await schedules().create(id, own, { every: '1h', remainingRuns: 100, paused: true });
    await Promise.all([
      schedules().update(id, { jitter: '1m' }),
      schedules().update(id, { overlap: 'allow-all' }),
      schedules().update(id, { pauseOnFailure: true }),
    ]);
    expect(await schedules().describe(id)).toMatchObject({
      times: { every: [{ every: 3_600_000, offset: 0 }], jitter: 60_000 },
      overlap: 'allow-all',
      pauseOnFailure: true,
      remainingRuns: 100,
    });
  });
});

test('edits while it fires take no run back and give none away', async () => {
  const id = fresh('firing');
  await during(async () => {
    await schedules().create(id, own, { every: '1s', remainingRuns: 50, overlap: 'allow-all' });
    for (let edit = 1; edit <= 12; edit++) {
      await schedules().update(id, { catchupWindow: `${edit}h` });
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    await schedules().pause(id);
    const { counts, remainingRuns, catchupWindow } = await schedules().describe(id);
    expect(counts.taken).toBeGreaterThan(1);
    expect(remainingRuns).toBe(50 - counts.taken);
    expect(catchupWindow).toBe(12 * 3_600_000);
  });
});

test('what we take for cron, the server takes; what we refuse, it refuses or reads as something else', async () => {
  const refusedByBoth = [
    '60 * * * *',
    '* * * *',
    '* * L * *',
    '*/0 * * * *',
    'x * * * *',
    '* * * * fri-mon',
    '1, * * * *',
  ];
  const fields = fc.tuple(cronField(0, 59), cronField(0, 23), cronField(1, 31), cronField(1, 12), cronField(0, 7));
  const taken = fc.sample(fields, { numRuns: 60, seed: 7 }).map((parts) => parts.join(' '));
  const id = fresh('cron');
  const send = (cron: string[]) =>
    temporal.client.schedule.create({
      scheduleId: id,
      spec: { cronExpressions: cron },
      action: { type: 'startWorkflow', workflowType: 'echo', taskQueue: temporal.taskQueue },
      state: { paused: true },
    });
  for (const cron of refusedByBoth) {
    expect(cronProblem(cron)).toBeDefined();
    await expect(send([cron])).rejects.toThrow();
  }
  expect(taken.filter((cron) => cronProblem(cron) !== undefined)).toEqual([]);
  await expect(send(taken)).resolves.toBeDefined();
  const described = await schedules().describe(id);
  expect(described.times.calendar).toHaveLength(taken.length);
  expect(described.words).not.toMatch(/undefined|NaN/);
});

test('deleted, it is unknown; an id is taken once', async () => {
  const id = fresh('delete');
  await schedules().create(id, own, hourly);
  await expect(schedules().create(id, own, hourly)).rejects.toMatchObject({ code: 'Schedule.Exists' });
  await schedules().delete(id);
  const unknown = { code: 'Schedule.Unknown', message: `there is no schedule "${id}"` };
  for (const act of ['describe', 'pause', 'resume', 'trigger', 'delete'] as const) {
    await expect(schedules()[act](id)).rejects.toMatchObject(unknown);
  }
  await expect(schedules().update(id, {})).rejects.toMatchObject(unknown);
  await expect(schedules().backfill(id, { from: new Date(0), to: new Date(1) })).rejects.toMatchObject(unknown);
});

describe('a delayed start', () => {
  test('is accepted at once and begins later; its deadline counts from then', async () => {
    await during(async () => {
      const options = { id: 'delayed', input: 'go', startDelay: '2s', limits: { deadline: '1s' } };
      const run = await temporal.holdfast.start('tester', options);
      expect(await temporal.holdfast.describe('delayed')).toMatchObject({ status: 'running', agent: 'tester' });
      expect(await run.result()).toMatchObject({ output: 'done', stopReason: 'completed' });
      const [started, first] = await temporal.events('delayed');
      expect(Number(first?.eventTime?.seconds) - Number(started?.eventTime?.seconds)).toBeGreaterThanOrEqual(2);
      expect((await temporal.holdfast.start('tester', { ...options, startDelay: '1h' })).started).toBe(false);
    });
  });

  test('can be cancelled before it begins', async () => {
    await during(async () => {
      const startAt = new Date(Date.now() + 3_600_000);
      const run = await temporal.holdfast.start('tester', { id: 'delayed-cancelled', input: 'go', startAt });
      await run.cancel();
      expect(await run.result()).toMatchObject({ stopReason: 'cancelled' });
    });
  });
});
