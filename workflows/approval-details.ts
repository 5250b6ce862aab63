import type { ApprovalDesk } from './approval-desk';

const MAX_SHOWN = 4_000;

/** The request told in Markdown, for the Web UI's "current details": all an approver needs to decide there. */
export function approvalDetails(desk: ApprovalDesk): string {
  const { request, state, outcome, approvers, missing, expiresAt } = desk;
  const lines = [`**${request.title}**`, ''];
  if (request.agent !== undefined) lines.push(`asked by agent **${request.agent}** in run \`${request.run}\``, '');
  if (request.because !== undefined) lines.push(`because: ${request.because}`, '');
  if (request.tainted?.length)
    lines.push(`**content from outside was read before:** ${request.tainted.join(', ')}`, '');
  if (request.body !== undefined) lines.push(request.body, '');
  if (request.arguments !== undefined) lines.push('```json', shown(request.arguments), '```', '');
  if (state.edit) lines.push('changed by an approver to', '```json', shown(state.edit), '```', '');
  for (const { by, as, verdict, reason } of state.votes) {
    lines.push(`- ${by} (${as}): **${verdict}**${reason === undefined ? '' : `, ${reason}`}`);
  }
  for (const { by, message } of state.refused) lines.push(`- not counted: ${by}: ${message}`);
  lines.push('', outcome ? `**${outcome.verdict}**` : waiting());
  return lines.join('\n');

  function waiting(): string {
    const until = expiresAt === undefined ? '' : `, until ${new Date(expiresAt).toISOString()}`;
    return `waits for ${missing} of ${approvers.join(', ')}${until}`;
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value, null, 2) ?? '';
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
