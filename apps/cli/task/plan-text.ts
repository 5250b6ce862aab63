import type { NodeView, PlanDifference, PlannedAction, PlanResult, PlanSummary, PlanView } from '../../../client';
import { NODE_MARK } from '../../../protocol/plan/state';
import { escapeLine } from '../escape';
import { count, usd } from '../figures';
import { localTime } from '../run-table';
import type { Style } from '../style';
import { table } from '../table';

export function planTable(plans: readonly PlanSummary[], style: Style): string {
  if (plans.length === 0) return 'no plans';
  const rows = plans.map(({ id, status, startedAt, title }) => [id, status, localTime(startedAt), escapeLine(title)]);
  return table(['plan', 'status', 'started', 'goal'], rows, style);
}

export function planText(id: string, view: PlanView | null, nodes: readonly NodeView[], style: Style): string {
  if (!view) return `${style.bold(id)}  being planned`;
  const { name, version, goal, status, reason, spentUsd, budgetUsd, tokens, waitsFor, criticalPath, paused, counts } =
    view;
  const budget = budgetUsd === null ? '' : ` of ${usd(budgetUsd)}`;
  return [
    `${style.bold(id)}  ${name} v${version} · ${paused ? `paused by ${escapeLine(paused.by)}` : status} · ${counts.done ?? 0}/${view.nodes} done · ${usd(spentUsd)}${budget} · ${count(tokens)} tok`,
    ...(reason === null ? [] : [`  ${style.red(escapeLine(reason))}`]),
    ...(goal === null ? [] : [`  ${escapeLine(goal)}`]),
    ...waitsFor.map(({ id: approval, title }) => `  ${style.yellow('waits for')} ${approval}: ${escapeLine(title)}`),
    `  ${style.dim(`longest way: ${criticalPath.slice(0, 12).join(' → ')}${criticalPath.length > 12 ? ' → …' : ''}`)}`,
    nodeTable(nodes, style),
  ].join('\n');
}

const VERDICT = { allow: '', ask: 'after approval', deny: 'denied' } as const;

/** What a dry run tells: what would be done, and what that would cost by the prices of the models the agents have. */
function dryRunText(planned: PlannedAction[], { costUsd, tokens, counts }: PlanResult, style: Style): string {
  const rows = planned.map(({ node, tool, arguments: args, verdict }) => [
    node,
    tool,
    escapeLine(args),
    VERDICT[verdict],
  ]);
  const nodes = Object.values(counts).reduce((sum, some) => sum + some, 0);
  return [
    '',
    `dry run: nothing was done. ${nodes} nodes, about ${count(tokens)} tok, ${usd(costUsd)}, as simulated models would do it`,
    ...(rows.length > 0 ? [table(['node', 'would call', 'with', ''], rows, style)] : ['no tool would be called']),
  ].join('\n');
}

function nodeTable(nodes: readonly NodeView[], style: Style): string {
  const rows = nodes.map(({ id, status, agent = '', after, attempts, costUsd, effectivePriority, late, ...more }) => [
    `${NODE_MARK[status]} ${id}`,
    late ? `${status}, late` : status,
    agent,
    after.join(' '),
    `P${effectivePriority}`,
    attempts > 1 ? `×${attempts}` : '',
    costUsd > 0 ? usd(costUsd) : '',
    escapeLine(noteOf(more)).slice(0, 80),
  ]);
  return table(['node', 'state', 'agent', 'after', 'prio', 'tries', 'cost', ''], rows, style);
}

function noteOf({ reason, recalled, replaced }: Pick<NodeView, 'reason' | 'recalled' | 'replaced'>): string {
  const before = recalled && `given before, by ${recalled.from} of ${localTime(new Date(recalled.at))}`;
  return [replaced && 'replaced', before, reason].filter(Boolean).join('; ');
}

export function differenceText({ added, replaced, removed, approval }: PlanDifference, style: Style): string {
  return [
    ...added.map((id) => style.green(`+ ${id}`)),
    ...replaced.map((id) => style.yellow(`~ ${id}`)),
    ...removed.map((id) => style.red(`- ${id}`)),
    ...(approval === undefined ? [] : [`once it is approved: holdfast approvals approve ${approval}`]),
  ].join('\n');
}

/** The answer, or why there is none, and what is missing of it. */
export function resultText(result: PlanResult, style: Style): string {
  const { status, output, reason, missing, undone, planned } = result;
  const answer = typeof output === 'string' ? output : JSON.stringify(output, null, 2);
  return [
    ...(output === null ? [] : [answer]),
    ...(status === 'completed' ? [] : [style.red(`${status}${reason === undefined ? '' : `: ${escapeLine(reason)}`}`)]),
    ...missing
      .slice(0, 20)
      .map(({ node, status: is, reason: why }) => style.yellow(`missing: ${node} (${is}): ${escapeLine(why)}`)),
    ...undone.map(({ node, status: is }) => `undone: ${node}: ${is}`),
    ...(planned ? [dryRunText(planned, result, style)] : []),
  ].join('\n');
}
