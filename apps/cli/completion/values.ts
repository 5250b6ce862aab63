import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { HoldfastClient } from '../../../client';
import type { Line } from './complete';

/** Words from the project and from the server. Each must be there while somebody waits for it. */

const ASK_MS = 2_000;
const MOST_RUNS = 50;

/** From the files' names and their `name:`, without loading any: TypeScript would take too long. */
export function agentNames({ given }: Line): string[] {
  const own = namesIn(path.join(given.project ?? '.', 'agents'));
  return own.length > 0 ? own : namesIn(path.join(packageRoot(), 'agents'));
}

function namesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => /\.(ya?ml|[cm]?[jt]s)$/.test(name) && !/\.d\.ts$/.test(name));
  return files.map((file) => {
    const named = /^\s*name:\s*['"]?([a-z][a-z0-9-]*)/m.exec(readFileSync(path.join(folder, file), 'utf8'))?.[1];
    return named ?? file.replace(/\.[^.]+$/, '');
  });
}

export function profileNames(line: Line): string[] {
  const { readConfigFile } =
    require('../../../workers/config/config-file') as typeof import('../../../workers/config/config-file');
  const { PROFILE_DEFAULTS } =
    require('../../../workers/config/schema') as typeof import('../../../workers/config/schema');
  const { profiles } = Object(readConfigFile(path.resolve(line.given.project ?? '.'))?.value) as { profiles?: object };
  return [...new Set([...Object.keys(PROFILE_DEFAULTS), ...Object.keys(profiles ?? {})])];
}

export function configKeys(): string[] {
  const { keyText, leaves } = require('../../../workers/config/keys') as typeof import('../../../workers/config/keys');
  return leaves()
    .map((leaf) => keyText(leaf.path))
    .filter((key) => !key.includes('*'));
}

/** The newest runs; none when no server answers in time. */
export function runIds(line: Line): Promise<string[]> {
  return idsOf(line, async (holdfast) => {
    const ids: string[] = [];
    for await (const { id } of holdfast.list({ limit: MOST_RUNS })) ids.push(id);
    return ids;
  });
}

/** What waits for a decision. */
export function approvalIds(line: Line): Promise<string[]> {
  return idsOf(line, async ({ approvals }) => (await approvals.list({ limit: MOST_RUNS })).map(({ id }) => id));
}

async function idsOf({ given, env }: Line, find: (holdfast: HoldfastClient) => Promise<string[]>): Promise<string[]> {
  const { createContext } = require('../context') as typeof import('../context');
  const { openLink } = require('../link') as typeof import('../link');
  const { placeOf } = require('../place') as typeof import('../place');
  const place = placeOf(createContext(given, env));
  if (!place) return [];
  const { holdfast, close } = await openLink(place);
  const ids = await holdfast.temporal.withDeadline(Date.now() + ASK_MS, () => find(holdfast));
  await close();
  return ids;
}

/** Ours, from sources as from `dist`. */
function packageRoot(): string {
  const up = path.resolve(__dirname, '..', '..', '..');
  return path.basename(up) === 'dist' ? path.dirname(up) : up;
}
