import type { Client } from '@temporalio/client';
import type { DeadLetterKind, DeadLetterView } from '../protocol/dead-letter';
import { HoldfastError } from '../protocol/failures';
import { QUERY, SEARCH_ATTRIBUTE, UPDATE, WORKFLOW } from '../protocol/names';
import { toClientError } from './errors';
import { quoted } from './run-list';
import { update } from './updates';

export interface DeadLetterFilter {
  /** Only what was given up for this run, and the runs below it. */
  run?: string;
  agent?: string;
  tenant?: string;
  /** Also those that were retried or discarded. Default false. */
  all?: boolean;
  /** Default 100. */
  limit?: number;
}

/** A dead letter as a list shows it. */
export interface DeadLetterSummary {
  id: string;
  kind: DeadLetterKind | null;
  title: string;
  cause: string | null;
  run: string | null;
  agent: string | null;
  /** `dead`, `retried` or `discarded`. */
  status: string;
  at: Date;
}

export interface LetterAction {
  /** Who acts. Default: the client's `by`. */
  by?: string;
  reason?: string;
}

/** Work that was given up, kept until somebody retries or discards it. */
export class DeadLetters {
  constructor(
    private readonly temporal: Client,
    private readonly by: string,
  ) {}

  /** Newest first. @throws HoldfastError `Server.*`. */
  async list(filter: DeadLetterFilter = {}): Promise<DeadLetterSummary[]> {
    const { limit = 100 } = filter;
    const found: DeadLetterSummary[] = [];
    try {
      for await (const info of this.temporal.workflow.list({
        query: queryOf(filter),
        pageSize: Math.min(limit, 100),
      })) {
        if (found.length >= limit) break;
        const { kind = null, title = info.workflowId, cause = null, run = null } = Object(info.memo?.letter);
        const first = (name: string) => info.searchAttributes[name]?.[0] as string | undefined;
        const agent = first(SEARCH_ATTRIBUTE.agent.name) ?? null;
        const status = first(SEARCH_ATTRIBUTE.status.name) ?? 'dead';
        found.push({ id: info.workflowId, kind, title, cause, run, agent, status, at: info.startTime });
      }
    } catch (error) {
      throw toClientError(error, 'dead letters');
    }
    return found;
  }

  /** Cause, payload and what was tried, also after its end. @throws HoldfastError `Run.Unknown`, `Server.*`. */
  async get(id: string): Promise<DeadLetterView> {
    try {
      return await this.temporal.workflow.getHandle(id).query<DeadLetterView>(QUERY.letter);
    } catch (error) {
      throw toClientError(error, id);
    }
  }

  /**
   * Does the work again, under the same idempotency key, and waits for it. Done, the letter is closed; else it stays.
   * @throws HoldfastError `Tool.Failed` with what it failed with this time, `Control.Illegal`, `Run.Ended`, `Run.Unknown`, `Server.*`.
   */
  async retry(id: string, { by = this.by, reason }: LetterAction = {}): Promise<void> {
    const actor = { by, ...(reason !== undefined && { reason }) };
    const said = await update<string>(this.temporal.workflow.getHandle(id), UPDATE.retry, actor);
    if (said !== 'done') throw new HoldfastError('Tool.Failed', said, { hint: `It is kept: holdfast dead show ${id}` });
  }

  /** Closes it; nothing is done. @throws as `retry`. */
  discard(id: string, { by = this.by, reason }: LetterAction = {}): Promise<void> {
    const actor = { by, ...(reason !== undefined && { reason }) };
    return update<void>(this.temporal.workflow.getHandle(id), UPDATE.discard, actor);
  }
}

function queryOf({ run, agent, tenant, all = false }: DeadLetterFilter): string {
  const { parent, agent: agentName, tenant: tenantName } = SEARCH_ATTRIBUTE;
  const filters = [`WorkflowType = "${WORKFLOW.deadLetter}"`];
  if (!all) filters.push('ExecutionStatus = "Running"');
  if (run !== undefined)
    filters.push(`(${parent.name} = ${quoted(run)} OR ${parent.name} STARTS_WITH ${quoted(`${run}/`)})`);
  if (agent !== undefined) filters.push(`${agentName.name} = ${quoted(agent)}`);
  if (tenant !== undefined) filters.push(`${tenantName.name} = ${quoted(tenant)}`);
  return filters.join(' AND ');
}
