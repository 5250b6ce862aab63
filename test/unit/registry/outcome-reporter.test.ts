import type { Report } from '../../../protocol/registry/registry';
import { shardOf } from '../../../protocol/registry/shards';
import type { Outcome } from '../../../protocol/registry/standing';
import { OutcomeReporter, type ReportTarget } from '../../../workers/registry/outcome-reporter';

const outcome = (agent: string): Outcome => ({ agent, kind: 'code', success: true, ms: 1, usd: 0 });

function target(fails: () => boolean = () => false) {
  const sent: { shard: number; report: Report }[] = [];
  const reports: ReportTarget = {
    async report(shard, report) {
      if (fails()) throw new Error('away');
      sent.push({ shard, report });
    },
  };
  return { sent, reports };
}

test('what happens within a moment is one report for each part, each attempt told once', async () => {
  const { sent, reports } = target();
  const reporter = new OutcomeReporter(reports, 10);
  for (let at = 0; at < 3; at++) {
    reporter.began(`p/n${at}`, 'ada');
    // A workflow task that is repeated tells again.
    reporter.began(`p/n${at}`, 'ada');
    reporter.ended(`p/n${at}`, 'ada', at === 2 ? null : outcome('ada'));
    reporter.ended(`p/n${at}`, 'ada', outcome('ada'));
  }
  reporter.began('p/other', 'bo');
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(sent).toHaveLength(2);
  expect(sent).toContainEqual({
    shard: shardOf('ada'),
    report: { began: { ada: 3 }, ended: { ada: 3 }, outcomes: [outcome('ada'), outcome('ada')] },
  });
  expect(sent).toContainEqual({ shard: shardOf('bo'), report: { began: { bo: 1 }, ended: {}, outcomes: [] } });
});

test('what could not be told is told with what comes next; large reports are split', async () => {
  let away = true;
  const { sent, reports } = target(() => away);
  const reporter = new OutcomeReporter(reports, 60_000);
  for (let at = 0; at < 700; at++) reporter.ended(`p/n${at}`, 'ada', outcome('ada'));
  await expect(reporter.flush()).resolves.toBeUndefined();
  expect(sent).toEqual([]);
  away = false;
  reporter.ended('p/last', 'ada', outcome('ada'));
  await reporter.flush();
  expect(sent.map(({ report }) => report.outcomes?.length)).toEqual([500, 201]);
  await reporter.flush();
  expect(sent).toHaveLength(2);
});

test('it forgets rather than grows', async () => {
  const { sent, reports } = target();
  const reporter = new OutcomeReporter(reports, 60_000);
  for (let at = 0; at < 6_000; at++) reporter.ended(`p/n${at}`, 'ada', { ...outcome('ada'), ms: at });
  await reporter.flush();
  const told = sent.flatMap(({ report }) => report.outcomes ?? []);
  expect(told).toHaveLength(5_000);
  expect(told.at(-1)?.ms).toBe(5_999);
});
