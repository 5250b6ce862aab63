import type { FailureCode } from '../failures';
import { fitOf, skillOf } from './assign';
import type { Plan, PlanNode } from './definition';
import { estimateOf, Graph } from './graph';
import { schemaAt, schemaMismatch } from './schema-fit';
import type { AgentFacts } from './state';

/** One reason why a plan is not admitted. */
export interface PlanProblem {
  code: Extract<FailureCode, `Plan.${string}`>;
  message: string;
  node?: string;
}

/** How far a plan is that is changed while it runs. */
export interface SoFar {
  /** Nodes that have ended: they cost and take nothing more. */
  over: string[];
  spentUsd: number;
  elapsedMs: number;
}
const NOTHING_YET: SoFar = { over: [], spentUsd: 0, elapsedMs: 0 };

/**
 * Everything that is wrong with a plan, before any of it runs; empty when it may. Pure: the workflow and the activity that admits ask
 * the same.
 * @param agents what is known of every agent the plan may use; those it does not name are candidates for `needs`.
 * @param nesting how many plans this one is within.
 */
export function planProblems(
  plan: Plan,
  agents: Record<string, AgentFacts>,
  nesting = 0,
  soFar = NOTHING_YET,
): PlanProblem[] {
  const shape = shapeProblems(plan);
  // What follows asks for an order of the nodes.
  if (shape.length > 0) return shape;
  const graph = new Graph(plan);
  return [
    ...sizeProblems(plan, graph, nesting),
    ...plan.nodes.flatMap((node) => agentProblems(node, plan, agents)),
    ...pausedProblems(plan, agents, soFar),
    ...plan.nodes.flatMap((node) => inputProblems(node, plan, graph, agents)),
    ...plan.nodes.flatMap((node) => resourceProblems(node, plan)),
    ...costProblems(plan, agents, soFar),
    ...deadlineProblems(plan, graph, soFar),
  ];
}

function shapeProblems(plan: Plan): PlanProblem[] {
  const problems: PlanProblem[] = [];
  const seen = new Set<string>();
  for (const { id } of plan.nodes) {
    if (seen.has(id)) problems.push({ code: 'Plan.Invalid', message: `two nodes are called "${id}"`, node: id });
    seen.add(id);
  }
  const graph = new Graph(plan);
  for (const { from, to } of graph.dangling)
    problems.push({
      code: 'Plan.UnknownNode',
      message: `"${to}" comes after "${from}", which is not in the plan`,
      node: to,
    });
  if (plan.output !== undefined && !seen.has(plan.output))
    problems.push({ code: 'Plan.UnknownNode', message: `output: there is no node "${plan.output}"` });
  const cycle = graph.cycle();
  if (cycle) {
    const path = [...cycle, cycle[0]].join(' → ');
    problems.push({ code: 'Plan.Cycle', message: `nodes wait for each other: ${path}`, ...nodeOf(cycle[0]) });
  }
  return problems;
}

function sizeProblems({ nodes, limits }: Plan, graph: Graph, nesting: number): PlanProblem[] {
  const problems: PlanProblem[] = [];
  if (nodes.length > limits.nodes)
    problems.push({ code: 'Plan.TooLarge', message: `${nodes.length} nodes, and ${limits.nodes} are allowed` });
  const depth = graph.depth();
  if (depth > limits.depth)
    problems.push({ code: 'Plan.TooDeep', message: `${depth} nodes in a row, and ${limits.depth} are allowed` });
  for (const [node, edges] of graph.after) {
    if (edges.length > limits.fanOut)
      problems.push({
        code: 'Plan.TooWide',
        message: `${edges.length} nodes come after "${node}", and ${limits.fanOut} are allowed`,
        node,
      });
  }
  const expands = nodes.find(({ expand }) => expand);
  if (expands && nesting >= limits.nesting)
    problems.push({
      code: 'Plan.TooDeep',
      message: `"${expands.id}" expands into a plan, and this one is ${nesting} deep already: ${limits.nesting} is the most`,
      node: expands.id,
    });
  return problems;
}

function agentProblems(node: PlanNode, plan: Plan, agents: Record<string, AgentFacts>): PlanProblem[] {
  const { id, needs } = node;
  const name = node.agent ?? (needs ? undefined : plan.agent);
  if (name !== undefined) {
    if (agents[name]) return [];
    const known = Object.keys(agents).sort().join(', ') || 'none';
    return [
      {
        code: 'Plan.UnknownAgent',
        message: `"${id}" is for the agent "${name}", which no worker of this task queue has; known: ${known}`,
        node: id,
      },
    ];
  }
  if (!needs)
    return [{ code: 'Plan.UnknownAgent', message: `"${id}" names neither an agent nor what it needs`, node: id }];
  const missing = needs.filter(
    (need) => !Object.values(agents).some((agent) => skillOf(need, agent, plan.related) > 0),
  );
  if (missing.length === 0) {
    const one = Object.values(agents).some((agent) => fitOf(needs, agent, plan.related) > 0);
    if (one) return [];
    return [
      {
        code: 'Plan.UnknownCapability',
        message: `"${id}" needs ${needs.join(' and ')}, and no one agent has all`,
        node: id,
      },
    ];
  }
  return [
    { code: 'Plan.UnknownCapability', message: `"${id}" needs ${missing.join(', ')}, which no agent has`, node: id },
  ];
}

/** Who is paused has to be resumed by somebody: a plan would wait for that without a sign. */
function pausedProblems(plan: Plan, agents: Record<string, AgentFacts>, { over }: SoFar): PlanProblem[] {
  const ended = new Set(over);
  return plan.nodes.flatMap(({ id, agent, needs }) => {
    const code = 'Plan.AgentPaused' as const;
    const name = agent ?? (needs ? undefined : plan.agent);
    if (ended.has(id)) return [];
    if (name !== undefined)
      return agents[name]?.paused
        ? [{ code, message: `"${id}" is for the agent "${name}", which is paused`, node: id }]
        : [];
    const able = Object.values(agents).filter((one) => fitOf(needs ?? [], one, plan.related) > 0);
    if (able.length === 0 || able.some(({ paused }) => !paused)) return [];
    return [{ code, message: `all agents that could do "${id}" are paused`, node: id }];
  });
}

function inputProblems(node: PlanNode, plan: Plan, graph: Graph, agents: Record<string, AgentFacts>): PlanProblem[] {
  return Object.entries(node.inputs ?? {}).flatMap(([name, { from, path = '', schema }]) => {
    const source = graph.nodes.get(from) as PlanNode;
    const agent = source.agent ?? (source.needs ? undefined : plan.agent);
    const given = source.output ?? (agent === undefined ? undefined : agents[agent]?.output);
    if (!given || source.expand) return [];
    const part = schemaAt(given, path);
    const where = `input "${name}" of "${node.id}"`;
    if (part === 'missing')
      return [
        {
          code: 'Plan.TypeMismatch' as const,
          message: `${where}: the output of "${from}" has no ${path}`,
          node: node.id,
        },
      ];
    const mismatch = schema && part && schemaMismatch(part, schema);
    if (!mismatch) return [];
    return [{ code: 'Plan.TypeMismatch' as const, message: `${where}: ${mismatch}`, node: node.id }];
  });
}

/** A node that wants more than there is would wait for ever. */
function resourceProblems({ id, resources = {} }: PlanNode, { limits }: Plan): PlanProblem[] {
  return Object.entries(resources).flatMap(([name, amount]) => {
    const all = limits.resources?.[name];
    if (all !== undefined && amount <= all) return [];
    const message = `"${id}" takes ${amount} of "${name}", and the plan has ${all ?? 'none of it'}`;
    return [{ code: 'Plan.TooLarge' as const, message, node: id }];
  });
}

function costProblems(plan: Plan, agents: Record<string, AgentFacts>, { over, spentUsd }: SoFar): PlanProblem[] {
  if (plan.budgetUsd === undefined) return [];
  const ended = new Set(over);
  const budgetUsd = plan.budgetUsd - spentUsd;
  const open = plan.nodes.filter(({ id }) => !ended.has(id));
  const worst = open.reduce((sum, node) => sum + worstUsd(node, plan, agents), 0);
  if (worst <= budgetUsd + 1e-9) return [];
  const left = `${spentUsd > 0 ? 'what is left of ' : ''}its budget is $${budgetUsd.toFixed(4)}`;
  return [{ code: 'Plan.TooExpensive', message: `its nodes may cost $${worst.toFixed(4)} at worst, and ${left}` }];
}

/** What a node's attempts may cost together, where it or its agent says so; those that say nothing get a share of what is left. */
export function worstUsd(node: PlanNode, plan: Plan, agents: Record<string, AgentFacts>): number {
  const agent = node.agent ?? plan.agent;
  const once = node.budgetUsd ?? (agent === undefined ? null : (agents[agent]?.costUsd ?? null));
  return (once ?? 0) * node.retry.attempts;
}

function deadlineProblems(plan: Plan, graph: Graph, { over, elapsedMs }: SoFar): PlanProblem[] {
  const ended = new Set(over);
  const earliest = new Map<string, number>();
  const problems: PlanProblem[] = [];
  for (const id of graph.order()) {
    const node = graph.nodes.get(id) as PlanNode;
    const before = (graph.before.get(id) ?? []).map(({ from }) => earliest.get(from) ?? 0);
    if (ended.has(id)) continue;
    const end = Math.max(node.notBefore ?? 0, elapsedMs, ...before) + estimateOf(node);
    earliest.set(id, end);
    const deadline = Math.min(node.deadline ?? Number.POSITIVE_INFINITY, plan.deadline ?? Number.POSITIVE_INFINITY);
    // Only what was said counts: a guess of a minute must not refuse a plan.
    if (!saidEstimates(id, graph) || end <= deadline) continue;
    const message = `"${id}" cannot be done within ${deadline} ms: what comes before it and itself take ${end} ms by the estimates`;
    problems.push({ code: 'Plan.DeadlineImpossible', message, node: id });
  }
  return problems;
}

function saidEstimates(id: string, graph: Graph): boolean {
  return graph.nodes.get(id)?.estimate !== undefined;
}

function nodeOf(node: string | undefined): { node?: string } {
  return node === undefined ? {} : { node };
}
