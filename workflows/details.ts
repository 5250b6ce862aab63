import { type CompensationView, compensationText } from '../protocol/compensation';
import type { Pause } from '../protocol/control';
import { degradedText } from '../protocol/degrade';
import type { ChatView } from '../protocol/session';
import type { Session, TurnNote } from './session';

/** The run told in Markdown, for the Web UI's "current details". Kept by the workflow, read by a query: costs no history. */
export function detailsOf(session: Session): string {
  const { agent, model, progress, limits, running, phase, stop, failure } = session;
  const lines = [
    aboutAgent(),
    '',
    `${stateOf()} · turn ${progress.turns}/${limits.turns} · ${progress.toolCalls} tool calls · ` +
      `${progress.usage.inputTokens}→${progress.usage.outputTokens} tok · ${usd(progress.costUsd)}${limits.costUsd ? ` of ${usd(limits.costUsd)}` : ''}`,
  ];
  const { control, inbox } = session;
  if (inbox) lines.push('', chatLine(inbox.view()));
  if (control.paused) lines.push('', pauseLine(control.paused));
  for (const { id, title } of session.waitsFor) lines.push('', `**waits for approval** \`${id}\`: ${title}`);
  for (const one of progress.degraded ?? []) lines.push('', `**goes on without** ${degradedText(one)}`);
  if (session.compensation) lines.push('', undoneLine(session.compensation));
  if (progress.todos.length > 0) {
    lines.push('', ...progress.todos.map((todo) => `- [${todo.status === 'done' ? 'x' : ' '}] ${todo.text}`));
  }
  if (session.recentTurns.length > 0) {
    lines.push(
      '',
      '| turn | model | tokens | cost | ms | then |',
      '|---|---|---|---|---|---|',
      ...session.recentTurns.map(row),
    );
  }
  return lines.join('\n');

  function aboutAgent(): string {
    if (!session.pinned) return `**${agent.name}**`;
    const simulated = progress.simulated ? ' · *simulated answers*' : '';
    return `**${agent.name}** · ${model}${simulated} · revision \`${agent.revision.slice(0, 12)}\``;
  }

  function stateOf(): string {
    if (failure) return `failed: ${failure.code}`;
    if (stop) return `ended: ${stop.reason}`;
    return running.length > 0 ? `${phase}: ${running.join(', ')}` : phase;
  }
}

function chatLine({ title, finished, queued, closing }: ChatView): string {
  const about = [title && `**${title}**`, `${finished} answered`, `${queued} waiting`, closing && 'closing'];
  return `chat · ${about.filter(Boolean).join(' · ')}`;
}

function undoneLine(compensation: CompensationView): string {
  return `**undo** ${compensationText(compensation) || 'begins'}`;
}

function pauseLine({ by, reason }: Pause): string {
  return `**paused** by ${by}${reason === undefined ? '' : `: ${reason}`}`;
}

function row(note: TurnNote): string {
  const cost = note.costUsd === null ? 'unknown' : usd(note.costUsd);
  return `| ${note.turn} | ${note.model} | ${note.inputTokens}→${note.outputTokens} | ${cost} | ${note.latencyMs} | ${note.did} |`;
}

function usd(amount: number): string {
  return `$${amount.toFixed(4)}`;
}
