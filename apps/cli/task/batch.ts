import { writeFileSync } from 'node:fs';
import type { HoldfastClient, NodeView, PlanDefinition } from '../../../client';
import { HoldfastError } from '../../../protocol/failures';
import { readGiven } from './given-file';

/** What came of one item; `item` counts from 1, as the lines do. */
export interface ItemResult {
  item: number;
  status: string;
  run?: string;
  output?: unknown;
  reason?: string;
}

/**
 * One item a line: text, or a JSON value. Empty lines are left out.
 * @throws HoldfastError `Input.Invalid`, `Input.TooLarge`.
 */
export function readItems(file: string): string[] {
  const items = readGiven(file)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  if (items.length > 0 && items.length <= 10_000) return items;
  throw new HoldfastError('Input.Invalid', `${file}: ${items.length} items; from 1 to 10,000 can be done at once`);
}

/** Nodes that know nothing of each other: what fails is named, and the others go on. */
export function batchPlan(agent: string, items: readonly string[], parallel: number): PlanDefinition {
  const nodes = items.map((goal, at) => ({ id: `item-${at + 1}`, goal }));
  return { name: 'batch', agent, onFailure: 'skip', limits: { parallel }, nodes };
}

/** The answers are those of the items' runs: together they may be larger than what a plan can give. */
export async function itemResults(holdfast: HoldfastClient, nodes: readonly NodeView[]): Promise<ItemResult[]> {
  const results: ItemResult[] = [];
  for (const [at, { status, run, reason, output: kept }] of nodes.entries()) {
    const ofRun = async () => (run === undefined ? undefined : (await holdfast.get(run).result()).output);
    const output = status === 'done' ? (kept ?? (await ofRun())) : undefined;
    results.push({
      item: at + 1,
      status,
      ...(run !== undefined && { run }),
      ...(output !== undefined && { output }),
      ...(reason !== undefined && { reason }),
    });
  }
  return results;
}

export function writeResults(file: string, results: readonly ItemResult[]): void {
  try {
    writeFileSync(file, results.map((result) => `${JSON.stringify(result)}\n`).join(''));
  } catch (cause) {
    throw new HoldfastError('Input.Invalid', `the results cannot be written: ${(cause as Error).message}`, { cause });
  }
}
