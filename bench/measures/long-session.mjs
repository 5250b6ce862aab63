import { modelFor } from '../task.mjs';
import { median, summary } from './statistics.mjs';

/** Turns on which a speed is read: a median over them is not moved by one slow fsync. */
const WINDOW = 20;

/** d. One endless session that sees its last turns: the speed late in it against the speed early in it. */
export async function longSession(stand, { quick }) {
  const [turns, sessions] = quick ? [300, 1] : [1_000, 3];
  const running = await stand.start('holdfast', 'tuned');
  const early = [];
  const late = [];
  const temporalRuns = [];
  await warm(running.driver);
  for (let at = 0; at < sessions; at++) {
    await stand.vendor.take();
    const id = `long-${at}`;
    const run = await running.driver.start(id, modelFor('endless'), {
      agent: 'clerk-in-window',
      session: { limits: { turns } },
    });
    await run.result();
    const times = await stand.vendor.take();
    const ms = times.slice(1).map((time, turn) => time - times[turn]);
    early.push(median(ms.slice(0, WINDOW)));
    late.push(median(ms.slice(-WINDOW)));
    temporalRuns.push(await countRuns(running.driver.client, id));
  }
  return [
    {
      id: 'late-vs-early-turn',
      what: `ms per turn at turn ${turns} ÷ turn 10 (medians of ${WINDOW} turns; context policy: 8,000 tokens, about the last 12 turns)`,
      unit: 'x',
      must: 1.3,
      aim: 1.05,
      ...summary(late.map((value, round) => value / early[round])),
      detail: `${median(late).toFixed(1)} ÷ ${median(early).toFixed(1)} ms; continued as new ${median(temporalRuns) - 1} times on the way`,
    },
  ];
}

async function warm(driver) {
  for (let at = 0; at < 5; at++) await (await driver.start(`warm-long-${at}`, modelFor(20))).result();
}

/** Temporal runs behind one session. */
async function countRuns(client, id) {
  let runs = 0;
  let { runId } = await client.workflow.getHandle(id).describe();
  while (runId) {
    const handle = client.workflow.getHandle(id, runId);
    const { events } = await handle.fetchHistory();
    runs++;
    runId = events[0].workflowExecutionStartedEventAttributes.continuedExecutionRunId;
  }
  return runs;
}
