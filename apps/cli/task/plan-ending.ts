import type { NodeView, PlanHandle, PlanResult } from '../../../client';
import type { Carrier } from '../carrier';
import type { Context } from '../context';
import { escapeText } from '../escape';
import { bytes, costText, count, duration, plural } from '../figures';
import { SIMULATED } from '../follow/result-text';
import { webUrl } from '../place';
import { placeOfRun, workspaceOf } from '../run-report';
import { selfCommand } from '../self-command';
import type { WorkspaceFile } from '../workspace-files';

/** What a node's run wrote on this machine. */
export interface Written {
  node: string;
  folder: string;
  files: WorkspaceFile[];
}

/** What is known of a plan that is over, beyond its result. */
export interface PlanEnding {
  nodes: NodeView[];
  written: Written[];
  simulated: boolean;
  costIncomplete: boolean;
  elapsedMs?: number;
}

/** Runs that are looked at, the last to end: more would take longer than anybody waits. */
const LOOKED_AT = 20;
const SHOWN_FILES = 10;

/** Whatever can be found out of it: that the plan is over is known already. */
export async function endingOf(context: Context, { link }: Carrier, plan: PlanHandle): Promise<PlanEnding> {
  const ending: PlanEnding = { nodes: [], written: [], simulated: false, costIncomplete: false };
  try {
    const { startedAt, closedAt } = await link.holdfast.describe(plan.id);
    ending.elapsedMs = (closedAt ?? new Date()).getTime() - startedAt.getTime();
    ending.nodes = await plan.nodes();
    const last = ending.nodes
      .flatMap((node) => (node.run !== undefined && node.status === 'done' ? [{ ...node, run: node.run }] : []))
      .sort((one, other) => (other.endedAt ?? 0) - (one.endedAt ?? 0))
      .slice(0, LOOKED_AT);
    for (const { id, run } of last) {
      const { simulated, costIncomplete } = await link.holdfast.get(run).result();
      ending.simulated ||= simulated;
      ending.costIncomplete ||= costIncomplete;
      const workspace = workspaceOf(context, run, (await placeOfRun(link, run)).firstRunId);
      if (workspace) ending.written.push({ node: id, ...workspace });
    }
  } catch {
    // The server may go at any time, with whoever had started it; the result is here.
  }
  return ending;
}

/** How it ended and what it used, what was written, where to look and what to try. */
export function endingLines(
  { out, env, placeFlags }: Context,
  { link, carriesOn }: Carrier,
  id: string,
  result: PlanResult,
  ending: PlanEnding,
): string[] {
  const { note } = out;
  const { nodes, written, elapsedMs, simulated } = ending;
  const used = [
    ...(nodes.length > 0 ? [plural(nodes.length, 'node')] : []),
    `${count(result.tokens)} tok`,
    costText({ costUsd: result.costUsd, ...ending }),
    ...(elapsedMs === undefined ? [] : [duration(elapsedMs)]),
  ];
  const mark = result.status === 'completed' ? note.green('done') : note.yellow(result.status);
  const self = selfCommand(env);
  const dev = `${self} dev${placeFlags}`;
  const url = webUrl(link.place, id);
  const runs = written.length > 0 ? [`${self} runs show ${id}/${written[0]?.node}${placeFlags}`] : [];
  const next = [
    ...(carriesOn ? [] : [`${dev}   # keeps Temporal and its Web UI open`]),
    `${self} task status ${id}${placeFlags}`,
    ...runs,
  ];
  return [
    `${mark} ${note.bold(id)} · ${used.join(' · ')}`,
    ...(simulated ? [note.dim(`  ${SIMULATED}`)] : []),
    ...writtenLines(written),
    ...(url === undefined ? [] : [`  plan   ${url}${carriesOn ? '' : `   (while \`${dev}\` runs)`}`]),
    ...next.map((command, at) => `  ${at === 0 ? 'next' : '    '}   ${command}`),
  ];
}

function writtenLines(written: readonly Written[]): string[] {
  const files = written.flatMap(({ folder, files: some }) => some.map((file) => ({ folder, ...file })));
  const shown = files
    .slice(0, SHOWN_FILES)
    .map(({ folder, name, bytes: size }) => `  wrote  ${escapeText(`${folder}/${name}`)} (${bytes(size)})`);
  return files.length > shown.length ? [...shown, `         and ${files.length - shown.length} more`] : shown;
}
