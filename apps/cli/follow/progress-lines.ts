import type { TodoItem } from '../../../protocol/session';
import { escapeLine } from '../escape';
import { bytes, costText, count, duration } from '../figures';
import type { Style } from '../style';
import type { Progress, ShownCall, Totals } from './progress';

const ARGUMENTS_CHARS = 90;
const ARGUMENT_CHARS = 40;
const REMARK_CHARS = 160;
const TOOL_PREFIX = 'tool.';

/** The lines that tell one step of a run; none for what is only shown while it lasts. */
export function linesOf(progress: Progress, style: Style, elapsedMs: number): string[] {
  switch (progress.type) {
    case 'first-call':
      return [
        `${[progress.agent, progress.model && escapeLine(progress.model)].filter(Boolean).join(' · ')} · first call`,
      ];
    case 'agent-pinned':
      return [`${progress.agent} · ${escapeLine(progress.model)} · revision ${escapeLine(progress.revision, 12)}`];
    case 'messages-skipped':
      return [style.dim(`… ${progress.count} earlier messages`)];
    case 'user-said':
      return progress.position === 0 ? [] : [`${style.yellow('↩')} ${escapeLine(progress.text, REMARK_CHARS)}`];
    case 'turn-finished':
      return turnLines(progress, style, elapsedMs);
    case 'tool-finished':
      // What a todo call did is told by the list itself.
      return progress.call.name === 'todo' && progress.outcome === 'ok' ? [] : [toolLine(progress, style)];
    case 'todos-changed':
      return progress.changed.map((todo) => todoLine(todo, style));
    case 'attempt-failed':
      return [attemptLine(progress, style)];
    case 'worker-missing':
      return [style.yellow('No worker answers; the run waits. `holdfast dev` carries it on.')];
    case 'worker-back':
      return ['A worker answers again.'];
    case 'approval-asked':
      return [style.yellow(`? waits for people: ${escapeLine(progress.title, REMARK_CHARS)}`)];
    case 'text-delta':
    case 'text-dropped':
    case 'status':
      return [];
  }
}

/** `4.1k→320 tok · $0.0123` */
export function totalsText(totals: Totals): string {
  return `${count(totals.inputTokens)}→${count(totals.outputTokens)} tok · ${costText(totals)}`;
}

/** Arguments as a reader recognises them: `path=docs/a.md from=10`. */
export function argumentsText(call: ShownCall): string {
  const given = call.arguments;
  if (typeof given !== 'object' || given === null) return escapeLine(JSON.stringify(given) ?? '', ARGUMENTS_CHARS);
  const shown = Object.entries(given).map(([key, value]) => {
    const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
    return `${key}=${escapeLine(text, ARGUMENT_CHARS)}`;
  });
  return escapeLine(shown.join(' '), ARGUMENTS_CHARS);
}

function turnLines(turn: Extract<Progress, { type: 'turn-finished' }>, style: Style, elapsedMs: number): string[] {
  const totals = turn.totals ? ` · ${duration(elapsedMs)} · ${totalsText(turn.totals)}` : '';
  const head = style.bold(`turn ${turn.turn}`) + style.dim(totals);
  // The last turn's text is the answer, which is printed whole at the end.
  if (turn.calls.length === 0 || turn.text.trim() === '') return [head];
  return [head, `  ${escapeLine(turn.text, REMARK_CHARS)}`];
}

function toolLine(tool: Extract<Progress, { type: 'tool-finished' }>, style: Style): string {
  const what = `${escapeLine(tool.call.name, 64)} ${argumentsText(tool.call)}`.trimEnd();
  if (tool.outcome === 'ok') return `  ${style.green('✓')} ${what} ${style.dim(`· ${bytes(tool.chars)}`)}`;
  return `  ${style.red('✗')} ${what} · ${tool.outcome}: ${escapeLine(tool.preview, REMARK_CHARS)}`;
}

function todoLine({ text, status }: TodoItem, style: Style): string {
  const mark = { pending: '[ ]', active: style.yellow('[>]'), done: style.green('[x]') }[status];
  return `  ${mark} ${escapeLine(text, REMARK_CHARS)}`;
}

function attemptLine(failed: Extract<Progress, { type: 'attempt-failed' }>, style: Style): string {
  const what = activityText(failed.activity);
  const when = failed.nextInMs === null ? 'running now' : `next in ${duration(failed.nextInMs)}`;
  const why = `${escapeLine(failed.code, 64)} ${escapeLine(failed.message, REMARK_CHARS)}`.trimEnd();
  return style.yellow(`! ${what}: attempt ${failed.attempt}, ${when}: ${why}`);
}

function activityText(type: string): string {
  if (type === 'invokeModel') return 'model call';
  return escapeLine(type.startsWith(TOOL_PREFIX) ? type.slice(TOOL_PREFIX.length) : type, 64);
}
