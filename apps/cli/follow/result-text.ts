import { degradedText } from '../../../protocol/degrade';
import type { SessionResult, StopReason } from '../../../protocol/session';
import { escapeText, safeJson } from '../escape';
import { bytes, costText, count, duration, plural } from '../figures';
import type { Style } from '../style';

/** The answer as people read it: text as it is, a structured one as JSON. */
export function answerText({ output }: SessionResult): string {
  if (typeof output === 'string') return escapeText(output);
  return output === null || output === undefined ? '' : safeJson(output, 2);
}

export interface Ending {
  result: SessionResult;
  id: string;
  elapsedMs?: number;
  webUrl?: string | undefined;
  /** The run's workspace, where it is on this machine, and what the run wrote there. */
  workspace?: { folder: string; files: { name: string; bytes: number }[] } | undefined;
  /** Commands worth typing now. */
  next: string[];
}

/** How a run ended, what it used, where to look and what to try. */
export function endingLines({ result, id, elapsedMs, webUrl, workspace, next }: Ending, style: Style): string[] {
  const { stopReason, detail, turns, toolCalls, usage } = result;
  const mark = stopReason === 'completed' ? style.green('done') : style.yellow(stopReason);
  const used = [
    plural(turns, 'turn'),
    plural(toolCalls, 'tool call'),
    `${count(usage.inputTokens)}→${count(usage.outputTokens)} tok`,
    costText(result),
    ...(elapsedMs === undefined ? [] : [duration(elapsedMs)]),
  ];
  const lines = [`${mark} ${style.bold(id)} · ${used.join(' · ')}`];
  if (stopReason !== 'completed') lines.push(`  ${escapeText(detail ?? STOP_TEXT[stopReason])}`);
  for (const one of result.degraded ?? []) lines.push(style.yellow(`  without ${escapeText(degradedText(one))}`));
  if (result.simulated) lines.push(style.dim(`  ${SIMULATED}`));
  if (workspace) lines.push(...workspaceLines(workspace));
  if (webUrl) lines.push(`  run    ${webUrl}`);
  for (const [at, command] of next.entries()) lines.push(`  ${at === 0 ? 'next' : '    '}   ${command}`);
  return lines;
}

export const SIMULATED =
  'The simulated model answers: rules, no thinking; tokens are estimates. Set OPENAI_API_KEY or ANTHROPIC_API_KEY for a real one.';

const SHOWN_FILES = 20;

function workspaceLines({ folder, files }: NonNullable<Ending['workspace']>): string[] {
  if (files.length === 0) return [];
  const shown = files
    .slice(0, SHOWN_FILES)
    .map(({ name, bytes: size }) => `  wrote  ${escapeText(`${folder}/${name}`)} (${bytes(size)})`);
  const more = files.length - shown.length;
  return more > 0 ? [...shown, `         and ${more} more`] : shown;
}

const STOP_TEXT: Record<StopReason, string> = {
  completed: 'answered',
  'max-turns': 'the limit of turns was reached; raise limits.turns of the agent',
  'max-tool-calls': 'the limit of tool calls was reached; raise limits.toolCalls of the agent',
  'max-tokens': 'the limit of tokens was reached; raise limits.tokens of the agent',
  'max-cost': 'the budget was used up; give more with --budget USD',
  deadline: 'the deadline passed',
  'repeated-call': 'the model repeated itself',
  'invalid-output': 'the answer does not satisfy the output schema',
  'answer-cut': 'the answer reached the output limit',
  'context-too-long': 'the context does not fit the model',
  refused: 'the model refused',
  cancelled: 'cancelled',
  stopped: 'stopped',
  interrupted: 'interrupted',
  failed: 'failed',
  closed: 'closed',
  'idle-timeout': 'nobody wrote for as long as the chat allows',
  expired: 'the chat reached its expiry',
};
