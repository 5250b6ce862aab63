import { isRecord, LABEL, labelled, oneLine } from './rule';
import { code, REPORT, tableOf } from './survey-report';

export { REPORT };

/** What someone answered with who did a part of the work. */
export interface Part {
  /** The task it is the answer to. */
  name: string;
  text: string;
  /** The rows of its first table of figures. */
  totals: [name: string, value: string][];
}

/** A figure, and what each part that has it says. */
interface Sum {
  name: string;
  values: string[];
}

const HEAD = /^\| Figure \| Value \|$/m;
const ROW = /^\| ([^|]+) \| (.+) \|$/;
const WHOLE_NUMBER = /^\d{1,15}$/;
/** `Longest file`: its path, and by what it is the longest. */
const GREATEST = /^(.+), (\d{1,15}) (lines|bytes)$/;
const NAMED_FILE = /^(?:Longest|Largest) file$/;

/** The parts a task was handed; one that gave nothing, or no text, has an empty text. */
export function partsIn(task: string): Part[] {
  const { inputs } = parsed(task);
  if (!isRecord(inputs)) return [];
  return Object.entries(inputs).map(([name, given]) => {
    const text = typeof given === 'string' ? given : '';
    return { name, text, totals: totalsIn(text) };
  });
}

function parsed(task: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(task);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function totalsIn(text: string): Part['totals'] {
  const head = HEAD.exec(text);
  if (!head) return [];
  const [, , ...rows] = text.slice(head.index).split('\n');
  const end = rows.findIndex((row) => !ROW.test(row));
  return rows.slice(0, end < 0 ? rows.length : end).map((row) => {
    const [, name = '', value = ''] = ROW.exec(row) ?? [];
    return [name, value];
  });
}

/** The figures that can be added up, in the order the parts have them. */
export function sumsOf(parts: readonly Part[]): Sum[] {
  const sums = new Map<string, string[]>();
  for (const [name, value] of parts.flatMap(({ totals }) => totals))
    if (WHOLE_NUMBER.test(value)) sums.set(name, [...(sums.get(name) ?? []), value]);
  return [...sums].map(([name, values]) => ({ name, values }));
}

export function expressionOf({ values }: Sum): string {
  return `sum(${values.join(', ')})`;
}

/** The report: totals over all parts, then the parts as they were given. */
export function reportOf(parts: readonly Part[], found: readonly (string | null)[], task: string): string {
  const sections = [
    '# Folder report',
    `> ${LABEL} Put together by Holdfast's simulated model: fixed rules, figures from the parts, added up by the calculator.`,
    `**Task:** ${oneLine(String(parsed(task).task), 500)}`,
    '## Totals',
    tableOf(['Figure', 'Value'], [...addedUp(parts, found), ...greatest(parts)]),
    `Added up over ${parts.length} parts: ${parts.map(({ name }) => code(name)).join(', ')}.`,
    ...missing(parts),
    ...parts.filter(({ totals }) => totals.length > 0).map(({ text }) => bodyOf(text)),
  ];
  return `${sections.join('\n\n')}\n`;
}

function addedUp(parts: readonly Part[], found: readonly (string | null)[]): [string, string][] {
  return sumsOf(parts).map(({ name }, at) => [name, found[at] ?? 'not added up: the calculator gave no result']);
}

function greatest(parts: readonly Part[]): [string, string][] {
  const best = new Map<string, { value: string; amount: number }>();
  for (const [name, value] of parts.flatMap(({ totals }) => totals)) {
    const [, , amount] = (NAMED_FILE.test(name) && GREATEST.exec(value)) || [];
    if (amount !== undefined && Number(amount) > (best.get(name)?.amount ?? -1))
      best.set(name, { value, amount: Number(amount) });
  }
  return [...best].map(([name, { value }]) => [name, value]);
}

function missing(parts: readonly Part[]): string[] {
  const without = withoutTotals(parts);
  return without.length > 0
    ? [`**Missing:** ${without.map(code).join(', ')} gave no totals; nothing of it is in here.`]
    : [];
}

function withoutTotals(parts: readonly Part[]): string[] {
  return parts.filter(({ totals }) => totals.length === 0).map(({ name }) => name);
}

/** Without what was said before its first heading. */
function bodyOf(text: string): string {
  const start = text.search(/^## /m);
  return text.slice(Math.max(start, 0)).trimEnd();
}

const TOLD: readonly [figure: string, unit: string][] = [
  ['Files', 'files'],
  ['Bytes', 'bytes'],
  ['Lines', 'lines'],
  ['Words', 'words'],
];

/** The last answer: the figures that matter, and where the report is. */
export function answerOf(
  parts: readonly Part[],
  found: readonly (string | null)[],
  { task, writeProblem }: { task: string; writeProblem: string | null },
): string {
  const figures = new Map(addedUp(parts, found));
  const told = TOLD.flatMap(([figure, unit]) => (figures.has(figure) ? [`${figures.get(figure)} ${unit}`] : []));
  const [longest] = greatest(parts).filter(([name]) => name === 'Longest file');
  const without = withoutTotals(parts);
  const sentences = [
    `Put ${parts.length} ${parts.length === 1 ? 'part' : 'parts'} together: ${told.join(', ')}, added up by the calculator.`,
    ...(longest ? [`The longest file is ${longest[1].replace(/`/g, '').replace(/, (\d+ lines)$/, ' with $1')}.`] : []),
    ...(without.length > 0 ? [`Missing: ${without.join(', ')}.`] : []),
  ];
  const summary = labelled(sentences.join(' '));
  if (writeProblem === null) return `${summary} The report is ${REPORT} in the run's own workspace.`;
  return `${summary} ${REPORT} was not written (${oneLine(writeProblem, 160)}), so here it is:\n\n${reportOf(parts, found, task)}`;
}
