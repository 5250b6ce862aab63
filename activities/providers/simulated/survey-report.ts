import { LABEL, labelled, oneLine } from './rule';
import {
  countOf,
  disagreements,
  figureOf,
  largestBy,
  MAX_FILES,
  SUMS,
  type Survey,
  type SurveyedFile,
  totalOf,
} from './survey-state';

/** Where the report goes: the run's own folder, never a mount. */
export const REPORT = 'report.md';
/** Characters of the task that are repeated. */
const MAX_TASK = 500;

/** The report as Markdown. Numbers stand without separators, so that a program can read them too. */
export function reportText(survey: Survey, task: string): string {
  const sections = [
    ['# Folder report', `> ${LABEL} Written by Holdfast's simulated model: fixed rules, real files, counted figures.`],
    [`**Task:** ${oneLine(task, MAX_TASK)}`],
    ['## Totals', totals(survey), checked(survey)],
    survey.files.length > 0 ? ['## Files', table(survey)] : [],
    summaries(survey),
    notRead(survey),
    ['## How it was counted', COUNTED],
  ];
  return `${sections
    .flat()
    .filter((part) => part !== '')
    .join('\n\n')}\n`;
}

export function totals(survey: Survey): string {
  const { files, beyond, special } = survey;
  const longest = largestBy(survey, 'lines');
  const largest = largestBy(survey, 'bytes');
  const rows: [string, string | number][] = [
    ['Files', files.length],
    ['Text files read', countOf(survey, 'read')],
    ['Binary files, not read', countOf(survey, 'binary')],
    ['Files that could not be read', countOf(survey, 'unread')],
    ['Bytes', totalOf(survey, 'bytes')],
    ['Lines', totalOf(survey, 'lines')],
    ['Words', totalOf(survey, 'words')],
    ['Headings', totalOf(survey, 'headings')],
    ['Code blocks', totalOf(survey, 'codeBlocks')],
    ['Marks (TODO and the like)', totalOf(survey, 'marks')],
    ['Links', totalOf(survey, 'links')],
    ['Longest file', longest ? `${code(longest.path)}, ${figureOf(longest, 'lines')} lines` : 'none'],
    ['Largest file', largest ? `${code(largest.path)}, ${largest.bytes} bytes` : 'none'],
    ...(special > 0 ? [['Links and special files, not followed', special] as [string, number]] : []),
    ...(beyond.files > 0
      ? [['Further files, left out', `${beyond.files}, ${beyond.bytes} bytes`] as [string, string]]
      : []),
  ];
  return tableOf(['Figure', 'Value'], rows);
}

export function checked(survey: Survey): string {
  if (survey.checks.length === 0) return '';
  const wrong = disagreements(survey);
  const names = survey.checks.map(({ figure }) => figure).join(', ');
  if (wrong.length === 0) return `The calculator finds the same sums: ${names}.`;
  return `The sums could not be confirmed: ${wrong.map(({ figure, found }) => `${figure} (calculator: ${found})`).join('; ')}.`;
}

const KINDS: Record<SurveyedFile['status'], string> = {
  read: 'text',
  binary: 'binary',
  unread: 'not read',
  waiting: 'not read',
};

/** @param shown files with a row, the first; all of them by default. */
export function table(survey: Survey, shown = survey.files.length): string {
  const rows = survey.files.slice(0, shown).map((file): [string, ...(string | number)[]] => {
    const figures = SUMS.map((sum) => (sum === 'bytes' || file.figures ? figureOf(file, sum) : '–'));
    return [code(file.path), KINDS[file.status], ...figures];
  });
  return tableOf(['File', 'Kind', 'Bytes', 'Lines', 'Words', 'Headings', 'Code blocks', 'Marks', 'Links'], rows);
}

/** @param level of the heading. */
export function summaries({ files }: Survey, level = '##'): string[] {
  const told = files.flatMap(({ path, figures }) => {
    if (figures?.title === undefined && figures?.opening === undefined) return [];
    const title = figures.title === undefined ? [] : [`**${oneLine(figures.title, 100)}**`];
    const opening = figures.opening === undefined ? [] : [`> ${oneLine(figures.opening, 160)}`];
    return [`${level}# ${code(path)}`, ...title, ...opening];
  });
  return told.length > 0 ? [`${level} What the files say`, ...told] : [];
}

export function notRead({ files, beyond, problems }: Survey, level = '##'): string[] {
  const lines = [
    ...files.flatMap(({ path, reason }) => (reason === undefined ? [] : [`- ${code(path)}: ${reason}`])),
    ...problems.map((problem) => `- ${problem}`),
    ...beyond.names.map((name) => `- ${code(name)}: left out, more than ${MAX_FILES} files`),
    ...(beyond.files > beyond.names.length ? [`- and ${beyond.files - beyond.names.length} more`] : []),
  ];
  return lines.length > 0 ? [`${level} Not read`, lines.join('\n')] : [];
}

export const COUNTED = [
  '- Lines: line feeds, plus one for a last line without. Words: runs of characters that are not white space.',
  '- Headings (`#`) and fenced code blocks: in Markdown files, headings outside of code.',
  '- Marks: TODO, FIXME, XXX, HACK in capitals. Links: targets of Markdown links and bare http(s) addresses.',
  '- Binary files and files that could not be read count as files and bytes only.',
].join('\n');

export function figuresText(survey: Survey): string {
  return `${survey.files.length} files, ${totalOf(survey, 'bytes')} bytes, ${totalOf(survey, 'lines')} lines, ${totalOf(survey, 'words')} words`;
}

/** The last answer: where the report is, and the figures that matter. */
export function answerText(survey: Survey, task: string): string {
  const { writeProblem, files, beyond, problems } = survey;
  if (files.length === 0) {
    const why = problems.length > 0 ? ` Problems: ${problems.join('; ')}.` : '';
    return labelled(`I looked for files and found none.${why}`);
  }
  const longest = largestBy(survey, 'lines');
  const missed = countOf(survey, 'unread') + beyond.files;
  const sentences = [
    `Surveyed ${figuresText(survey)} (${countOf(survey, 'read')} text files read, ${countOf(survey, 'binary')} binary).`,
    longest ? `The longest file is ${longest.path} with ${figureOf(longest, 'lines')} lines.` : '',
    missed > 0 ? `Not read: ${missed}; the report says which and why.` : '',
    problems.length > 0 ? `Problems: ${problems.slice(0, 3).join('; ')}.` : '',
    checked(survey),
  ].filter((sentence) => sentence !== '');
  const summary = labelled(sentences.join(' '));
  if (writeProblem === null) return `${summary} The report is ${REPORT} in the run's own workspace.`;
  const why = writeProblem === undefined ? 'I may not write files' : `${REPORT} could not be written (${writeProblem})`;
  return `${summary} ${why}, so here it is:\n\n${reportText(survey, task)}`;
}

export function tableOf(head: string[], rows: (string | number)[][]): string {
  const line = (cells: (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A path as inline code, also inside a table: GitHub reads `\|` there as a plain bar. */
export function code(path: string): string {
  const fence = path.includes('`') ? '``' : '`';
  return `${fence}${path.replaceAll('|', '\\|')}${fence}`;
}
