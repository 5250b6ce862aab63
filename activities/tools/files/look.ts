import { z } from 'zod';
import { defineTool } from '../define-tool';
import type { FileEntry } from '../workspace';
import { globFilter } from './glob';
import { FILES } from './toolset';

const MAX_ENTRIES = 1_000;
/** Entries one call looks at before it stops; keeps a quick tool quick in the largest folder. */
const MAX_VISITED = 10_000;
/** Left out of walks unless asked for: large, and seldom what is meant. */
export const SKIPPED = new Set(['.git', 'node_modules']);

const folder = z.string().default('').describe('The folder; "" is the whole workspace.');
const limit = z.number().int().min(1).max(MAX_ENTRIES).default(MAX_ENTRIES).describe('Entries to give at most.');

export const filesInfo = defineTool({
  name: 'files_info',
  description:
    'Tells whether a path is a file or a folder, its size in bytes, when it was changed and whether it may be written.',
  input: z.strictObject({ path: z.string() }),
  effect: 'read',
  quick: true,
  ...FILES,
  async execute({ path }, { workspace }) {
    const { modifiedMs, ...info } = await workspace.info(path);
    return { ...info, modified: new Date(modifiedMs).toISOString() };
  },
});

export const filesList = defineTool({
  name: 'files_list',
  description: 'Lists what one folder holds, sorted by name, with the sizes of files in bytes.',
  input: z.strictObject({
    path: folder,
    after: z.string().optional().describe('Go on after this path, from "next".'),
    limit,
  }),
  effect: 'read',
  quick: true,
  ...FILES,
  async execute({ path, after = '', limit: most }, { workspace }) {
    const all = await workspace.list(path, { sizes: true });
    const rest = all.filter((entry) => entry.path > after);
    const entries = rest.slice(0, most);
    return { path, total: all.length, entries, next: entries.length < rest.length ? entries.at(-1)?.path : null };
  },
});

export const filesWalk = defineTool({
  name: 'files_walk',
  description:
    'Lists all files below a folder, sorted by path, with sizes in bytes; optionally only those that fit a pattern such as "*.md" or "src/**/*.{ts,js}".',
  input: z.strictObject({
    path: folder,
    pattern: z
      .string()
      .min(1)
      .optional()
      .describe('Without "/" it is tried on names, else on paths below the folder. * ? ** {a,b}'),
    depth: z.number().int().min(0).max(64).default(64).describe('Folders to go down.'),
    all: z.boolean().default(false).describe('Also look into .git and node_modules.'),
    after: z.string().optional().describe('Go on after this path, from "next".'),
    limit,
  }),
  effect: 'read',
  quick: true,
  ...FILES,
  async execute({ path, pattern, depth, all, after, limit: most }, { workspace, signal }) {
    const fits = pattern === undefined ? () => true : globFilter(pattern);
    const enter = (entered: string): boolean => (all || !skips(entered)) && !liesBefore(entered, after);
    const below = (entry: FileEntry): string => entry.path.slice(prefixOf(path).length);
    const files: FileEntry[] = [];
    let visited = 0;
    let last: string | undefined;
    for await (const entry of workspace.walk(path, { depth, enter, sizes: true, signal })) {
      if (after !== undefined && compareWalk(entry.path, after) <= 0) continue;
      if (files.length === most || visited === MAX_VISITED) return { path, files, next: last };
      visited++;
      last = entry.path;
      if (entry.type !== 'folder' && fits(below(entry))) files.push(entry);
    }
    return { path, files, next: null };
  },
});

export function skips(path: string): boolean {
  return SKIPPED.has(path.slice(path.lastIndexOf('/') + 1));
}

function prefixOf(path: string): string {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  return names.length === 0 ? '' : `${names.join('/')}/`;
}

/** Whether everything below a folder was given before `after`. */
function liesBefore(entered: string, after: string | undefined): boolean {
  return after !== undefined && compareWalk(entered, after) < 0 && !`${after}/`.startsWith(`${entered}/`);
}

/** The order of a walk: a folder, what is in it, then its next neighbour. */
export function compareWalk(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')];
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const [x, y] = [left[index] as string, right[index] as string];
    if (x !== y) return x < y ? -1 : 1;
  }
  return left.length - right.length;
}
