import { readFileSync } from 'node:fs';
import type { ApprovalView } from '../../../protocol/approval';
import { HoldfastError } from '../../../protocol/failures';
import type { DecideFlags } from '../commands/approvals-decide';
import type { Context } from '../context';
import { escapeLine } from '../escape';
import { withLink } from '../link';
import { editLines } from './approval-text';

/** Decides about exactly what is asked at this moment, and says what became of it. */
export async function decideHere(
  context: Context,
  id: string,
  verb: 'approve' | 'deny' | 'answer',
  { edit: file, remember, digest: seen, ...flags }: DecideFlags,
  answer?: string,
): Promise<void> {
  const { out } = context;
  const edit = file === undefined ? undefined : readEdit(file);
  const after = await withLink(context, async ({ holdfast: { approvals } }) => {
    const { request } = await approvals.get(id);
    if (edit) for (const line of editLines(request.arguments, edit, out.note)) out.say(line);
    const options = { ...flags, digest: seen ?? request.digest };
    if (verb === 'deny') await approvals.deny(id, options);
    else if (verb === 'answer') await approvals.answer(id, answer, options);
    else await approvals.approve(id, { ...options, ...(edit && { edit }), ...(remember && { remember }) });
    return approvals.get(id);
  });
  const { outcome, missing, votes } = after;
  out.data({ id, verdict: outcome?.verdict ?? null, missing, votes, outcome }, () => told(id, after));
}

function told(id: string, { outcome, missing, request }: ApprovalView): string {
  if (outcome) return `${escapeLine(id)}: ${outcome.verdict}: ${escapeLine(request.title)}`;
  return `${escapeLine(id)}: counted; ${missing} more ${missing === 1 ? 'is' : 'are'} needed`;
}

/** @throws HoldfastError `Input.Invalid`. */
function readEdit(file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    throw new HoldfastError('Input.Invalid', `--edit: ${(cause as Error).message}`, {
      hint: 'Give a file with a JSON object, the arguments to use instead; - reads standard input.',
      cause,
    });
  }
  throw new HoldfastError('Input.Invalid', '--edit: a JSON object is needed, the arguments to use instead');
}
