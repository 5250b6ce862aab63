import { msToNumber } from '@temporalio/common';
import type { ApprovalTerms, WorkingHours } from '../protocol/approval';
import { APPROVER } from '../protocol/approval-terms';
import { invalid } from './check-update';

type Duration = number | string;

/** Terms as a workflow of a user's own writes them: lengths of time also as text, parts of the working hours left out. */
export interface WrittenTerms
  extends Omit<ApprovalTerms, 'expiresAfter' | 'remindEvery' | 'escalate' | 'workingHours'> {
  expiresAfter?: Duration | undefined;
  remindEvery?: Duration | undefined;
  escalate?: { approvers: string[]; expiresAfter?: Duration | undefined }[] | undefined;
  workingHours?: Partial<WorkingHours> | undefined;
}

const HOURS: WorkingHours = { timeZone: 'UTC', days: [1, 2, 3, 4, 5], from: '09:00', to: '17:00' };

/**
 * The terms as the approval uses them. Agents' own were parsed when the worker started; these may come from a workflow or from a
 * client in another language.
 * @throws ApplicationFailure `Input.Invalid`.
 */
export function normalTerms({ approvers, quorum, expiresAfter, remindEvery, escalate, workingHours }: WrittenTerms) {
  checkApprovers('approvers', approvers);
  if (quorum !== undefined && !(Number.isInteger(quorum) && quorum >= 1 && quorum <= 100))
    invalid('quorum: a whole number from 1 to 100');
  return {
    ...(expiresAfter !== undefined && { expiresAfter: milliseconds('expiresAfter', expiresAfter) }),
    ...(remindEvery !== undefined && { remindEvery: milliseconds('remindEvery', remindEvery) }),
    ...(escalate !== undefined && { escalate: stepsOf(escalate).map(normalStep) }),
    ...(workingHours !== undefined && { workingHours: { ...HOURS, ...workingHours } }),
  };
}

function stepsOf(escalate: unknown): NonNullable<WrittenTerms['escalate']> {
  const isStep = (step: unknown): step is NonNullable<WrittenTerms['escalate']>[number] =>
    typeof step === 'object' && step !== null;
  if (Array.isArray(escalate) && escalate.length <= 10 && escalate.every(isStep)) return escalate;
  return invalid('escalate: a list of at most 10 objects, e.g. [{"approvers": ["role:board"]}]');
}

function normalStep({ approvers, expiresAfter }: NonNullable<WrittenTerms['escalate']>[number], at: number) {
  const where = `escalate[${at}]`;
  checkApprovers(`${where}.approvers`, approvers);
  if (expiresAfter === undefined) return { approvers };
  return { approvers, expiresAfter: milliseconds(`${where}.expiresAfter`, expiresAfter) };
}

function checkApprovers(where: string, approvers: unknown): void {
  if (approvers === undefined) return;
  const list: unknown[] = Array.isArray(approvers) ? approvers : [];
  if (list.length === 0 || list.length > 100) invalid(`${where}: a list of 1 to 100 approvers`);
  const wrong = list.find((one) => typeof one !== 'string' || !APPROVER.test(one));
  if (wrong !== undefined)
    invalid(`${where}: ${JSON.stringify(wrong)} is not "user:NAME", "role:NAME", "manager" or "anyone"`);
}

function milliseconds(name: string, duration: Duration): number {
  try {
    const ms = msToNumber(duration as number);
    if (ms > 0) return ms;
  } catch {
    // Said below, with what would be right.
  }
  return invalid(`${name}: not a duration: ${JSON.stringify(duration)}; write e.g. "2 days"`);
}
