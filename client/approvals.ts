import { randomUUID } from 'node:crypto';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { type ApprovalKind, type ApprovalView, type Decision, decisionSchema } from '../protocol/approval';
import { signatureOf } from '../protocol/decision-signature';
import { HoldfastError } from '../protocol/failures';
import { QUERY, SEARCH_ATTRIBUTE, UPDATE, WORKFLOW } from '../protocol/names';
import { toClientError } from './errors';
import { quoted } from './run-list';
import { update } from './updates';

export interface ApprovalFilter {
  /** Only what this approver may decide now: `user:ana`, `role:editor`. `anyone` is in every answer. */
  for?: string;
  /** Only what this run waits for, and the runs below it. */
  run?: string;
  agent?: string;
  tenant?: string;
  /** Also those that are decided. Default false. */
  all?: boolean;
  /** Default 100. */
  limit?: number;
}

/** An approval as a list shows it. */
export interface ApprovalSummary {
  id: string;
  title: string;
  kind: ApprovalKind | null;
  run: string | null;
  agent: string | null;
  tool: string | null;
  because: string | null;
  requester: string | null;
  approvers: string[];
  open: boolean;
  askedAt: Date;
}

export interface DecideOptions extends Omit<Decision, 'verdict' | 'by' | 'digest' | 'at' | 'nonce' | 'signature'> {
  /** Who decides. Default: the client's `by`. */
  by?: string;
  /** What was looked at: refuses the decision when it is about something else by now. Default: whatever is asked now. */
  digest?: string;
}

/** The inbox of what waits for people. */
export class Approvals {
  constructor(
    private readonly temporal: Client,
    private readonly options: { by: string; key?: string },
  ) {}

  /** Newest first. @throws HoldfastError `Input.Invalid`, `Server.*`. */
  async list(filter: ApprovalFilter = {}): Promise<ApprovalSummary[]> {
    const { limit = 100 } = filter;
    const found: ApprovalSummary[] = [];
    try {
      for await (const info of this.temporal.workflow.list({
        query: queryOf(filter),
        pageSize: Math.min(limit, 100),
      })) {
        if (found.length >= limit) break;
        found.push(summaryOf(info));
      }
    } catch (error) {
      throw toClientError(error, 'approvals');
    }
    return found;
  }

  /** All there is to know about one, also after it is decided. @throws HoldfastError `Approval.Unknown`, `Server.*`. */
  async get(id: string): Promise<ApprovalView> {
    try {
      return await this.temporal.workflow.getHandle(id).query<ApprovalView>(QUERY.view);
    } catch (error) {
      throw unknownApproval(toClientError(error, id), id);
    }
  }

  /** @throws HoldfastError `Approval.*` for a decision that does not count, `Input.Invalid`, `Server.*`. */
  approve(id: string, options: DecideOptions = {}): Promise<void> {
    return this.decide(id, 'approve', options);
  }

  /** @throws as `approve`. */
  deny(id: string, options: Omit<DecideOptions, 'edit' | 'answer' | 'remember'> = {}): Promise<void> {
    return this.decide(id, 'deny', options);
  }

  /** Answers a question. @throws as `approve`. */
  answer(id: string, answer: unknown, options: Omit<DecideOptions, 'edit' | 'answer'> = {}): Promise<void> {
    return this.decide(id, 'approve', { ...options, answer });
  }

  private async decide(id: string, verdict: Decision['verdict'], { by = this.options.by, ...given }: DecideOptions) {
    const parsed = decisionSchema.safeParse({ ...given, by, verdict });
    if (!parsed.success) {
      const where = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'decision'}: ${message}`);
      throw new HoldfastError('Input.Invalid', where.join('; '));
    }
    const decision =
      this.options.key === undefined ? parsed.data : await this.signed(id, parsed.data, this.options.key);
    try {
      await update<void>(this.temporal.workflow.getHandle(id), UPDATE.decide, decision);
    } catch (error) {
      throw unknownApproval(error as Error, id);
    }
  }

  /** A signed decision says what it is about. */
  private async signed(id: string, decision: Decision, key: string): Promise<Decision> {
    const digest = decision.digest ?? (await this.get(id)).request.digest;
    const whole = { ...decision, digest, at: Date.now(), nonce: randomUUID() };
    return { ...whole, signature: signatureOf(id, whole, key) };
  }
}

function queryOf({ for: approver, run, agent, tenant, all = false }: ApprovalFilter): string {
  const { approvers, parent, agent: agentName, tenant: tenantName } = SEARCH_ATTRIBUTE;
  const filters = [`WorkflowType = "${WORKFLOW.approval}"`];
  if (!all) filters.push('ExecutionStatus = "Running"');
  if (approver !== undefined) filters.push(`${approvers.name} IN (${quoted(approver)}, "anyone")`);
  if (run !== undefined)
    filters.push(`(${parent.name} = ${quoted(run)} OR ${parent.name} STARTS_WITH ${quoted(`${run}/`)})`);
  if (agent !== undefined) filters.push(`${agentName.name} = ${quoted(agent)}`);
  if (tenant !== undefined) filters.push(`${tenantName.name} = ${quoted(tenant)}`);
  return filters.join(' AND ');
}

type Described = Omit<WorkflowExecutionInfo, 'raw'>;

function summaryOf({ workflowId: id, memo, searchAttributes, status, startTime }: Described): ApprovalSummary {
  const entry = (memo?.approval ?? {}) as Partial<Record<string, string>>;
  const approvers = (searchAttributes[SEARCH_ATTRIBUTE.approvers.name] ?? []) as string[];
  return {
    id,
    title: entry.title ?? id,
    kind: (entry.kind as ApprovalKind | undefined) ?? null,
    run: entry.run ?? null,
    agent: entry.agent ?? null,
    tool: entry.tool ?? null,
    because: entry.because ?? null,
    requester: entry.requester ?? null,
    approvers: [...approvers],
    open: status.name === 'RUNNING',
    askedAt: startTime,
  };
}

/** What is true of runs in general, said of approvals. */
function unknownApproval(error: Error, id: string): Error {
  if (!HoldfastError.is(error)) return error;
  if (error.code === 'Run.Unknown') {
    return new HoldfastError('Approval.Unknown', `there is no approval "${id}"`, {
      hint: '`holdfast approvals list` shows what waits.',
      cause: error,
    });
  }
  if (error.code === 'Run.Ended') {
    return new HoldfastError('Approval.Decided', `"${id}" is decided already, or what asked for it has ended`, {
      hint: `See how: holdfast approvals show ${id}`,
      cause: error,
    });
  }
  return error;
}
