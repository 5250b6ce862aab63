import { ActivityFailure } from '@temporalio/common';
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { HoldfastActivities } from '../protocol/activities';
import type { ApprovalEvent, ApprovalOutcome, ApprovalRequest, Decision } from '../protocol/approval';
import type { Decided } from '../protocol/budget/ledger';
import { LOOK_UP, NOTIFY, RECKON } from './activity-options';
import { ApprovalDesk } from './approval-desk';
import { approvalDetails } from './approval-details';
import { bury } from './bury';
import { checkDecisionShape, checkRequest } from './check-decision';
import { refuse } from './check-update';
import { conditionWithin } from './condition-within';
import { failureOf, toApplicationFailure } from './failures';
import { approvalQuery, decideSignal, decideUpdate } from './messages';
import { recordApproval, recordApprovers } from './search-attributes';

const { checkDecision } = proxyLocalActivities<HoldfastActivities>(LOOK_UP);
const { workingInstant } = proxyLocalActivities<HoldfastActivities>(RECKON);
const { notifyApproval } = proxyActivities<HoldfastActivities>(NOTIFY);

/**
 * One question to people, durable until it is decided, expires or what asked for it ends. Everything said about it is in its
 * history. Any run may ask, at any depth; open ones are found by visibility.
 */
export async function approval(request: ApprovalRequest): Promise<ApprovalOutcome> {
  checkRequest(request);
  const desk = new ApprovalDesk(request, Date.now());
  setHandler(approvalQuery, () => desk.view());
  setHandler(decideUpdate, (decision) => decide(desk, decision), {
    validator: (decision) => {
      checkDecisionShape(decision);
      desk.check(decision, Date.now());
    },
  });
  setHandler(decideSignal, (decision) => decideBySignal(desk, decision));
  if (!request.carried) {
    recordApproval(request, desk.approvers);
  }
  try {
    await untilDecided(desk, request.carried ? undefined : 'asked');
  } catch (error) {
    if (!isCancellation(error)) throw error;
    desk.withdraw();
  }
  return CancellationScope.nonCancellable(async () => {
    setCurrentDetails(approvalDetails(desk));
    await condition(allHandlersFinished);
    const outcome = desk.outcome ?? desk.withdraw();
    await answer(request, outcome);
    return outcome;
  });
}

/** Whoever asked may be gone by now: then nobody waits for it. */
async function answer({ run, answerTo }: ApprovalRequest, outcome: ApprovalOutcome): Promise<void> {
  if (answerTo === undefined) return;
  const decided: Decided = { approval: workflowInfo().workflowId, outcome };
  await getExternalWorkflowHandle(run)
    .signal(answerTo, decided)
    .catch(() => undefined);
}

/** Counts one decision, or refuses it: whatever came between is looked at again after the worker was asked. */
async function decide(desk: ApprovalDesk, decision: Decision): Promise<void> {
  const { request, approvers } = desk;
  const { by, verdict, reason, edit, answer, remember } = decision;
  const input = {
    approval: workflowInfo().workflowId,
    decision,
    approvers,
    digest: desk.digest,
    ...(request.requester !== undefined && { requester: request.requester }),
    ...(request.tool !== undefined && { tool: request.tool }),
  };
  const { stage } = desk.state;
  const { as, signed } = await checkDecision(input).catch(rethrown);
  const at = Date.now();
  desk.check(decision, at);
  if (desk.state.stage !== stage) {
    refuse('Approval.Expired', 'others are asked by now', 'See who: holdfast approvals show ID');
  }
  desk.count({
    by,
    verdict,
    as,
    at,
    signed,
    ...(reason !== undefined && { reason }),
    ...(edit !== undefined && { edit }),
    ...(answer !== undefined && { answer }),
    ...(remember !== undefined && { remember }),
  });
  setCurrentDetails(approvalDetails(desk));
}

/**
 * The same by a signal, which the stock Temporal CLI and Web UI send: nobody hears of a refusal, so it is kept. What can be refused at
 * once is, without a promise: signals may come in floods.
 */
function decideBySignal(desk: ApprovalDesk, decision: Decision): Promise<void> | void {
  try {
    checkDecisionShape(decision);
    desk.check(decision, Date.now());
  } catch (error) {
    return refused(desk, decision, error);
  }
  return decide(desk, decision).catch((error) => refused(desk, decision, error));
}

function refused(desk: ApprovalDesk, decision: Decision, error: unknown): void {
  if (isCancellation(error)) throw error;
  // A worker that could not tell refuses too: a failure thrown here would end the approval.
  const failure = failureOf(error) ?? { code: 'Internal.Bug', message: 'it could not be checked; decide again' };
  const by = typeof decision?.by === 'string' ? decision.by.slice(0, 200) : '?';
  desk.refuse({ by, at: Date.now(), code: failure.code, message: failure.message });
  setCurrentDetails(approvalDetails(desk));
}

function rethrown(error: unknown): never {
  const failure = failureOf(error);
  throw failure ? toApplicationFailure(failure) : error;
}

/** Waits, reminds and escalates until there is an outcome. */
async function untilDecided(desk: ApprovalDesk, news: ApprovalEvent | undefined): Promise<void> {
  let event = news;
  while (!desk.outcome) {
    const { state, request, patience } = desk;
    desk.expiresAt = patience === undefined ? undefined : await instantAfter(request, state.stageSince, patience);
    const remindAt = await nextReminder(desk);
    if (event !== undefined) tell(desk, event);
    event = undefined;
    setCurrentDetails(approvalDetails(desk));
    const decided = await decidedBefore(desk, Math.min(desk.expiresAt ?? Number.POSITIVE_INFINITY, remindAt));
    if (decided) return;
    if (desk.expiresAt !== undefined && Date.now() >= desk.expiresAt) {
      if (!desk.escalate(Date.now())) return;
      recordApprovers(desk.approvers);
      event = 'escalated';
    } else if (Date.now() >= remindAt) {
      state.reminders++;
      event = 'reminded';
    }
    const told = event === undefined;
    if (workflowInfo().continueAsNewSuggested && told && !desk.outcome) await rollOver(desk);
  }
}

async function nextReminder({ request, state }: ApprovalDesk): Promise<number> {
  const { remindEvery } = request;
  if (remindEvery === undefined) return Number.POSITIVE_INFINITY;
  return instantAfter(request, state.stageSince, remindEvery * (state.reminders + 1));
}

async function instantAfter({ workingHours: hours }: ApprovalRequest, from: number, ms: number): Promise<number> {
  return hours ? workingInstant({ from, ms, hours }) : from + ms;
}

/** The server may have been down over the time: whoever decides before it is noticed has decided too late. */
async function decidedBefore(desk: ApprovalDesk, at: number): Promise<boolean> {
  const awake = () => desk.outcome !== undefined || workflowInfo().continueAsNewSuggested;
  await (Number.isFinite(at) ? conditionWithin(awake, at - Date.now(), 'time for a decision') : condition(awake));
  return desk.outcome !== undefined;
}

async function rollOver(desk: ApprovalDesk): Promise<never> {
  await condition(allHandlersFinished);
  if (desk.outcome) return undefined as never;
  return continueAsNew<typeof approval>({ ...desk.request, carried: desk.state });
}

/** Beside the waiting: a notice that cannot be delivered holds nothing up. */
function tell(desk: ApprovalDesk, event: ApprovalEvent): void {
  const { carried: _carried, ...request } = desk.request;
  const { approvers, expiresAt = null } = desk;
  const { workflowId: id } = workflowInfo();
  const input = { event, approval: id, request, approvers, expiresAt };
  notifyApproval(input).catch((error) => {
    if (isCancellation(error) || desk.outcome) return;
    const { run, agent, tenant, title } = request;
    const cause = error instanceof ActivityFailure ? (error.cause?.message ?? error.message) : String(error);
    const work = { activity: 'notifyApproval', input, timeoutMs: 30_000, maxAttempts: 5 };
    const from = { run, ...(agent !== undefined && { agent }), ...(tenant !== undefined && { tenant }) };
    const letter = { kind: 'notice' as const, title: `${event}: ${title}`, cause, work, ...from };
    return bury(letter, `${id} ${event} ${desk.state.stage} ${desk.state.reminders}`).catch(() => undefined);
  });
}
