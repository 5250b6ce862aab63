import type { RunSummary } from '../../client';
import { compensationText } from '../../protocol/compensation';
import { degradedText } from '../../protocol/degrade';
import { type Failure, HoldfastError } from '../../protocol/failures';
import type { SessionResult, SessionStateView } from '../../protocol/session';
import { variablesText } from './chat/variables';
import type { Context } from './context';
import { escapeLine, escapeText } from './escape';
import { bytes, costText, count, duration, plural } from './figures';
import { type PendingAttempt, pendingAttempts } from './follow/pending-attempts';
import { answerText } from './follow/result-text';
import type { Link } from './link';
import { placeOfRun, type RunReport, workspaceOf } from './run-report';
import { localTime } from './run-table';
import type { Style } from './style';

/** All that is known of one run. */
export interface ShownRun extends RunSummary {
  webUrl?: string;
  /** While it runs and a worker answers. */
  state?: SessionStateView;
  /** Calls that are being tried again. */
  pending: PendingAttempt[];
  result?: SessionResult;
  failure?: Failure;
  workspace?: RunReport['workspace'];
}

const ANSWER_MS = 4_000;

/** @throws HoldfastError `Run.Unknown`, `Server.Unreachable`. */
export async function showRun(context: Context, link: Link, id: string): Promise<ShownRun> {
  const { holdfast } = link;
  const summary = await holdfast.describe(id);
  const { firstRunId, webUrl } = await placeOfRun(link, id);
  const { raw } = await holdfast.temporal.workflow.getHandle(id).describe();
  const workspace = workspaceOf(context, id, firstRunId);
  return {
    ...summary,
    ...(webUrl !== undefined && { webUrl }),
    pending: pendingAttempts(raw.pendingActivities ?? [], Date.now()),
    ...(await known(link, summary)),
    ...(workspace && { workspace }),
  };
}

/** One that has not begun has no state yet, and to ask for it would only take time. */
async function known(link: Link, { id, executionStatus, beginsAt }: RunSummary) {
  if (executionStatus !== 'RUNNING') return ending(link, id);
  return beginsAt && beginsAt.getTime() > Date.now() ? {} : present(link, id);
}

async function present({ holdfast }: Link, id: string): Promise<Pick<ShownRun, 'state'>> {
  try {
    const state = await holdfast.temporal.withDeadline(Date.now() + ANSWER_MS, () => holdfast.get(id).state());
    return { state };
  } catch {
    return {};
  }
}

async function ending({ holdfast }: Link, id: string): Promise<Pick<ShownRun, 'result' | 'failure'>> {
  try {
    const get = () => holdfast.get(id).result();
    const result = await holdfast.temporal.withDeadline(Date.now() + ANSWER_MS, get);
    if (result.compensation?.status !== 'running') return { result };
    // The run closed before all was undone: how far it is now.
    const compensation = await holdfast.get(id).compensation();
    return { result: { ...result, ...(compensation && { compensation }) } };
  } catch (error) {
    if (!HoldfastError.is(error) || error.code === 'Server.Unreachable') return {};
    const { code, message, hint } = error;
    return { failure: { code, message, ...(hint !== undefined && { hint }) } };
  }
}

export function shownRunText(run: ShownRun, style: Style): string {
  const known = run.result ?? run.state;
  const lines = [`${style.bold(escapeLine(run.id))} · ${statusText(run, style)}`];
  const row = (name: string, text: string | undefined): void => {
    if (text) lines.push(`  ${name.padEnd(9)}${text}`);
  };
  const about = known ? [known.model, known.revision && `revision ${known.revision.slice(0, 12)}`] : [];
  row('agent', escapeLine([run.agent ?? '?', ...about].filter(Boolean).join(' · ')));
  row('started', startedText(run));
  row('begins', run.beginsAt && localTime(run.beginsAt));
  if (known) row('used', usedText(known));
  if (run.state) row('does', escapeLine([run.state.phase, ...run.state.running].join(' · ')));
  for (const { id, title } of run.state?.waitsFor ?? []) row('waits for', ` ${escapeLine(id)}: ${escapeLine(title)}`);
  if (run.state) controlRows(run.state, row);
  for (const one of known?.degraded ?? []) row('without', escapeText(degradedText(one)));
  row('undo', known?.compensation ? escapeText(compensationText(known.compensation)) : undefined);
  row('ended', run.result?.detail && escapeText(run.result.detail));
  for (const { activity, attempt, code, message } of run.pending) {
    row('retry', `${escapeLine(activity)}: attempt ${attempt} after ${escapeLine(`${code} ${message}`)}`);
  }
  row('temporal', `${run.executionStatus} · ${run.historyEvents} events`);
  row('web', run.webUrl);
  for (const { name, bytes: size } of run.workspace?.files.slice(0, 20) ?? []) {
    row('wrote', `${escapeText(`${run.workspace?.folder}/${name}`)} (${bytes(size)})`);
  }
  if (run.failure) row('failed', escapeText(`${run.failure.code}: ${run.failure.message}`));
  if (run.failure?.hint) row('', escapeText(run.failure.hint));
  if (run.result) lines.push('', answerText(run.result));
  return lines.join('\n').trimEnd();
}

/** What operators asked of the run, and what a chat has before it. */
function controlRows(
  { pause, chat, actions, variables = {} }: SessionStateView,
  row: (name: string, text?: string) => void,
): void {
  if (pause) row('paused', escapeText(`by ${pause.by}${pause.reason ? `: ${pause.reason}` : ''}`));
  if (chat) {
    const { title, finished, queued, closing } = chat;
    const about = [title && escapeLine(title), `${finished} answered`, `${queued} waiting`, closing && 'closing'];
    row('chat', about.filter(Boolean).join(' · '));
  }
  const values = variablesText(variables);
  row('variables', values && ` ${values}`);
  for (const { at, by, action, reason, detail } of actions.slice(-3)) {
    const told = [detail, reason && `“${reason}”`].filter(Boolean).join(' ');
    row('control', escapeLine(`${localTime(new Date(at))} ${by} ${action} ${told}`.trim()));
  }
}

function statusText({ status, result }: ShownRun, style: Style): string {
  if (status === 'completed') return style.green(status);
  const reason = result?.stopReason;
  return style.yellow(reason && reason !== status ? `${status}: ${reason}` : status);
}

function startedText({ startedAt, closedAt }: ShownRun): string {
  const took = closedAt ? `, took ${duration(closedAt.getTime() - startedAt.getTime())}` : '';
  return localTime(startedAt) + took;
}

function usedText(known: SessionResult | SessionStateView): string {
  const { turns, toolCalls, usage } = known;
  const tokens = `${count(usage.inputTokens)}→${count(usage.outputTokens)} tok`;
  return `${plural(turns, 'turn')} · ${plural(toolCalls, 'tool call')} · ${tokens} · ${costText(known)}`;
}
