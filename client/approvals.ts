import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { type ApprovalKind, type ApprovalView, type Decision, decisionSchema } from '../protocol/approval';
import { signatureOf } from '../protocol/decision-signature';
import { HoldfastError } from '../protocol/failures';
import { belongingTo, filterText, ONE_OF_EACH } from '../protocol/list-filter';
import { QUERY, SEARCH_ATTRIBUTE, UPDATE, WORKFLOW } from '../protocol/names';
import { askRun } from './ask-run';
import { toClientError } from './errors';
import { type Listed, listed } from './listed';
import { update } from './updates';

/** Which approvals are listed; all of it must hold. */
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

/** Who decides, why, and what is different from what was asked. A client with a key signs it. */
export interface DecideOptions extends Omit<Decision, 'verdict' | 'by' | 'digest' | 'at' | 'nonce' | 'signature'> {
  /** Who decides. Default: the client's `by`. */
  by?: string;
  /** What was looked at: refuses the decision when it is about something else by now. Default: whatever is asked now. */
  digest?: string;
}

/**
 * The inbox of what waits for people.
 *
 * @example
 * ```ts
 * for (const { id, title } of await holdfast.approvals.list({ for: 'role:editor' })) console.log(id, title);
 * const { request, missing } = await holdfast.approvals.get('q3-churn/ask-1');
 * console.log(request.arguments, `${missing} approvals missing`);
 * await holdfast.approvals.approve('q3-churn/ask-1', { by: 'ana', as: 'role:editor', reason: 'figures checked' });
 * ```
 */
export class Approvals {
  constructor(
    private readonly temporal: Client,
    private readonly options: { by: string; key?: string },
  ) {}

  /** Newest first. @throws HoldfastError `Input.Invalid`, `Server.*`. */
  async list(filter: ApprovalFilter = {}): Promise<ApprovalSummary[]> {
    const found: ApprovalSummary[] = [];
    for await (const info of listed(this.temporal, queryOf(filter), filter.limit ?? 100, 'approvals')) {
      found.push(summaryOf(info));
    }
    return found;
  }

  /** All there is to know about one, also after it is decided. @throws HoldfastError `Approval.Unknown`, `Server.*`. */
  async get(id: string): Promise<ApprovalView> {
    try {
      return await askRun(() => this.temporal.workflow.getHandle(id).query<ApprovalView>(QUERY.view));
    } catch (error) {
      throw unknownApproval(toClientError(error, id), id);
    }
  }

  /**
   * Approves, with other arguments where `edit` says so. What waits goes on once enough people have.
   * @throws HoldfastError `Approval.*` for a decision that does not count, `Input.Invalid`, `Server.*`.
   */
  approve(id: string, options: DecideOptions = {}): Promise<void> {
    return this.decide(id, 'approve', options);
  }

  /** Denies; one is enough. The model reads the reason. @throws as `approve`. */
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

function queryOf({ for: approver, all = false, ...whose }: ApprovalFilter): string {
  const filters = [`WorkflowType = "${WORKFLOW.approval}"`];
  filters.push(all ? ONE_OF_EACH : 'ExecutionStatus = "Running"');
  if (approver !== undefined) filters.push(`${SEARCH_ATTRIBUTE.approvers.name} IN (${filterText(approver)}, "anyone")`);
  return [...filters, ...belongingTo(whose)].join(' AND ');
}

function summaryOf({ workflowId: id, memo, searchAttributes, status, startTime }: Listed): ApprovalSummary {
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
