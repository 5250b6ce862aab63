import { randomUUID } from 'node:crypto';
import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { HoldfastError } from '../protocol/failures';
import { DEFAULT_TASK_QUEUE, SEARCH_ATTRIBUTE, WORKFLOW } from '../protocol/names';
import type { SessionInput, SessionOptions } from '../protocol/session';
import { toClientError } from './errors';
import { RunHandle } from './run-handle';
import { type ListOptions, listRuns, type RunSummary, summaryOf } from './run-list';
import { checkRunId, requestDigest, startInput } from './start-input';

export interface HoldfastClientOptions {
  /** Default `holdfast`. */
  taskQueue?: string;
}

export interface StartOptions extends SessionOptions {
  /** Starting twice with one id starts once. Default: the agent's name and a random part. */
  id?: string;
  /** US dollars the run may cost; short for `limits.costUsd`. */
  budgetUsd?: number;
  taskQueue?: string;
}

const agentKey = defineSearchAttributeKey(SEARCH_ATTRIBUTE.agent.name, SEARCH_ATTRIBUTE.agent.type);
const statusKey = defineSearchAttributeKey(SEARCH_ATTRIBUTE.status.name, SEARCH_ATTRIBUTE.status.type);
const tenantKey = defineSearchAttributeKey(SEARCH_ATTRIBUTE.tenant.name, SEARCH_ATTRIBUTE.tenant.type);
/** In the memo: what was asked for when the run was started. */
const REQUEST_MEMO = 'holdfastRequest';
/** The server takes 400 bytes, and refuses the start above. */
const SUMMARY_BYTES = 300;

/** Starts and follows runs, over any `@temporalio/client` `Client`. */
export class HoldfastClient {
  constructor(
    /** The Temporal client underneath, for everything this one does not wrap. */
    readonly temporal: Client,
    private readonly options: HoldfastClientOptions = {},
  ) {}

  /**
   * Starts an agent on an input. Returns once the run is durably accepted; the work goes on without this process.
   * @throws HoldfastError `Input.*` for what cannot be started, `Run.AlreadyStarted` when the id is taken by a different
   * request, `Server.*` when the server cannot be reached.
   */
  async start(agent: string, options: StartOptions): Promise<RunHandle> {
    const { id: givenId, budgetUsd, taskQueue, ...session } = options;
    const limits = budgetUsd === undefined ? session.limits : { ...session.limits, costUsd: budgetUsd };
    const input = startInput(agent, { ...session, ...(limits && { limits }) });
    const id = givenId === undefined ? `${agent}-${randomUUID().slice(0, 8)}` : checkRunId(givenId);
    try {
      const handle = await this.temporal.workflow.start(WORKFLOW.agentSession, {
        workflowId: id,
        taskQueue: taskQueue ?? this.options.taskQueue ?? DEFAULT_TASK_QUEUE,
        args: [input],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        staticSummary: summaryLine(input),
        memo: { [REQUEST_MEMO]: requestDigest(input) },
        typedSearchAttributes: [
          { key: agentKey, value: agent },
          { key: statusKey, value: 'running' },
          ...(input.tenant ? [{ key: tenantKey, value: input.tenant }] : []),
        ],
      });
      return new RunHandle(this.temporal, id, true, handle.firstExecutionRunId);
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return this.existing(id, input);
      throw toClientError(error, id);
    }
  }

  /** A run by its id; nothing is asked of the server yet. */
  get(id: string): RunHandle {
    return new RunHandle(this.temporal, id, false);
  }

  /** Runs, newest first. `query` is a Temporal list filter, e.g. `HoldfastCostUsd > 1`. */
  list(options: ListOptions = {}): AsyncIterable<RunSummary> {
    return listRuns(this.temporal, options);
  }

  /** @throws HoldfastError `Run.Unknown`. */
  async describe(id: string): Promise<RunSummary> {
    try {
      return summaryOf(await this.temporal.workflow.getHandle(id).describe());
    } catch (error) {
      throw toClientError(error, id);
    }
  }

  /** Asks a run to stop. @throws HoldfastError `Run.Unknown`. */
  cancel(id: string): Promise<void> {
    return this.get(id).cancel();
  }

  /** The same request again is answered with the run there is; a different one under the same id is a mistake. */
  private async existing(id: string, input: SessionInput): Promise<RunHandle> {
    const { memo, runId } = await this.temporal.workflow
      .getHandle(id)
      .describe()
      .catch((error) => {
        throw toClientError(error, id);
      });
    if (memo?.[REQUEST_MEMO] === requestDigest(input)) return new RunHandle(this.temporal, id, false, runId);
    throw new HoldfastError('Run.AlreadyStarted', `a run with the id "${id}" exists and was asked for something else`, {
      hint: `Choose another id, or look at it: holdfast runs show ${id}`,
    });
  }
}

/** One line for the Web UI's list: who, and what was asked. */
function summaryLine({ agent, input }: SessionInput): string {
  const text = typeof input === 'string' ? input : JSON.stringify(input);
  const line = Buffer.from(`${agent}: ${text.slice(0, SUMMARY_BYTES).replace(/\s+/g, ' ')}`);
  // A character cut in half reads as U+FFFD.
  return line
    .subarray(0, SUMMARY_BYTES)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
}
