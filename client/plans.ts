import { randomUUID } from 'node:crypto';
import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { HoldfastError } from '../protocol/failures';
import { belongingTo, ONE_OF_EACH } from '../protocol/list-filter';
import { QUERY, UPDATE, WORKFLOW } from '../protocol/names';
import {
  type Adjustment,
  type Amending,
  adjustmentSchema,
  amendingSchema,
  type PlanDifference,
} from '../protocol/plan/control';
import type { PlanDefinition } from '../protocol/plan/definition';
import type { NodesPage, NodeView, PlanInput, PlanResult, PlanView } from '../protocol/plan/state';
import { planInputSchema } from '../protocol/plan/wire';
import { problemsOf } from '../protocol/problems';
import { askRun } from './ask-run';
import { checkPayload } from './checks';
import { runFailure, toClientError } from './errors';
import { listed } from './listed';
import { requestCancel } from './request-cancel';
import { checkRunId, planStart, REQUEST_MEMO, requestDigest } from './start-input';
import { update } from './updates';

/** How a plan is made and paid for; everything has a default. US dollars. */
export interface SubmitOptions
  extends Pick<
    PlanInput,
    | 'planner'
    | 'attempts'
    | 'approval'
    | 'budgetUsd'
    | 'account'
    | 'mounts'
    | 'tenant'
    | 'requester'
    | 'rolloverNodes'
    | 'fresh'
    | 'dryRun'
  > {
  /** Default: `plan-` and a random part. */
  id?: string;
}

/** As many as a plan's own result names. */
const MISSING_SHOWN = 200;

/** A plan as a list shows it. */
export interface PlanSummary {
  id: string;
  status: string;
  startedAt: Date;
  closedAt: Date | null;
  title: string;
}

type Order<Given> = Omit<Given, 'by'> & { by?: string };

/**
 * Goals and plans: submit, look, change.
 *
 * @example
 * ```ts
 * const plan = await holdfast.plans.submit('Compare the three vendors in vendors.md', { budgetUsd: 5 });
 * const { status, output } = await plan.result();
 * for (const { id, title } of await holdfast.plans.list({ limit: 10 })) console.log(id, title);
 * ```
 */
export class Plans {
  constructor(
    private readonly temporal: Client,
    private readonly options: { by: string; taskQueue: string; requester?: string },
  ) {}

  /**
   * Starts a plan, or a goal that a planner decomposes. Returns once it is durably accepted; the same again under the same id starts nothing.
   * @throws HoldfastError `Input.*`, `Run.AlreadyStarted`, `Server.*`. What is wrong with a plan fails its run, see `result`.
   */
  async submit(what: string | PlanDefinition, { id: given, ...options }: SubmitOptions = {}): Promise<PlanHandle> {
    const { requester } = this.options;
    const asker = requester === undefined ? {} : { requester };
    const asked = { ...asker, ...options, ...(typeof what === 'string' ? { goal: what } : { plan: what }) };
    const parsed = planInputSchema.safeParse(asked);
    if (!parsed.success)
      throw new HoldfastError('Input.Invalid', problemsOf(parsed.error, '(plan)'), { hint: 'See docs/plans.md.' });
    checkPayload(asked);
    const id = given === undefined ? `plan-${randomUUID().slice(0, 8)}` : checkRunId(given);
    try {
      await this.temporal.workflow.start(WORKFLOW.taskPlan, planStart(id, this.options.taskQueue, asked));
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw toClientError(error, id);
      await this.checkSame(id, asked);
    }
    return this.get(id);
  }

  /** The same request again is answered with the plan there is; a different one under the same id is a mistake. */
  private async checkSame(id: string, asked: PlanInput): Promise<void> {
    const { memo } = await this.temporal.workflow.getHandle(id).describe();
    if (memo?.[REQUEST_MEMO] === requestDigest(asked)) return;
    throw new HoldfastError('Run.AlreadyStarted', `a run with the id "${id}" exists and was asked for something else`, {
      hint: `Choose another id, or look at it: holdfast task status ${id}`,
    });
  }

  /** A plan by its id; nothing is asked of the server yet. */
  get(id: string): PlanHandle {
    return new PlanHandle(this.temporal, id, this.options.by);
  }

  /** Newest first. @throws HoldfastError `Server.*`. */
  async list({ limit = 100, tenant }: { limit?: number; tenant?: string } = {}): Promise<PlanSummary[]> {
    const filters = [`WorkflowType = "${WORKFLOW.taskPlan}"`, ONE_OF_EACH];
    const query = [...filters, ...belongingTo(tenant === undefined ? {} : { tenant })].join(' AND ');
    const found: PlanSummary[] = [];
    for await (const info of listed(this.temporal, query, limit, 'plans')) {
      const { workflowId, startTime, closeTime, status, memo } = info;
      const title = typeof memo?.title === 'string' ? memo.title : '';
      found.push({
        id: workflowId,
        status: status.name.toLowerCase(),
        startedAt: startTime,
        closedAt: closeTime ?? null,
        title,
      });
    }
    return found;
  }
}

/**
 * One plan.
 *
 * @example
 * ```ts
 * const plan = holdfast.plans.get('plan-3f2a9c01');
 * for (const { id, status, reason } of await plan.nodes()) console.log(id, status, reason);
 * await plan.adjust({ node: 'read', action: 'retry', reason: 'the file is there now' });
 * await plan.amend({ add: [{ id: 'check', agent: 'reviewer', goal: 'Check the briefing.', after: ['brief'] }] });
 * const { status, missing } = await plan.result();
 * ```
 */
export class PlanHandle {
  constructor(
    private readonly temporal: Client,
    readonly id: string,
    private readonly by: string,
  ) {}

  /** Null while it is being planned. @throws HoldfastError `Run.Unknown`, `Server.*`. */
  view(): Promise<PlanView | null> {
    return this.ask(() => this.handle.query<PlanView | null>(QUERY.plan));
  }

  /** All nodes, in the order they are written. @param outputs with what they gave, as far as the plan still has it. */
  async nodes({ outputs = false }: { outputs?: boolean } = {}): Promise<NodeView[]> {
    const nodes: NodeView[] = [];
    for (;;) {
      const page = await this.ask(() =>
        this.handle.query<NodesPage, [number, null, boolean]>(QUERY.nodes, nodes.length, null, outputs),
      );
      nodes.push(...page.nodes);
      if (page.nodes.length === 0 || nodes.length >= page.total) return nodes;
    }
  }

  /**
   * Waits for the end; of a plan that was cancelled, tells how far it came.
   * @throws HoldfastError with the code of what failed it: `Plan.*` where it could not run.
   */
  async result(): Promise<PlanResult> {
    try {
      return (await this.handle.result()) as PlanResult;
    } catch (error) {
      const failure = runFailure(error, this.id);
      if (failure) throw failure;
      return this.cancelled();
    }
  }

  private async cancelled(): Promise<PlanResult> {
    const view = await this.view();
    const left = view ? (await this.nodes()).filter(({ status }) => status !== 'done') : [];
    const missing = left.map(({ id: node, status, reason = status }) => ({ node, status, reason }));
    const { counts = {}, spentUsd: costUsd = 0, tokens = 0 } = view ?? {};
    const end = { status: 'cancelled' as const, output: null, reason: 'cancelled', undone: [] };
    return { ...end, missing: missing.slice(0, MISSING_SHOWN), counts, costUsd, tokens };
  }

  /** Nothing new starts; what runs goes on. @throws HoldfastError `Plan.Illegal`, `Run.Ended`, `Run.Unknown`, `Server.*`. */
  pause(reason?: string): Promise<void> {
    return this.order(UPDATE.pause, { by: this.by, ...(reason !== undefined && { reason }) });
  }

  /** Goes on after a pause. @throws as `pause`. */
  resume(reason?: string): Promise<void> {
    return this.order(UPDATE.resume, { by: this.by, ...(reason !== undefined && { reason }) });
  }

  /** One node: retry, skip, cancel, change. @throws HoldfastError `Plan.*`, `Input.Invalid`, `Run.*`, `Server.*`. */
  adjust(given: Order<Adjustment>): Promise<void> {
    return this.order(UPDATE.adjust, this.parsed(adjustmentSchema, given));
  }

  /** Adds, replaces and removes nodes that have not begun. @returns what changed. @throws as `adjust`. */
  amend(given: Order<Amending>): Promise<PlanDifference> {
    this.parsed(amendingSchema, given);
    return this.order(UPDATE.amend, { by: this.by, ...given });
  }

  /** Ends the plan and everything it runs; who asked and why is in its history. @throws HoldfastError `Run.Unknown`, `Server.*`. */
  async cancel(reason?: string): Promise<void> {
    const actor = { by: this.by, ...(reason !== undefined && { reason }) };
    await requestCancel(this.temporal, this.id, actor).catch((error) => {
      throw toClientError(error, this.id);
    });
  }

  private get handle() {
    return this.temporal.workflow.getHandle(this.id);
  }

  private order<Answer>(name: string, asked: object): Promise<Answer> {
    return update<Answer>(this.handle, name, asked);
  }

  private parsed(schema: typeof adjustmentSchema | typeof amendingSchema, given: object): object {
    const parsed = schema.safeParse({ by: this.by, ...given });
    if (parsed.success) return parsed.data;
    throw new HoldfastError('Input.Invalid', problemsOf(parsed.error, '(order)'), { hint: 'See docs/plans.md.' });
  }

  private async ask<Answer>(query: () => Promise<Answer>): Promise<Answer> {
    try {
      return await askRun(query);
    } catch (error) {
      throw toClientError(error, this.id);
    }
  }
}
