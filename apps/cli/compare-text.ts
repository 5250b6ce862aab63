import type { ComparedMessage, ComparedRun, Comparison } from '../../protocol/comparison';
import { escapeLine, escapeText } from './escape';
import { costText, count, duration } from './figures';
import { localTime } from './run-table';
import type { Style } from './style';
import { table } from './table';

const SHOWN_CHARS = 600;

const ROWS: [title: string, cell: (run: ComparedRun) => string][] = [
  ['agent', ({ agent, revision }) => escapeLine(`${agent}${revision ? ` ${revision.slice(0, 12)}` : ''}`)],
  ['model', ({ model }) => escapeLine(model ?? '–')],
  ['status', ({ status }) => escapeLine(status)],
  ['stopped for', ({ stopReason, failure }) => escapeLine(failure ?? stopReason ?? '–')],
  ['turns', ({ turns }) => String(turns)],
  ['tool calls', ({ toolCalls }) => String(toolCalls)],
  ['tokens', ({ inputTokens, outputTokens }) => `${count(inputTokens)}→${count(outputTokens)}`],
  ['cost', costText],
  ['messages', ({ messages }) => String(messages)],
  ['started', ({ startedAt }) => localTime(new Date(startedAt))],
  ['took', ({ ms }) => (ms === null ? 'not over yet' : duration(ms))],
];

/** Two runs side by side, and where they part. Rows that are not the same are marked. */
export function comparisonText({ runs, common, different }: Comparison, style: Style): string {
  const [left, right] = runs;
  const rows = ROWS.map(([title, cell]) => {
    const cells = [cell(left), cell(right)] as const;
    return [cells[0] === cells[1] ? ' ' : '≠', title, ...cells];
  });
  const names = runs.map(({ id }) => escapeLine(id, 60)) as [string, string];
  return [table(['', '', ...names], rows, style), '', ...whereTheyPart(names, common, different, style)].join('\n');
}

function whereTheyPart(
  names: readonly [string, string],
  common: number,
  different: Comparison['different'],
  style: Style,
): string[] {
  if (!different) return [`The same conversation: ${common} messages.`];
  const shown = different.messages.flatMap((message, at) => [
    style.bold(names[at] as string),
    ...messageText(message)
      .split('\n')
      .map((line) => `  ${line}`),
  ]);
  return [`The same up to message ${common}. Message ${different.position + 1}:`, ...shown];
}

function messageText(message: ComparedMessage | null): string {
  if (!message) return '(none)';
  const { role, text, calls, tool, outcome } = message;
  const head =
    tool === null ? role : `${escapeLine(tool, 64)}${outcome === 'ok' ? '' : ` · ${escapeLine(outcome ?? '')}`}`;
  const asked = calls.map(
    ({ name, arguments: args }) => `→ ${escapeLine(name, 64)} ${escapeLine(JSON.stringify(args), 200)}`,
  );
  const said = text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
  return [`${head}:`, ...(said === '' ? [] : [escapeText(said)]), ...asked].join('\n');
}
