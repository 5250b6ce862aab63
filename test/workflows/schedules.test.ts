import type { ScheduleDescription } from '../../client';
import type { AgentDefinition } from '../../protocol/agent';
import { scriptedModel } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
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

/** What is known of a schedule once it is as expected. */
function settled(id: string, expected: (schedule: ScheduleDescription) => void): Promise<ScheduleDescription> {
  return eventually(async () => {
    const schedule = await schedules().describe(id);
    expected(schedule);
    return schedule;
  });
}

afterAll(async () => {
  for (const id of made)
    await temporal.client.schedule
      .getHandle(id)
      .delete()
      .catch(() => undefined);
});

function during<T>(work: () => Promise<T>, slow = false): Promise<T> {
  const step = slow ? { latencyMs: 60_000, text: 'late' } : { text: 'done' };
  const contents = { agents: [agent], providers: [scriptedModel(Array.from({ length: 20 }, () => step))] };
  return temporal.during({ ...contents, workflowsPath: WORKFLOWS }, work);
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
