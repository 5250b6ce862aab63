import { z } from 'zod';
import { HoldfastError } from '../../../protocol/failures';
import { defineTool } from '../define-tool';
import { shorten } from '../preview';
import type { Workspace } from '../workspace';
import { isRefused } from '../workspace-error';
import { globFilter } from './glob';
import { skips } from './look';
import { type LineMatch, RegexWorker } from './regex-worker';
import { notText, withoutBom } from './text';
import { FILES } from './toolset';

const MAX_MATCHES = 500;
const MAX_VISITED = 20_000;
/** Longer files are skipped, and counted. */
const MAX_FILE_BYTES = 2 * 1024 * 1024;
const MAX_LINE_BYTES = 400;
/** Milliseconds matching one file may take; the whole call is bounded by its own timeout. */
const MATCH_MS = 750;

const input = z.strictObject({
  query: z.string().min(1).max(1_000).describe('Text to find, or a regular expression when "regex" is true.'),
  regex: z.boolean().default(false).describe('JavaScript syntax, tried on each line.'),
  ignoreCase: z.boolean().default(false),
  path: z.string().default('').describe('The folder or file to search; "" is the whole workspace.'),
  pattern: z.string().min(1).optional().describe('Only in files that fit, e.g. "*.ts".'),
  limit: z.number().int().min(1).max(MAX_MATCHES).default(100).describe('Lines to give at most.'),
});

type Input = z.output<typeof input>;
type Matcher = (text: string, limit: number) => LineMatch[] | Promise<LineMatch[]>;

/** What is searched and what was left out. */
interface Found {
  matches: (LineMatch & { path: string })[];
  filesSearched: number;
  /** Binary, too large or unreadable. */
  filesSkipped: number;
  /** Whether there may be more than was given. */
  more: boolean;
}

export const filesSearch = defineTool({
  name: 'files_search',
  description:
    'Finds the lines that contain a text or match a regular expression, in all text files below a folder. Answers with path, line number and line.',
  input,
  effect: 'read',
  ...FILES,
  timeout: '30s',
  async execute(given, { workspace, signal }) {
    if (!given.regex) return search(given, workspace, signal, plainMatcher(given));
    const thread = regexThread(given);
    const onAbort = (): void => void thread.stop(new Error('the search was stopped'));
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await search(given, workspace, signal, (text, most) => thread.match(text, most, MATCH_MS, tooSlow()));
    } finally {
      signal.removeEventListener('abort', onAbort);
      await thread.stop(new Error('the search ended'));
    }
  },
});

function tooSlow(): HoldfastError {
  return new HoldfastError('Tool.Failed', `the regular expression took longer than ${MATCH_MS} ms on one file`, {
    hint: 'Nested repetitions such as (a+)+ are slow; write a simpler one.',
  });
}

function regexThread({ query, ignoreCase }: Input): RegexWorker {
  try {
    return new RegexWorker(query, ignoreCase ? 'i' : '');
  } catch (error) {
    throw new HoldfastError('Tool.Failed', `not a regular expression: ${(error as Error).message}`);
  }
}

function plainMatcher({ query, ignoreCase }: Input): Matcher {
  const wanted = ignoreCase ? query.toLowerCase() : query;
  return (text, limit) => {
    const matches: LineMatch[] = [];
    if (!(ignoreCase ? text.toLowerCase() : text).includes(wanted)) return matches;
    for (const [index, line] of text.split('\n').entries()) {
      if (matches.length === limit) break;
      if ((ignoreCase ? line.toLowerCase() : line).includes(wanted)) matches.push({ line: index + 1, text: line });
    }
    return matches;
  };
}

async function search(given: Input, workspace: Workspace, signal: AbortSignal, match: Matcher): Promise<Found> {
  const found: Found = { matches: [], filesSearched: 0, filesSkipped: 0, more: false };
  for await (const path of filesOf(given, workspace, signal, found)) {
    const text = await readText(workspace, path);
    if (text === undefined) {
      found.filesSkipped++;
      continue;
    }
    found.filesSearched++;
    const room = given.limit - found.matches.length;
    const lines = await match(text, room + 1);
    const shown = lines.slice(0, room);
    found.matches.push(
      ...shown.map(({ line, text }) => ({ path, line, text: shorten(text.trimEnd(), MAX_LINE_BYTES) })),
    );
    if (lines.length > room) return { ...found, more: true };
  }
  return found;
}

async function* filesOf(
  { path, pattern }: Input,
  workspace: Workspace,
  signal: AbortSignal,
  found: Found,
): AsyncGenerator<string> {
  if ((await workspace.info(path)).type === 'file') {
    yield path;
    return;
  }
  const fits = pattern === undefined ? () => true : globFilter(pattern);
  const start = path.replace(/\/+$/, '').length;
  let visited = 0;
  for await (const entry of workspace.walk(path, { enter: (folder) => !skips(folder), signal })) {
    if (++visited > MAX_VISITED) {
      found.more = true;
      return;
    }
    if (entry.type === 'file' && fits(entry.path.slice(start).replace(/^\//, ''))) yield entry.path;
  }
}

/** Undefined for what cannot be searched. */
async function readText(workspace: Workspace, path: string): Promise<string | undefined> {
  try {
    const { bytes, size } = await workspace.read(path, { length: MAX_FILE_BYTES });
    if (size > MAX_FILE_BYTES || notText(bytes) !== undefined) return undefined;
    return withoutBom(bytes.toString('utf8'));
  } catch (error) {
    if (isRefused(error, 'path', 'outside', 'missing', 'kind', 'changed', 'system', 'too-large')) return undefined;
    throw error;
  }
}
