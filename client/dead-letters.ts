import type { Client } from '@temporalio/client';
import type { DeadLetterKind, DeadLetterView } from '../protocol/dead-letter';
import { HoldfastError } from '../protocol/failures';
import { belongingTo, ONE_OF_EACH } from '../protocol/list-filter';
import { QUERY, SEARCH_ATTRIBUTE, UPDATE, WORKFLOW } from '../protocol/names';
import { askRun } from './ask-run';
import { toClientError } from './errors';
import { listed } from './listed';
import { update } from './updates';

/** Which dead letters are listed; all of it must hold. */
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

/** Who acts, and why; kept in the history. */
export interface LetterAction {
  /** Who acts. Default: the client's `by`. */
  by?: string;
  reason?: string;
}

/**
 * Work that was given up, kept until somebody retries or discards it.
 *
 * @example
 * ```ts
 * for (const { id, title, cause } of await holdfast.deadLetters.list({ run: 'q3-report' })) {
 *   console.log(title, cause);
 *   await holdfast.deadLetters.retry(id, { by: 'ana', reason: 'the service is back' });
 * }
 * ```
 */
export class DeadLetters {
  constructor(
    private readonly temporal: Client,
    private readonly by: string,
  ) {}

  /** Newest first. @throws HoldfastError `Server.*`. */
  async list(filter: DeadLetterFilter = {}): Promise<DeadLetterSummary[]> {
    const found: DeadLetterSummary[] = [];
    for await (const info of listed(this.temporal, queryOf(filter), filter.limit ?? 100, 'dead letters')) {
      const { kind = null, title = info.workflowId, cause = null, run = null } = Object(info.memo?.letter);
      const first = (name: string) => info.searchAttributes[name]?.[0] as string | undefined;
      const agent = first(SEARCH_ATTRIBUTE.agent.name) ?? null;
      const status = first(SEARCH_ATTRIBUTE.status.name) ?? 'dead';
      found.push({ id: info.workflowId, kind, title, cause, run, agent, status, at: info.startTime });
    }
    return found;
  }

  /** Cause, payload and what was tried, also after its end. @throws HoldfastError `Run.Unknown`, `Server.*`. */
  async get(id: string): Promise<DeadLetterView> {
    try {
      return await askRun(() => this.temporal.workflow.getHandle(id).query<DeadLetterView>(QUERY.letter));
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

function queryOf({ all = false, ...whose }: DeadLetterFilter): string {
  const filters = [`WorkflowType = "${WORKFLOW.deadLetter}"`];
  filters.push(all ? ONE_OF_EACH : 'ExecutionStatus = "Running"');
  return [...filters, ...belongingTo(whose)].join(' AND ');
}
