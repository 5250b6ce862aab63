import type { Look } from './file-tools';
import { foldersIn } from './folders';
import type { Reading, TextFigures } from './text-figures';

/** A file of the survey. Only what is needed later is kept: it travels in every reply. */
export interface SurveyedFile {
  path: string;
  bytes: number;
  status: 'waiting' | 'read' | 'binary' | 'unread';
  /** Why it is unread. */
  reason?: string;
  /** Where to read on, and what was counted so far. */
  at?: number;
  /** Bytes of one read, where the survey's own are too many for this file. */
  chunk?: number;
  reading?: Reading;
  figures?: TextFigures;
}

/** A total that the calculator was asked for too. */
export interface Check {
  figure: Sum;
  /** What the calculator found, or why it found nothing; empty until it answers. */
  found: string;
}

export type Phase = 'look' | 'read' | 'check' | 'write' | 'close' | 'answer';

/** Everything the survey knows: its state between two replies. */
export interface Survey {
  phase: Phase;
  /** Nobody asked for files by name: when there are none, the survey was not meant. */
  casual: boolean;
  /** Only a part of a report is wanted: it is the answer, and no file is written. */
  part: boolean;
  /** What is surveyed, where the task names it; else all there is. */
  folders: string[];
  looks: Look[];
  /** Calls made to look into folders and to read. */
  looked: number;
  reads: number;
  /** Entries asked for at once, files read together, bytes of one read: smaller after an answer was cut. */
  limit: number;
  batch: number;
  chunk: number;
  files: SurveyedFile[];
  /** Found beyond the most that are read. */
  beyond: { files: number; bytes: number; names: string[] };
  /** Links and special files, which are not followed. */
  special: number;
  problems: string[];
  checks: Check[];
  /** Set once writing was tried: null when it worked. */
  writeProblem?: string | null;
}

/** Files that are read at most; further ones are counted and named. */
export const MAX_FILES = 200;
/** Larger files are counted, not read. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_NAMES = 50;
const MAX_PROBLEMS = 50;

const PART = /\bpart of (?:(?:the|a|one|its) )?report\b/i;

export function newSurvey(task: string, { casual = false } = {}): Survey {
  const folders = foldersIn(task);
  return {
    phase: 'look',
    casual,
    part: PART.test(task),
    folders,
    looks: folders.length > 0 ? folders.map((path) => ({ path })) : [{ path: '' }],
    looked: 0,
    reads: 0,
    limit: 200,
    batch: 8,
    // JSON may make two bytes of one; what is then above 64 kB would come back as a preview.
    chunk: 32 * 1024,
    files: [],
    beyond: { files: 0, bytes: 0, names: [] },
    special: 0,
    problems: [],
    checks: [],
  };
}

/** Adds a file that was found; its place in the report is the order of finding. */
export function addFile(survey: Survey, path: string, bytes: number): void {
  if (survey.files.length < MAX_FILES) {
    const tooLarge = bytes > MAX_FILE_BYTES && {
      status: 'unread' as const,
      reason: `larger than ${MAX_FILE_BYTES} bytes`,
    };
    survey.files.push({ path, bytes, status: 'waiting', ...tooLarge });
    return;
  }
  survey.beyond.files++;
  survey.beyond.bytes += bytes;
  if (survey.beyond.names.length < MAX_NAMES) survey.beyond.names.push(path);
}

export function addProblem(survey: Survey, problem: string): void {
  if (survey.problems.length < MAX_PROBLEMS) survey.problems.push(problem);
}

export function setFile(survey: Survey, path: unknown, change: (file: SurveyedFile) => SurveyedFile): void {
  const index = survey.files.findIndex((file) => file.path === path);
  const file = survey.files[index];
  if (file !== undefined) survey.files[index] = change(file);
}

export const SUMS = ['bytes', 'lines', 'words', 'headings', 'codeBlocks', 'marks', 'links'] as const;
export type Sum = (typeof SUMS)[number];

/** One figure of one file. */
export function figureOf(file: SurveyedFile, sum: Sum): number {
  return sum === 'bytes' ? file.bytes : (file.figures?.[sum] ?? 0);
}

/** What a figure adds up to over all files of the table. */
export function totalOf({ files }: Survey, sum: Sum): number {
  return files.reduce((total, file) => total + figureOf(file, sum), 0);
}

export function countOf({ files }: Survey, status: SurveyedFile['status']): number {
  return files.filter((file) => file.status === status).length;
}

/** The file with most of something; of equal ones the first. Undefined when none has any. */
export function largestBy({ files }: Survey, sum: Sum): SurveyedFile | undefined {
  return files.reduce<SurveyedFile | undefined>((best, file) => {
    const most = best === undefined ? 0 : figureOf(best, sum);
    return figureOf(file, sum) > most ? file : best;
  }, undefined);
}

/** Whether the calculator, asked, found something else. */
export function disagreements(survey: Survey): Check[] {
  return survey.checks.filter(({ figure, found }) => found !== String(totalOf(survey, figure)));
}
