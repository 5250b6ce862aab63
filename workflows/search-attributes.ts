import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { ApprovalRequest } from '../protocol/approval';
import type { CompensationInput } from '../protocol/compensation';
import type { DeadLetter } from '../protocol/dead-letter';
import type { EffectInput } from '../protocol/effect';
import { SEARCH_ATTRIBUTE } from '../protocol/names';
import type { PlanInput, PlanResult } from '../protocol/plan/state';
import type { SessionInput, SessionStatus } from '../protocol/session';
import type { Session } from './session';

const agentKey = defineSearchAttributeKey(SEARCH_ATTRIBUTE.agent.name, SEARCH_ATTRIBUTE.agent.type);
const statusKey = defineSearchAttributeKey(SEARCH_ATTRIBUTE.status.name, SEARCH_ATTRIBUTE.status.type);
const tenantKey = defineSearchAttributeKey(SEARCH_ATTRIBUTE.tenant.name, SEARCH_ATTRIBUTE.tenant.type);
const parentKey = defineSearchAttributeKey(SEARCH_ATTRIBUTE.parent.name, SEARCH_ATTRIBUTE.parent.type);
const costKey = defineSearchAttributeKey(SEARCH_ATTRIBUTE.costUsd.name, SEARCH_ATTRIBUTE.costUsd.type);

const approversKey = defineSearchAttributeKey(SEARCH_ATTRIBUTE.approvers.name, SEARCH_ATTRIBUTE.approvers.type);

/** Holdfast's clients set these at the start, for nothing; a run started by any other client sets them here. */
export function recordStart(input: SessionInput): void {
  if (workflowInfo().typedSearchAttributes.get(agentKey) !== undefined) return;
  upsertSearchAttributes(startAttributes(input));
}

/** How it ended and what it cost: one event at the end instead of one a turn. */
export function recordEnd(session: Session): void {
  const { costUsd, costIncomplete } = session.progress;
  // Nothing rather than 0 where no price was known: a list must not call such a run free.
  const known = costUsd > 0 || !costIncomplete;
  upsertSearchAttributes([
    { key: statusKey, value: session.status },
    ...(known ? [{ key: costKey, value: costUsd }] : []),
  ]);
}

/** Comes to rest or goes on: what `holdfast runs list --status` finds. */
export function recordStatus(status: SessionStatus): void {
  upsertSearchAttributes([{ key: statusKey, value: status }]);
}

/** What a plan is found by; set by our client at its start, for nothing. */
export function recordPlanStart({ tenant, parent }: PlanInput): void {
  if (workflowInfo().typedSearchAttributes.get(statusKey) !== undefined) return;
  upsertSearchAttributes([
    { key: statusKey, value: 'running' },
    ...(tenant === undefined ? [] : [{ key: tenantKey, value: tenant }]),
    ...(parent === undefined ? [] : [{ key: parentKey, value: parent }]),
  ]);
}

export function recordPlanEnd(status: PlanResult['status'], costUsd: number): void {
  upsertSearchAttributes([
    { key: statusKey, value: status },
    { key: costKey, value: costUsd },
  ]);
}

/** A run that could not begin: no agent, no session, nothing spent. */
export function recordRefusal(): void {
  upsertSearchAttributes([{ key: statusKey, value: 'failed' }]);
}

/** What a child run is found by; set at its start, for nothing. */
export function startAttributes(input: SessionInput): SearchAttributePair[] {
  const pairs: SearchAttributePair[] = [
    { key: agentKey, value: input.agent },
    { key: statusKey, value: 'running' },
  ];
  if (input.tenant) pairs.push({ key: tenantKey, value: input.tenant });
  if (input.parent) pairs.push({ key: parentKey, value: input.parent });
  return pairs;
}

/** What an approval is found by. Set here, whoever started it. */
export function recordApproval({ agent, run, tenant }: ApprovalRequest, approvers: string[]): void {
  const pairs: SearchAttributePair[] = [
    { key: statusKey, value: 'waiting' },
    { key: parentKey, value: run },
    { key: approversKey, value: approvers },
  ];
  if (agent !== undefined) pairs.push({ key: agentKey, value: agent });
  if (tenant !== undefined) pairs.push({ key: tenantKey, value: tenant });
  upsertSearchAttributes(pairs);
}

/** What an effect is found by. */
export function recordEffect({ agent, run, tenant }: EffectInput, status: string): void {
  const pairs: SearchAttributePair[] = [{ key: statusKey, value: status }];
  if (status === 'running') pairs.push({ key: parentKey, value: run });
  if (agent !== undefined && status === 'running') pairs.push({ key: agentKey, value: agent });
  if (tenant !== undefined && status === 'running') pairs.push({ key: tenantKey, value: tenant });
  upsertSearchAttributes(pairs);
}

/** What a compensation is found by. */
export function recordCompensation({ agent, run, tenant }: CompensationInput, status: string): void {
  upsertSearchAttributes([
    { key: statusKey, value: status },
    { key: parentKey, value: run },
    { key: agentKey, value: agent },
    ...(tenant === undefined ? [] : [{ key: tenantKey, value: tenant }]),
  ]);
}

/** What a dead letter is found by, and what became of it. */
export function recordLetter({ agent, run, tenant }: DeadLetter, status: 'dead' | 'retried' | 'discarded'): void {
  const pairs: SearchAttributePair[] = [{ key: statusKey, value: status }];
  if (status === 'dead') pairs.push({ key: parentKey, value: run });
  if (agent !== undefined && status === 'dead') pairs.push({ key: agentKey, value: agent });
  if (tenant !== undefined && status === 'dead') pairs.push({ key: tenantKey, value: tenant });
  upsertSearchAttributes(pairs);
}

/** Others are asked now. */
export function recordApprovers(approvers: string[]): void {
  upsertSearchAttributes([{ key: approversKey, value: approvers }]);
}
