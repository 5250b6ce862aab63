import { modelFor, PROMPT } from '../../bench/task.mjs';
import { cpuSeconds } from './figures.mjs';
import { project } from './projection.mjs';

const AT_ONCE = 20;
const PER_SECOND = 10_000;

/**
 * Tiny tasks, one model call each at 0 ms: as runs of their own, and as nodes of one plan. What each takes of worker and server gives the
 * size of the cluster that ten thousand a second would need. Projected, and said so.
 */
export async function tasks(stand, { quick }) {
  const running = await stand.start('holdfast', 'tuned');
  const { pid } = await stand.server('tuned');
  const count = quick ? 100 : 1_000;
  const kinds = { 'runs of their own': runs, 'nodes of one plan': planOf };
  const rows = [];
  for (const [name, work] of Object.entries(kinds)) {
    await work(running, `warm-${name.length}`, 20);
    const cpu = () => ({
      worker: running
        .pids()
        .map(cpuSeconds)
        .reduce((a, b) => a + b, 0),
      server: cpuSeconds(pid),
    });
    const [before, from] = [cpu(), performance.now()];
    const transitions = await work(running, `tiny-${name.length}`, count);
    const seconds = (performance.now() - from) / 1_000;
    const after = cpu();
    const task = {
      workerMs: (1_000 * (after.worker - before.worker)) / count,
      serverMs: (1_000 * (after.server - before.server)) / count,
      transitions: transitions / count,
    };
    const { workerCores, serverCores, shards } = project(task, { perSecond: PER_SECOND });
    rows.push([
      name,
      (count / seconds).toFixed(1),
      `${task.workerMs.toFixed(1)} ms`,
      `${task.serverMs.toFixed(1)} ms`,
      task.transitions.toFixed(1),
      `${workerCores}, ${serverCores}, ${shards}`,
    ]);
  }
  return {
    title: `${count} tiny tasks, one worker; and what ${PER_SECOND} a second would take (projected)`,
    head: [
      'As',
      'a second, measured',
      'worker CPU a task',
      'server CPU a task',
      'state transitions a task',
      'projected: cores of workers, cores of servers, history shards',
    ],
    rows,
  };
}

/** @returns state transitions of all of them. */
async function runs({ driver }, name, count) {
  let [next, transitions] = [0, 0];
  const lane = async () => {
    for (let at = next++; at < count; at = next++) {
      const run = await driver.start(`${name}-${at}`, modelFor(0));
      await run.result();
      if (at % 100 === 0) transitions += (await transitionsOf(driver, `${name}-${at}`)) * Math.min(100, count - at);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return transitions;
}

async function planOf({ driver }, name, count) {
  const nodes = Array.from({ length: count }, (_, at) => ({ id: `n${at}`, goal: PROMPT }));
  const plan = { name: 'tiny', agent: 'teller', nodes, limits: { parallel: AT_ONCE } };
  const handle = await driver.holdfast.plans.submit(plan, { id: name });
  const { status } = await handle.result();
  if (status !== 'completed') throw new Error(`the plan ended ${status}`);
  return transitionsOf(driver, name);
}

/** Of all Temporal runs under the id. */
async function transitionsOf({ client }, workflowId) {
  let sum = 0;
  for await (const { runId } of client.workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
    const execution = { workflowId, runId };
    const described = await client.workflowService.describeWorkflowExecution({ namespace: 'default', execution });
    sum += Number(described.workflowExecutionInfo?.stateTransitionCount ?? 0);
  }
  return sum;
}
