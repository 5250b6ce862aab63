import type { ApprovalSummary } from '../../../client';
import type { ApprovalView } from '../../../protocol/approval';
import type { Context } from '../context';
import { escapeLine, escapeText, safeJson } from '../escape';
import { localTime } from '../run-table';
import { selfCommand } from '../self-command';
import type { Style } from '../style';
import { table } from '../table';

/** Approvals as people read them. All texts of theirs come from models: what would act on a terminal is made visible. */

const MAX_ARGUMENTS = 20_000;

export function approvalTable(approvals: readonly ApprovalSummary[], style: Style): string {
  if (approvals.length === 0) return 'nothing waits for an approval';
  const rows = approvals.map(({ id, kind, open, askedAt, approvers, title }) => [
    escapeLine(id),
    open ? (kind ?? '?') : 'closed',
    localTime(askedAt),
    escapeLine(approvers.join(', '), 60),
    escapeLine(title, 100),
  ]);
  return table(['approval', 'kind', 'asked', 'who may decide', 'what'], rows, style);
}

export function approvalText(id: string, view: ApprovalView, style: Style): string {
  const { request, votes, refused, outcome, expiresAt, missing, approvers } = view;
  const lines = [`${style.bold(escapeLine(id))} · ${outcome ? outcome.verdict : style.yellow('open')}`];
  const row = (name: string, text: string | undefined | null): void => {
    if (text) lines.push(`  ${name.padEnd(10)}${text}`);
  };
  row('asks', escapeLine(request.title, 400));
  row('run', escapeLine([request.run, request.agent && `agent ${request.agent}`].filter(Boolean).join(' · ')));
  row('for', request.requester && escapeLine(request.requester));
  row('because', request.because && escapeLine(request.because, 400));
  row('outside', request.tainted && `content was read from ${escapeLine(request.tainted.join(', '), 400)}`);
  row('asked', localTime(new Date(view.openedAt)));
  row('waits for', outcome ? undefined : `${missing} of ${escapeLine(approvers.join(', '), 400)}`);
  row('until', outcome || expiresAt === null ? undefined : localTime(new Date(expiresAt)));
  for (const { by, as, verdict, reason, at } of votes) {
    row(
      'decided',
      escapeLine(`${localTime(new Date(at))} ${by} (${as}): ${verdict}${reason ? `, ${reason}` : ''}`, 500),
    );
  }
  for (const { by, code, message } of refused) row('refused', escapeLine(`${by}: ${code}: ${message}`, 400));
  row('result', outcome?.reason && escapeLine(outcome.reason, 400));
  if (outcome?.answer !== undefined) row('answer', escapeLine(textOf(outcome.answer), 2_000));
  row('digest', request.digest);
  if (request.body !== undefined) lines.push('', escapeText(request.body));
  if (request.options) lines.push('', ...request.options.map((option) => `  - ${escapeLine(option)}`));
  if (request.arguments !== undefined) lines.push('', ...argumentLines(view, style));
  return lines.join('\n');
}

/** The arguments, or how an approver changed them. */
function argumentLines({ request, edit }: ApprovalView, style: Style): string[] {
  const asked = shown(request.arguments);
  return edit ? editLines(request.arguments, edit, style) : [asked];
}

/** What changes from the arguments that were asked for to those that are approved. */
export function editLines(asked: unknown, edit: unknown, style: Style): string[] {
  const { lineDiff } =
    require('../../../workers/config/line-diff') as typeof import('../../../workers/config/line-diff');
  return lineDiff(shown(asked), shown(edit)).map((line) => {
    if (line.startsWith('- ')) return style.red(line);
    return line.startsWith('+ ') ? style.green(line) : line;
  });
}

function shown(value: unknown): string {
  const text = safeJson(value, 2);
  return text.length > MAX_ARGUMENTS ? `${text.slice(0, MAX_ARGUMENTS)}…` : text;
}

function textOf(answer: unknown): string {
  return typeof answer === 'string' ? answer : JSON.stringify(answer);
}

/** The commands that decide. */
export function decideCommands({ env, placeFlags }: Context, id: string, kind: string | null): string[] {
  const command = (rest: string): string => `${selfCommand(env)} approvals ${rest}${placeFlags}`;
  const yes = kind === 'question' || kind === 'effect' ? `answer ${id} "…"` : `approve ${id}`;
  return [command(yes), command(`deny ${id}`), command(`show ${id}`)];
}
