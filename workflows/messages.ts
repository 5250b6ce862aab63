import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { ResolvedAgent } from '../protocol/agent';
import type { ApprovalView, Decision } from '../protocol/approval';
import type { LeaseReply, LeaseRequest, PurseView } from '../protocol/budget/lease';
import type { AccountView, Decided, EntriesPage } from '../protocol/budget/ledger';
import type { Freeze, OpenAccount, SetTerms, TopUp } from '../protocol/budget/terms';
import type { CompensationView } from '../protocol/compensation';
import type { Actor, Change, Exchange, Receipt, Sending, Steering, Step } from '../protocol/control';
import type { DeadLetterView } from '../protocol/dead-letter';
import { QUERY, SIGNAL, UPDATE } from '../protocol/names';
import type { PermissionView } from '../protocol/permissions/view';
import type { Adjustment, Amending, PlanDifference } from '../protocol/plan/control';
import type { NodesPage, PlanView } from '../protocol/plan/state';
import type { Appoint, Rate, Register, RegisteredCounts, Unregister } from '../protocol/registry/entry';
import type {
  AgentView,
  AskCandidates,
  CandidatesPage,
  FindAgents,
  FoundAgents,
  QueueView,
  Report,
  StandingsPage,
} from '../protocol/registry/registry';
import type { SessionStateView, TranscriptPage } from '../protocol/session';
import type { Spent, StopReceipt } from '../protocol/stop-order';
import type { Resize, Taken, WarmPoolView } from '../protocol/warm-pool';

export const stateQuery = defineQuery<SessionStateView>(QUERY.state);
export const agentQuery = defineQuery<ResolvedAgent | null>(QUERY.agent);
export const transcriptQuery = defineQuery<TranscriptPage | null, [number?, number?]>(QUERY.transcript);
export const exchangeQuery = defineQuery<Exchange | null, [number]>(QUERY.exchange);

export const approvalQuery = defineQuery<ApprovalView>(QUERY.view);
export const permissionsQuery = defineQuery<PermissionView | null>(QUERY.permissions);

export const sendUpdate = defineUpdate<Receipt, [Sending]>(UPDATE.send);
export const steerUpdate = defineUpdate<void, [Steering]>(UPDATE.steer);
export const pauseUpdate = defineUpdate<void, [Actor]>(UPDATE.pause);
export const resumeUpdate = defineUpdate<void, [Actor]>(UPDATE.resume);
export const stepUpdate = defineUpdate<void, [Step]>(UPDATE.step);
export const stopUpdate = defineUpdate<Spent | undefined, [Actor]>(UPDATE.stop);
export const interruptUpdate = defineUpdate<void, [Actor]>(UPDATE.interrupt);
export const changeUpdate = defineUpdate<void, [Change]>(UPDATE.change);
export const renameUpdate = defineUpdate<void, [Actor & { title: string }]>(UPDATE.rename);
export const closeUpdate = defineUpdate<void, [Actor]>(UPDATE.close);
export const decideUpdate = defineUpdate<void, [Decision]>(UPDATE.decide);
export const decideSignal = defineSignal<[Decision]>(UPDATE.decide);

export const accountsQuery = defineQuery<AccountView[]>(QUERY.accounts);
export const entriesQuery = defineQuery<EntriesPage, [number?, number?]>(QUERY.entries);
export const purseQuery = defineQuery<PurseView | null>(QUERY.purse);
export const openAccountUpdate = defineUpdate<void, [OpenAccount]>(UPDATE.openAccount);
export const topUpUpdate = defineUpdate<void, [TopUp]>(UPDATE.topUp);
export const setTermsUpdate = defineUpdate<void, [SetTerms]>(UPDATE.setTerms);
export const freezeUpdate = defineUpdate<void, [Freeze]>(UPDATE.freeze);
export const unfreezeUpdate = defineUpdate<void, [Freeze]>(UPDATE.unfreeze);
export const leaseSignal = defineSignal<[LeaseRequest]>(SIGNAL.lease);
export const leasedSignal = defineSignal<[LeaseReply]>(SIGNAL.leased);
export const decidedSignal = defineSignal<[Decided]>(SIGNAL.decided);

export const letterQuery = defineQuery<DeadLetterView>(QUERY.letter);
export const retryUpdate = defineUpdate<string, [Actor]>(UPDATE.retry);
export const discardUpdate = defineUpdate<void, [Actor]>(UPDATE.discard);

export const compensationQuery = defineQuery<CompensationView>(QUERY.compensation);
export const planQuery = defineQuery<PlanView | null>(QUERY.plan);
export const nodesQuery = defineQuery<NodesPage, [number?, (number | null)?, boolean?]>(QUERY.nodes);
export const amendUpdate = defineUpdate<PlanDifference, [Amending]>(UPDATE.amend);
export const adjustUpdate = defineUpdate<void, [Adjustment]>(UPDATE.adjust);

export const receiptQuery = defineQuery<StopReceipt>(QUERY.receipt);
export const releaseUpdate = defineUpdate<void, [Actor]>(UPDATE.release);

export const poolQuery = defineQuery<WarmPoolView>(QUERY.pool);
export const takeUpdate = defineUpdate<Taken, [Actor]>(UPDATE.take);
export const resizeUpdate = defineUpdate<void, [Resize]>(UPDATE.resize);

export const findAgentsQuery = defineQuery<FoundAgents, [FindAgents]>(QUERY.findAgents);
export const agentViewQuery = defineQuery<AgentView | null, [string, number]>(QUERY.registeredAgent);
export const candidatesQuery = defineQuery<CandidatesPage, [AskCandidates]>(QUERY.candidates);
export const standingsQuery = defineQuery<StandingsPage, [string[], number]>(QUERY.standings);
export const queueQuery = defineQuery<QueueView, [string]>(QUERY.queue);
export const registerUpdate = defineUpdate<RegisteredCounts, [Register]>(UPDATE.register);
export const unregisterUpdate = defineUpdate<void, [Unregister]>(UPDATE.unregister);
export const appointUpdate = defineUpdate<void, [Appoint]>(UPDATE.appoint);
export const rateUpdate = defineUpdate<void, [Rate]>(UPDATE.rate);
export const reportSignal = defineSignal<[Report]>(SIGNAL.report);
