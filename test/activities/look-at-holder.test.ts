import type { HolderNews } from '../../protocol/budget/ledger';
import { activityBench, type FakeWorkflow } from '../fixtures/activity-bench';

/** What a ledger is told of a run that holds money and is silent. */

const benches: ReturnType<typeof activityBench>[] = [];
afterAll(() => {
  for (const bench of benches) bench.close();
});

const described = (status: string, firstRunId = 'first') => ({
  status: { name: status },
  runId: 'latest',
  raw: { workflowExecutionInfo: { firstRunId } },
});
const named = (name: string) => () => {
  throw Object.assign(new Error('said the server'), { name });
};
const purse = { lease: 'first', spent: 70, atRisk: 20, lost: 5, calls: 3 };
const UNKNOWN: HolderNews = { alive: false, spent: null, lost: 0, calls: 0 };

function look(workflow: FakeWorkflow): Promise<HolderNews> {
  const bench = activityBench({}, workflow);
  benches.push(bench);
  return bench.attempt('lookAtHolder', { holder: 'run', lease: 'first' }).done;
}

test.each<[string, FakeWorkflow, HolderNews]>([
  ['that runs', { describe: () => described('RUNNING') }, { alive: true }],
  [
    'that is closed answers for itself, and a call in flight counts',
    { describe: () => described('TERMINATED'), purse: () => purse },
    { alive: false, spent: 90, lost: 25, calls: 3 },
  ],
  [
    'whose id another run has by now',
    { describe: () => described('RUNNING', 'another'), purse: () => purse },
    { alive: false, spent: 90, lost: 25, calls: 3 },
  ],
  ['that closed before it had a purse', { describe: () => described('FAILED'), purse: () => null }, UNKNOWN],
  [
    'whose purse is for something else',
    { describe: () => described('FAILED'), purse: () => ({ ...purse, lease: 'another' }) },
    UNKNOWN,
  ],
  ['that is deleted', { describe: named('WorkflowNotFoundError') }, UNKNOWN],
  [
    'that is deleted while it is asked',
    { describe: () => described('COMPLETED'), purse: named('WorkflowNotFoundError') },
    UNKNOWN,
  ],
])('a run %s', async (_what, workflow, news) => {
  expect(await look(workflow)).toEqual(news);
});

test('a server that is away says nothing of the run: it is asked again', async () => {
  const away = { type: 'Server.Unreachable', nonRetryable: false };
  await expect(look({ describe: named('ServiceError') })).rejects.toMatchObject(away);
  const silent: FakeWorkflow = { describe: () => described('FAILED'), purse: named('ServiceError') };
  await expect(look(silent)).rejects.toMatchObject(away);
  await expect(look({ describe: named('TypeError') })).rejects.toMatchObject({ type: 'Internal.Bug' });
});
