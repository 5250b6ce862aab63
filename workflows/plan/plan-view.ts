import type {
  NodeStatus,
  NodesPage,
  NodeView,
  PlannedAction,
  PlanResult,
  PlanStatus,
  PlanView,
} from '../../protocol/plan/state';
import { NODE_MARK } from '../../protocol/plan/state';
import { outputOf } from './node-given';
import type { PlanDesk } from './plan-desk';

const PAGE = 500;
/** The server takes results of 2 MB. */
const MAX_OUTPUT_CHARS = 500_000;
const SHOWN = 30;

export interface Around {
  status: PlanStatus;
  waitsFor: { id: string; title: string }[];
}

export function viewOf({ state, counts, graph }: PlanDesk, { status, waitsFor }: Around): PlanView {
  const { plan, spentUsd, tokens, startedAt, paused, actions, ending } = state;
  return {
    name: plan.name,
    version: plan.version,
    goal: plan.goal ?? null,
    status,
    reason: ending?.reason ?? null,
    counts: { ...counts },
    nodes: plan.nodes.length,
    criticalPath: graph.criticalPath(),
    spentUsd,
    budgetUsd: plan.budgetUsd ?? null,
    tokens,
    startedAt,
    paused: paused ?? null,
    waitsFor,
    actions,
  };
}

/** Pages are as short as their size demands. @param outputs with what the nodes gave, as far as the plan still has it. */
export function nodesPage(desk: PlanDesk, from = 0, count: number | null = PAGE, outputs = false): NodesPage {
  const { nodes } = desk.state.plan;
  const page: NodeView[] = [];
  let chars = 0;
  for (const node of nodes.slice(from, from + Math.min(count ?? PAGE, PAGE))) {
    const { output, attempt: _attempt, ...progress } = desk.progress(node.id);
    const { priority, tailMs } = desk.urgencyOf(node.id);
    const after = (desk.graph.before.get(node.id) ?? []).map((edge) => edge.from);
    const shown = {
      id: node.id,
      goal: node.goal.slice(0, 200),
      after,
      tailMs,
      effectivePriority: priority,
      ...progress,
    };
    const view = { ...shown, ...(outputs && output !== undefined && { output }) };
    chars += JSON.stringify(view).length;
    if (chars > MAX_OUTPUT_CHARS && page.length > 0) break;
    page.push(view);
  }
  return { nodes: page, from, total: nodes.length };
}

/** What came of it, and what is not there. */
export function resultOf(desk: PlanDesk, status: PlanResult['status'], reason?: string): PlanResult {
  const { plan, nodes, spentUsd: costUsd, tokens, undos } = desk.state;
  const ends = plan.nodes.filter(({ id }) => (desk.graph.after.get(id) ?? []).length === 0 && !nodes[id]?.replaced);
  const sinks = ends.map(({ id }) => id);
  const whole = plan.output === undefined ? outputsOf(desk, sinks) : outputOf(desk.state, plan.output);
  // A result that is too large could not be recorded at all; each node's run still has its own.
  const artifact = nodes[plan.output ?? (sinks.length === 1 ? (sinks[0] as string) : '')]?.artifact;
  const tooLarge = JSON.stringify(whole ?? null).length > MAX_OUTPUT_CHARS;
  const output = tooLarge ? null : whole;
  const missing = Object.entries(nodes).flatMap(([node, { status: is, reason: why = is, replaced }]) =>
    is === 'done' || replaced ? [] : [{ node, status: is, reason: why }],
  );
  return {
    status,
    output,
    ...(artifact && { artifact }),
    missing: missing.slice(0, 200),
    undone: undos,
    ...(desk.state.planned && { planned: inOrder(desk) }),
    ...(tooLarge && { tooLarge: true as const }),
    ...(reason !== undefined && { reason }),
    counts: { ...desk.counts },
    costUsd,
    tokens,
  };
}

/** By node, as the plan has them: runs end in any order. */
function inOrder({ state: { plan, planned = [] } }: PlanDesk): PlannedAction[] {
  const place = new Map(plan.nodes.map(({ id }, at) => [id, at]));
  return [...planned].sort((one, other) => (place.get(one.node) ?? 0) - (place.get(other.node) ?? 0));
}

/** One answer where there is one end; else by node. */
function outputsOf(desk: PlanDesk, sinks: string[]): unknown {
  const [only] = sinks;
  if (sinks.length === 1 && only !== undefined) return outputOf(desk.state, only);
  return Object.fromEntries(sinks.map((id) => [id, outputOf(desk.state, id)]));
}

/** The plan told in Markdown, for the Web UI's "current details": what runs first, then what is next, then what is done. */
export function planDetails(desk: PlanDesk, { status, waitsFor }: Around): string {
  const { plan, nodes, spentUsd, ending } = desk.state;
  const all = plan.nodes.length;
  const done = desk.counts.done ?? 0;
  const budget = plan.budgetUsd === undefined ? '' : ` of $${plan.budgetUsd.toFixed(2)}`;
  const shown = all > SHOWN ? desk.firstOf(ORDER, SHOWN) : plan.nodes.map(({ id }) => id);
  return [
    `**${plan.name}** v${plan.version} · ${status}${ending ? `: ${ending.reason}` : ''} · ${done} of ${all} done · $${spentUsd.toFixed(4)}${budget}`,
    ...(plan.goal === undefined ? [] : ['', plan.goal.slice(0, 300)]),
    ...waitsFor.map(({ id, title }) => `\n**waits for approval** \`${id}\`: ${title}`),
    '',
    ...shown.map((id) => {
      const { status: is, agent, reason } = nodes[id] ?? {};
      const who = agent === undefined ? '' : ` · ${agent}`;
      return `- ${NODE_MARK[is ?? 'pending']} \`${id}\`${who}${reason === undefined ? '' : `: ${reason.slice(0, 120)}`}`;
    }),
    ...(all > SHOWN ? [`- … and ${all - SHOWN} more`] : []),
  ].join('\n');
}

const ORDER: NodeStatus[] = [
  'running',
  'assigned',
  'waiting',
  'failed',
  'expired',
  'ready',
  'pending',
  'skipped',
  'cancelled',
  'done',
];
