import { escapeLine, escapeText } from '../escape';
import { count, duration, usd } from '../figures';
import { localTime } from '../run-table';
import type { Style } from '../style';
import { table } from '../table';
import type { RunStep } from './steps';

const WHAT_CHARS = 70;

/** Steps as a table; one line each. */
export function stepTable(steps: readonly RunStep[], style: Style): string {
  if (steps.length === 0) return 'no steps';
  return table(['step', 'turn', 'took', 'tokens', 'cost', 'what'], steps.map(cellsOf), style);
}

/** The cells of one step. */
export function cellsOf(step: RunStep): string[] {
  const { ms, usage, costUsd, attempts = 1, turn } = step;
  return [
    String(step.step),
    turn === 0 ? '' : String(turn),
    ms === undefined ? '' : duration(ms),
    usage ? `${count(usage.inputTokens)}→${count(usage.outputTokens)}` : '',
    costUsd === undefined ? '' : costUsd === null ? '?' : usd(costUsd),
    whatOf(step) + (attempts > 1 ? ` (attempt ${attempts})` : ''),
  ];
}

function whatOf({ kind, name = '', arguments: args, outcome, text, by }: RunStep): string {
  switch (kind) {
    case 'input':
      return `${escapeLine(by ?? 'input', 40)}: ${escapeLine(text, WHAT_CHARS)}`;
    case 'summary':
      return `summary: ${escapeLine(text, WHAT_CHARS)}`;
    case 'turn':
      return `says: ${escapeLine(text, WHAT_CHARS) || '(only calls)'}`;
    case 'tool': {
      const failed = outcome === 'ok' ? '' : ` · ${outcome ?? 'no result yet'}`;
      return `  ${escapeLine(name, 64)} ${escapeLine(JSON.stringify(args) ?? '', WHAT_CHARS)}${failed}`;
    }
  }
}

/** All of one step, nothing cut. */
export function stepText(step: RunStep, style: Style): string {
  const { kind, name = '', startedAt, ms, attempts = 1, model, usage, costUsd, outcome, artifact } = step;
  const lines = [style.bold(`step ${step.step} · turn ${step.turn} · ${kind}${name && ` ${escapeLine(name, 128)}`}`)];
  const row = (title: string, text: string | undefined): void => {
    if (text) lines.push(`  ${title.padEnd(10)}${text}`);
  };
  row('at', startedAt && `${localTime(startedAt)}${ms === undefined ? '' : `, took ${duration(ms)}`}`);
  row('attempts', attempts > 1 ? String(attempts) : undefined);
  row('model', model && escapeLine(model));
  row('tokens', usage && `${usage.inputTokens} in (${usage.cachedInputTokens} cached), ${usage.outputTokens} out`);
  row('cost', costUsd === undefined ? undefined : costUsd === null ? 'unknown' : usd(costUsd));
  row('outcome', outcome);
  row('whole text', artifact && escapeLine(artifact));
  if (step.arguments !== undefined) {
    const args = typeof step.arguments === 'string' ? step.arguments : JSON.stringify(step.arguments, null, 2);
    lines.push('', style.dim('arguments'), escapeText(args));
  }
  if (step.text !== '') lines.push('', style.dim(kind === 'tool' ? 'result' : 'text'), escapeText(step.text));
  return lines.join('\n');
}
