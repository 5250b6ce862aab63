import { ActivityFailure } from '@temporalio/common';
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { HoldfastActivities } from '../protocol/activities';
import type { ApprovalEvent, ApprovalOutcome, ApprovalRequest, Decision } from '../protocol/approval';
import { LOOK_UP, NOTIFY } from './activity-options';
import { ApprovalDesk } from './approval-desk';
import { approvalDetails } from './approval-details';
import { bury } from './bury';
import { checkDecisionShape, checkRequest } from './check-decision';
import { failureOf, toApplicationFailure } from './failures';
import { approvalQuery, decideSignal, decideUpdate } from './messages';
import { recordApproval, recordApprovers } from './search-attributes';

const { checkDecision, workingInstant } = proxyLocalActivities<HoldfastActivities>(LOOK_UP);
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
      desk.check(decision);
    },
  });
  setHandler(decideSignal, (decision) => decideBySignal(desk, decision));
  if (!request.carried) {
    recordApproval(request, desk.approvers);
    tell(desk, 'asked');
  }
  try {
    await untilDecided(desk);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    desk.withdraw();
  }
  return CancellationScope.nonCancellable(async () => {
    setCurrentDetails(approvalDetails(desk));
    await condition(allHandlersFinished);
    return desk.outcome ?? desk.withdraw();
  });
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
  const { as, signed } = await checkDecision(input).catch(rethrown);
  desk.check(decision);
  const at = Date.now();
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

/** The same by a signal, which the stock Temporal CLI and Web UI send: nobody hears of a refusal, so it is kept. */
async function decideBySignal(desk: ApprovalDesk, decision: Decision): Promise<void> {
  try {
    checkDecisionShape(decision);
    desk.check(decision);
    await decide(desk, decision);
  } catch (error) {
    const failure = failureOf(error);
    if (!failure) throw error;
    const by = typeof decision?.by === 'string' ? decision.by.slice(0, 200) : '?';
    desk.refuse({ by, at: Date.now(), code: failure.code, message: failure.message });
    setCurrentDetails(approvalDetails(desk));
  }
}

function rethrown(error: unknown): never {
  const failure = failureOf(error);
  throw failure ? toApplicationFailure(failure) : error;
}

/** Waits, reminds and escalates until there is an outcome. */
async function untilDecided(desk: ApprovalDesk): Promise<void> {
  while (!desk.outcome) {
    const { state, request, patience } = desk;
    desk.expiresAt = patience === undefined ? undefined : await instantAfter(request, state.stageSince, patience);
    const remindAt = await nextReminder(desk);
    setCurrentDetails(approvalDetails(desk));
    const decided = await decidedBefore(desk, Math.min(desk.expiresAt ?? Number.POSITIVE_INFINITY, remindAt));
    if (decided) return;
    if (desk.expiresAt !== undefined && Date.now() >= desk.expiresAt) {
      if (!desk.escalate(Date.now())) return;
      recordApprovers(desk.approvers);
      tell(desk, 'escalated');
    } else if (Date.now() >= remindAt) {
      state.reminders++;
      tell(desk, 'reminded');
    }
    if (workflowInfo().continueAsNewSuggested && !desk.outcome) await rollOver(desk);
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
  const over = () => desk.outcome !== undefined;
  if (!Number.isFinite(at)) {
    await condition(() => over() || workflowInfo().continueAsNewSuggested);
    return over();
  }
  const timer = new CancellationScope();
  const passed = timer
    .run(() => sleep(Math.max(at - Date.now(), 1), { summary: 'time for a decision' }))
    .then(
      () => over(),
      (error) => {
        if (over()) return true;
        throw error;
      },
    );
  try {
    return await Promise.race([passed, condition(over).then(() => true)]);
  } finally {
    timer.cancel();
  }
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
