import { proxyActivities } from '@temporalio/workflow';
import type { HoldfastActivities } from '../../protocol/activities';
import type { PlanNode } from '../../protocol/plan/definition';
import { PLAN_ATTEMPTS } from '../../protocol/plan/planner';
import type { NodeProgress, PlanInput } from '../../protocol/plan/state';
import { ADMIT } from '../activity-options';
import { askPlanner, nestingOf } from './make-plan';
import { outputOf, taintOfAll } from './node-given';
import type { PlanDesk } from './plan-desk';

const { admitPlan, sketchAgents } = proxyActivities<HoldfastActivities>(ADMIT);

/** Characters of one result the planner is shown. */
const SHOWN = 2_000;

/**
 * Asks the planner for another way to the goal, told what is done, what failed and why. What is done stays, and may be built on.
 * @returns the ids of the new nodes; undefined where it finds no way that can run, or somebody let the plan go on meanwhile.
 */
export async function planAnew(input: PlanInput, desk: PlanDesk, why: string): Promise<string[] | undefined> {
  const { state } = desk;
  const agents = await sketchAgents();
  let problems: string[] = [];
  let previous: unknown;
  for (let attempt = 1; attempt <= (input.attempts ?? PLAN_ATTEMPTS); attempt++) {
    const mended = problems.length > 0 && { previous, problems };
    const asked = await askPlanner(
      input,
      `replan-${state.replans}-${attempt}`,
      {
        ...storyOf(input, desk),
        why,
        agents,
        ...mended,
      },
      taintOfAll(state),
    );
    state.spentUsd += asked.costUsd;
    state.tokens += asked.tokens;
    // It gave none, or an operator has helped while it thought.
    if (!asked.output || !state.ending) return undefined;
    previous = asked.output;
    const { nodes } = asked.output as { nodes: PlanNode[] };
    problems = buildingOn(nodes, desk);
    if (problems.length > 0) continue;
    const tainted = [...new Set([...taintOfAll(state), ...asked.tainted])];
    const { output: _old, ...plan } = state.plan;
    const whole = { ...plan, nodes: [...plan.nodes, ...nodes] };
    const found = await admitPlan({ plan: whole, nesting: nestingOf(input), soFar: desk.soFar(Date.now()) });
    if (!('problems' in found)) {
      // What it makes of that is no better than what it was told.
      if (tainted.length > 0) state.tainted = tainted;
      desk.goAnotherWay(found.plan, found.agents, Date.now());
      return nodes.map(({ id }) => id);
    }
    problems = found.problems.map(({ message }) => message);
  }
  return undefined;
}

function storyOf({ goal }: PlanInput, desk: PlanDesk) {
  const { plan, nodes } = desk.state;
  const story = {
    goal: plan.goal ?? goal ?? plan.name,
    done: [] as object[],
    failed: [] as object[],
    left: [] as object[],
  };
  for (const { id, goal: task } of plan.nodes) {
    const { status, attempts, reason, agent, replaced } = nodes[id] as NodeProgress;
    const output = JSON.stringify(outputOf(desk.state, id)).slice(0, SHOWN);
    if (status === 'done') story.done.push({ id, goal: task, output });
    else if (attempts > 0) story.failed.push({ id, goal: task, agent, reason });
    else if (!replaced) story.left.push({ id, goal: task });
  }
  return story;
}

/** What failed cannot be built on. */
function buildingOn(nodes: PlanNode[], desk: PlanDesk): string[] {
  const known = new Set(desk.graph.nodes.keys());
  return nodes.flatMap(({ id, after }) =>
    (after as unknown as string[]).flatMap((before) =>
      known.has(before) && desk.progress(before).status !== 'done'
        ? [`"${id}" comes after "${before}", which did not succeed: only what is done can be built on`]
        : [],
    ),
  );
}
