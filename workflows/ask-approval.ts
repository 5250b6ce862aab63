import { type ChildWorkflowOptions, startChild, workflowInfo } from '@temporalio/workflow';
import type { ApprovalOutcome, ApprovalRequest } from '../protocol/approval';
import { contentDigest } from '../protocol/content-digest';
import { ID_SEPARATOR } from '../protocol/names';
import type { approval } from './approval';
import { normalTerms, type WrittenTerms } from './approval-terms';
import { nextNumber } from './count';
import { toApplicationFailure } from './failures';

/** SQL visibility stores no longer ids. */
const MAX_ID_CHARS = 255;

/** Below the run's id, so that one id finds a run and all it asked for. */
export function approvalIdOf(run: string, number: number): string {
  const id = `${run}${ID_SEPARATOR}ask-${number}`;
  return id.length <= MAX_ID_CHARS ? id : `ask-${contentDigest(run).slice(0, 32)}-${number}`;
}

/** Asks people in a workflow of its own and waits for what they say. It is withdrawn when the run that asks is cancelled. */
export function askApproval(
  id: string,
  request: Omit<ApprovalRequest, 'run'>,
  run = workflowInfo().workflowId,
): Promise<ApprovalOutcome> {
  const options = { parentClosePolicy: 'REQUEST_CANCEL', cancellationType: 'TRY_CANCEL' } as const;
  return startApprovalOf(id, request, run, options).then((child) => child.result());
}

/**
 * As `askApproval`, for a workflow that may continue as new before people have decided, and then looks for the outcome itself. It has to
 * cancel the question by itself before it ends.
 * @param onAsked once the question is there.
 */
export async function askForLater(
  id: string,
  request: Omit<ApprovalRequest, 'run'>,
  onAsked: () => void,
): Promise<ApprovalOutcome> {
  const child = await startApprovalOf(id, request, workflowInfo().workflowId, { parentClosePolicy: 'ABANDON' });
  onAsked();
  return child.result();
}

function startApprovalOf(
  id: string,
  request: Omit<ApprovalRequest, 'run'>,
  run: string,
  options: Pick<ChildWorkflowOptions, 'parentClosePolicy' | 'cancellationType'>,
) {
  return startChild<typeof approval>('approval', {
    workflowId: id,
    args: [{ ...request, ...normalTerms(request), run }],
    staticSummary: request.title,
    memo: { approval: inboxEntry(request, run) },
    ...options,
  });
}

/** Asks people and goes on; what they say comes by the signal `request.answerTo`, also after this workflow continued as new. */
export async function openApproval(id: string, request: Omit<ApprovalRequest, 'run'>): Promise<void> {
  const run = workflowInfo().workflowId;
  await startChild<typeof approval>('approval', {
    workflowId: id,
    args: [{ ...request, ...normalTerms(request), run }],
    staticSummary: request.title,
    memo: { approval: inboxEntry(request, run) },
    parentClosePolicy: 'ABANDON',
  });
}

/** What a list shows of it without asking it. */
function inboxEntry(
  { kind, title, tool, because, agent, requester, callId }: Omit<ApprovalRequest, 'run'>,
  run: string,
) {
  return { kind, title, run, tool, because, agent, requester, callId };
}

/** What a user's own workflow asks for: `{title, approvers, expiresAfter, …}`; durations in milliseconds or as text. */
export interface RequestApprovalOptions extends WrittenTerms {
  title: string;
  /** More about it, in Markdown. */
  body?: string;
  kind?: 'plan' | 'message' | 'question' | 'budget';
  /** What is decided on; shown to the approvers and part of the digest. */
  subject?: unknown;
  /** Answers to choose from, of a question. */
  options?: string[];
  requester?: string;
}

/**
 * Asks people from a user's own workflow, and waits until they decided.
 * @returns the answer of a question, else nothing.
 * @throws ApplicationFailure `Approval.Denied` when it was denied or expired; `details.outcome` says which, and by whom.
 *
 * @example
 * ```ts
 * import { callTool, requestApproval } from 'holdfast/workflow';
 *
 * export async function publish(title: string, text: string): Promise<unknown> {
 *   await requestApproval({
 *     title: `Publish "${title}"?`,
 *     approvers: ['role:editor'],
 *     subject: { title, text },
 *     expiresAfter: '2 days',
 *   });
 *   return callTool('publish', { title, text });
 * }
 * ```
 */
export async function requestApproval<Answer = void>(options: RequestApprovalOptions): Promise<Answer> {
  const outcome = await startApproval(options);
  if (outcome.verdict === 'approved') return outcome.answer as Answer;
  throw toApplicationFailure({
    code: 'Approval.Denied',
    message: `${options.title}: ${outcome.verdict}${outcome.reason === undefined ? '' : ` (${outcome.reason})`}`,
    details: { outcome },
  });
}

function startApproval({ subject, kind = 'message', ...given }: RequestApprovalOptions) {
  const { workflowId } = workflowInfo();
  const { escalate: _escalate, workingHours: _hours, expiresAfter: _expires, remindEvery: _remind, ...rest } = given;
  const request = {
    ...rest,
    ...normalTerms(given),
    kind,
    ...(subject !== undefined && { arguments: subject }),
    digest: contentDigest({ run: workflowId, title: given.title, body: given.body, subject }),
  };
  return askApproval(approvalIdOf(workflowId, nextNumber('approvals')), request);
}
