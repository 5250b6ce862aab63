import { proxyActivities } from '@temporalio/workflow';
import type { AdmittedPlan, HoldfastActivities } from '../../protocol/activities';
import type { ApprovalOutcome } from '../../protocol/approval';
import type { PlanNode } from '../../protocol/plan/definition';
import { PLAN_ATTEMPTS, PLANNER } from '../../protocol/plan/planner';
import type { NodeProgress, PlanInput } from '../../protocol/plan/state';
import { ADMIT } from '../activity-options';
import { type Asking, approveAnew, cannotRun } from './approve-plan';
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
export async function planAnew(
  input: PlanInput,
  desk: PlanDesk,
  why: string,
  asking: Asking,
): Promise<string[] | undefined> {
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
    const found = await admitted(input, desk, nodes);
    if ('problems' in found) {
      problems = found.problems.map(({ message }) => message);
      continue;
    }
    const agreed = await agreedTo(input, desk, { ...found, added: nodes }, asking);
    // Denied, or somebody let the plan go on meanwhile.
    if (!agreed || !state.ending) return undefined;
    const tainted = [...new Set([...taintOfAll(state), ...asked.tainted])];
    // What it makes of that is no better than what it was told.
    if (tainted.length > 0) state.tainted = tainted;
    desk.goAnotherWay(agreed.plan, agreed.agents, Date.now());
    return agreed.added.map(({ id }) => id);
  }
  return undefined;
}

/** The plan as it would be with these nodes. */
async function admitted(input: PlanInput, desk: PlanDesk, nodes: PlanNode[]): Promise<AdmittedPlan> {
  const wrong = nodes.length > 0 ? buildingOn(nodes, desk) : ['it has no nodes'];
  if (wrong.length > 0) return { problems: wrong.map((message) => ({ code: 'Plan.Invalid', message })) };
  const { output: _old, ...plan } = desk.state.plan;
  const whole = { ...plan, nodes: [...plan.nodes, ...nodes] };
  return admitPlan({ plan: whole, nesting: nestingOf(input), soFar: desk.soFar(Date.now()) });
}

type Way = Exclude<AdmittedPlan, { problems: unknown }> & { added: PlanNode[] };

/** Where people had to be asked for the plan they are asked for another way too, and may edit it; undefined where they do not want it. */
async function agreedTo(input: PlanInput, desk: PlanDesk, way: Way, asking: Asking): Promise<Way | undefined> {
  const { state } = desk;
  if (!state.plan.approval || input.dryRun) return way;
  for (let wrong = ''; ; ) {
    const ids = new Set(way.added.map(({ id }) => id));
    const nodes = way.plan.nodes.filter(({ id }) => ids.has(id));
    const outcome = await approveAnew(input, state, nodes, wrong, () => state.ending === undefined, asking);
    if (outcome?.verdict !== 'approved') {
      if (outcome) desk.record('refuse', { by: input.planner ?? PLANNER }, Date.now(), saidOf(outcome));
      return undefined;
    }
    if (outcome.edit === undefined) return way;
    const added = nodesOf(outcome.edit.nodes);
    const found = await admitted(input, desk, added);
    if (!('problems' in found)) return { ...found, added };
    wrong = cannotRun(found.problems[0]?.message ?? '');
  }
}

function saidOf({ verdict, reason }: ApprovalOutcome): string {
  return reason === undefined ? verdict : `${verdict}: ${reason}`;
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
    edgesOf(after).flatMap((before) =>
      known.has(before) && desk.progress(before).status !== 'done'
        ? [`"${id}" comes after "${before}", which did not succeed: only what is done can be built on`]
        : [],
    ),
  );
}

function nodesOf(edited: unknown): PlanNode[] {
  return (Array.isArray(edited) ? edited : []).filter((node) => typeof node === 'object' && node !== null);
}

/** As a model, or somebody who edits, writes them. */
function edgesOf(after: unknown): string[] {
  return (Array.isArray(after) ? after : []).map((edge) => (typeof edge === 'string' ? edge : edge?.node));
}
