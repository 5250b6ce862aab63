import { ActivityFailure, isCancellation, proxyLocalActivities, proxySinks, workflowInfo } from '@temporalio/workflow';
import type { HoldfastActivities } from '../../protocol/activities';
import type { Ending, PlanInput } from '../../protocol/plan/state';
import type { RegistrySinks } from '../../protocol/registry/reports';
import { kindOf, type Outcome } from '../../protocol/registry/standing';
import { RANK } from '../activity-options';
import { outcomeOf } from './node-outcome';
import type { Begin, PlanDesk } from './plan-desk';

const { rankAgents } = proxyLocalActivities<HoldfastActivities>(RANK);
const { holdfastRegistry } = proxySinks<RegistrySinks>();

/**
 * Runs a node with the agent it is to have: where the plan asks for that, the one whom earlier work speaks for. How it went is told to
 * the registry of agents on the way, by the worker and at best effort.
 */
export function withAgent(
  desk: PlanDesk,
  begin: Begin,
  { dryRun }: PlanInput,
  attempt: () => Promise<Ending>,
): Promise<Ending> {
  const { node } = begin;
  // What is not done says nothing of anybody.
  const run = dryRun ? attempt : () => told(begin, attempt);
  const asks = desk.state.plan.assign === 'learned' && node.agent === undefined && node.needs !== undefined;
  return asks && !begin.resumed ? chosen(desk, begin, run) : run();
}

async function chosen(desk: PlanDesk, begin: Begin, run: () => Promise<Ending>): Promise<Ending> {
  try {
    await chooseLearned(desk, begin);
  } catch (error) {
    if (isCancellation(error)) return { status: 'cancelled', reason: 'cancelled', costUsd: 0, tokens: 0 };
    // The rule has chosen somebody already; what cannot be asked changes nothing.
    if (!(error instanceof ActivityFailure)) throw error;
  }
  return run();
}

/** Beside the node, not around it: nothing waits for what is told. */
function told(begin: Begin, run: () => Promise<Ending>): Promise<Ending> {
  const { agent, node, attempt, since } = begin;
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const id = `${workflowId}/${node.id}~${attempt}/${firstExecutionRunId}`;
  holdfastRegistry.began(id, agent);
  const running = run();
  const tell = (outcome: Outcome | null) => holdfastRegistry.ended(id, agent, outcome);
  running.then(
    (ending) => tell(outcomeOf(begin, ending, Date.now() - since, kindOf(node.needs))),
    () => tell(null),
  );
  return running;
}

async function chooseLearned(desk: PlanDesk, begin: Begin): Promise<void> {
  const { node, attempt } = begin;
  const { plan } = desk.state;
  const number = desk.state.learned ?? 0;
  desk.state.learned = number + 1;
  const series = workflowInfo().workflowId;
  const ranking = await rankAgents({
    needs: node.needs ?? [],
    seed: `${series}/${node.id}~${attempt}`,
    series,
    number,
    ...(plan.related && { related: plan.related }),
    ...(plan.exploration !== undefined && { exploration: plan.exploration }),
  });
  desk.assignLearned(begin, ranking);
}
