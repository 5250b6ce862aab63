import { HoldfastError } from '../../protocol/failures';
import type { CheckedAgent, ShownAgent } from '../../workers/project/inspect-project';
import { type FileProblem, problemText } from '../../workers/project/source-file';
import { escapeLine, escapeText } from './escape';
import { duration, usd } from './figures';
import type { Style } from './style';
import { table } from './table';

/** What `agent list --json` gives of each. */
export function agentSummary({ agent, file, missingKey }: ShownAgent) {
  const { name, description, model, revision, tools } = agent;
  const names = tools.map((tool) => tool.name);
  return {
    name,
    description: description ?? null,
    model,
    revision,
    tools: names,
    file,
    ready: missingKey === undefined,
  };
}

export function agentTable(agents: readonly ShownAgent[], style: Style): string {
  if (agents.length === 0) return 'no agents; write agents/NAME.yaml';
  const rows = agents.map(({ agent, missingKey }) => [
    agent.name,
    escapeLine(agent.model, 60) + (missingKey === undefined ? '' : ' (no key)'),
    String(agent.tools.length),
    escapeLine(agent.description ?? '', 90),
  ]);
  return table(['agent', 'model', 'tools', 'description'], rows, style);
}

/** @throws HoldfastError `Agent.Unknown`. */
export function pickAgent(agents: readonly ShownAgent[], name: string): ShownAgent {
  const found = agents.find(({ agent }) => agent.name === name);
  if (found) return found;
  throw new HoldfastError('Agent.Unknown', `there is no agent ${JSON.stringify(name)}`, {
    hint: `Known agents: ${agents.map(({ agent }) => agent.name).join(', ') || 'none'}.`,
  });
}

export function agentText({ agent, file, missingKey }: ShownAgent, style: Style): string {
  const lines = [`${style.bold(agent.name)} · revision ${agent.revision}`];
  const row = (name: string, text: string): void => void lines.push(`  ${name.padEnd(13)}${text}`);
  if (agent.description) row('description', escapeLine(agent.description, 300));
  row('file', escapeLine(file));
  row('model', escapeLine(agent.model));
  if (missingKey !== undefined) row('', style.yellow(escapeLine(missingKey, 300)));
  row('limits', limitsText(agent.limits));
  row('parallel', `${agent.parallelToolCalls} tool calls of one reply`);
  if (agent.output) row('output', escapeLine(JSON.stringify(agent.output), 200));
  if (agent.tags.length > 0) row('tags', escapeLine(agent.tags.join(', ')));
  const rows = agent.tools.map(({ name, effect, description }) => [
    `  ${name}`,
    effect,
    escapeLine(description.split(/(?<=\.)\s/)[0] ?? '', 90),
  ]);
  lines.push('', rows.length > 0 ? table(['  tool', 'effect', 'description'], rows, style) : '  no tools');
  return `${lines.join('\n')}\n\n${escapeText(agent.instructions.trim())}`;
}

function limitsText(limits: ShownAgent['agent']['limits']): string {
  const { turns, toolCalls, tokens, costUsd, deadline, repeatedCalls } = limits;
  return [
    `${turns} turns`,
    `${toolCalls} tool calls`,
    tokens === undefined ? undefined : `${tokens} tokens`,
    costUsd === undefined ? 'no budget' : usd(costUsd),
    deadline === undefined ? 'no deadline' : duration(deadline),
    `${repeatedCalls} equal calls`,
  ]
    .filter(Boolean)
    .join(' · ');
}

/** A line for each file, and two for each problem. */
export function problemLines(checked: readonly CheckedAgent[], style: Style): string[] {
  if (checked.length === 0) return ['no agents'];
  return checked.flatMap(({ file, name, problems }) => {
    if (problems.length === 0) return [`${style.green('ok')}   ${escapeLine(file)} · ${escapeLine(name ?? '')}`];
    return problems.flatMap((problem) => oneProblem(problem, style));
  });
}

function oneProblem(problem: FileProblem, style: Style): string[] {
  const hint = problem.hint === '' ? [] : [`       ${escapeText(problem.hint)}`];
  return [`${style.red('bad')}  ${escapeText(problemText(problem))}`, ...hint];
}
