import type { AgentBrief, AgentView } from '../../client';
import { escapeLine } from './escape';
import { plural, usd } from './figures';
import { localTime } from './run-table';
import type { Style } from './style';
import { table } from './table';

export function foundText({ agents, total }: { agents: readonly AgentBrief[]; total: number }, style: Style): string {
  if (total === 0) return 'no agents are registered that match';
  const rows = agents.map(({ name, status, role, capabilities, score, outcomes, running, queues }) => [
    name,
    status,
    score.toFixed(2),
    String(outcomes),
    String(running),
    escapeLine(role ?? '', 30),
    escapeLine(capabilities.join(', '), 60),
    escapeLine(queues.join(', '), 60),
  ]);
  const head = ['agent', 'status', 'score', 'attempts', 'running', 'role', 'can', 'served on'];
  const last = agents.at(-1);
  const more = total > agents.length && last ? `\n${agents.length} of ${total}; the next: --after ${last.name}` : '';
  return table(head, rows, style) + more;
}

/** One agent, and why it stands as it does. */
export function registeredText(view: AgentView, style: Style): string {
  const { name, status, version, reputation, queues, paused, kinds, remarks, versions } = view;
  const lines = [
    `${style.bold(name)} · ${status} · version ${version}${view.revision ? ` · revision ${view.revision}` : ''}`,
  ];
  const row = (title: string, text: string): void => void lines.push(`  ${title.padEnd(13)}${text}`);
  if (view.description) row('description', escapeLine(view.description, 300));
  if (view.role) row('role', escapeLine(view.role));
  if (view.capabilities.length > 0) row('can', escapeLine(view.capabilities.join(', '), 300));
  if (view.tags.length > 0) row('tags', escapeLine(view.tags.join(', '), 300));
  if (view.model) row('model', escapeLine(view.model));
  if (view.costUsd !== null) row('a run costs', `at most ${usd(view.costUsd)}`);
  row('served on', escapeLine(queues.join(', ') || 'no task queue', 300));
  row('running', String(view.running));
  if (paused) row('paused', escapeLine(`by ${paused.by}${paused.reason ? `: ${paused.reason}` : ''}`, 300));
  const { outcomes, ratings, violations } = reputation.counts;
  lines.push(
    '',
    `  reputation ${reputation.score.toFixed(2)} of ${plural(outcomes, 'attempt')}, ${plural(ratings, 'rating')}, ${plural(violations, 'violation')}`,
  );
  const parts = reputation.parts.map(({ part, value, weight, evidence }) => [
    `  ${part}`,
    value.toFixed(2),
    `× ${weight}`,
    `= ${(value * weight).toFixed(3)}`,
    `on ${evidence.toFixed(1)}`,
  ]);
  lines.push(table(['  part', 'value', 'weight', 'counts', 'evidence'], parts, style));
  const known = Object.entries(kinds).map(([kind, { evidence, success, value }]) => [
    `  ${escapeLine(kind, 60)}`,
    evidence.toFixed(1),
    `${Math.round(success * 100)} %`,
    value.toFixed(2),
  ]);
  if (known.length > 0) lines.push('', table(['  work', 'evidence', 'done', 'worth'], known, style));
  for (const { by, stars, violation, reason, at } of remarks) {
    const what = [stars !== undefined && `${stars} of 5`, violation && 'a violation', reason]
      .filter(Boolean)
      .join(', ');
    lines.push(`  ${localTime(new Date(at))}  ${escapeLine(`${by}: ${what}`, 200)}`);
  }
  const changes = versions.map(({ version: one, at, by }) => `${one} ${localTime(new Date(at))} by ${by}`);
  if (changes.length > 0) lines.push('', `  versions  ${escapeLine(changes.join(' · '), 400)}`);
  return lines.join('\n');
}
