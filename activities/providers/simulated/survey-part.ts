import { labelled } from './rule';
import { COUNTED, checked, code, figuresText, notRead, summaries, table, totals } from './survey-report';
import { countOf, type Survey } from './survey-state';

/** Answers of more bytes are moved out of the history, and whoever comes next is shown their beginning only. */
const MAX_BYTES = 60_000;

/**
 * The part of a report as the answer itself, for whoever puts the parts together. What would make it too long to be handed over whole
 * is left out, the files' words first, then rows, and that is said; the totals are always those of all files.
 */
export function partText(survey: Survey): string {
  const { files } = survey;
  const told = summaries(survey, '###');
  const whole = written(survey, { told, rows: files.length });
  if (fits(whole)) return whole;
  for (let rows = files.length; rows > 0; rows = Math.floor(rows / 2)) {
    const shorter = written(survey, { told: [], rows, left: leftOut(files.length - rows) });
    if (fits(shorter)) return shorter;
  }
  return written({ ...survey, problems: [] }, { told: [], rows: 0, left: leftOut(files.length), files: false });
}

interface Extent {
  told: string[];
  rows: number;
  left?: string;
  /** Whether files are named beside the table. */
  files?: boolean;
}

function written(survey: Survey, { told, rows, left, files = true }: Extent): string {
  const { folders } = survey;
  const named = folders.length > 0 ? folders.map(code).join(', ') : 'as a whole';
  const sections = [
    labelled(`Surveyed ${figuresText(survey)} (${countOf(survey, 'read')} text files read).`),
    `## Folder ${named}`,
    '### Totals',
    totals(survey),
    checked(survey),
    ...(rows > 0 ? ['### Files', table(survey, rows)] : []),
    left ?? '',
    ...told,
    ...(files ? notRead(survey, '###') : []),
    '### How it was counted',
    COUNTED,
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function leftOut(rows: number): string {
  const more = rows > 0 ? ` and the rows of ${rows} files` : '';
  return `What the files say${more} is left out here: the part would be too long to be handed over whole.`;
}

function fits(text: string): boolean {
  return Buffer.byteLength(JSON.stringify(text)) <= MAX_BYTES;
}
