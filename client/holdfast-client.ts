import { randomUUID } from 'node:crypto';
import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Comparison } from '../protocol/comparison';
import { HoldfastError } from '../protocol/failures';
import { forkProblem } from '../protocol/fork';
import { DEFAULT_TASK_QUEUE, WORKFLOW } from '../protocol/names';
import { REGISTRY_NAME } from '../protocol/registry/entry';
import { DEFAULT_REGISTRY } from '../protocol/registry/shards';
import type { SessionInput, SessionOptions } from '../protocol/session';
import type { StreamBus } from '../streams/stream-bus';
import { Agents } from './agents';
import { Approvals } from './approvals';
import { Budgets } from './budgets';
import { ChatHandle } from './chat-handle';
import { checkGivenId } from './checks';
import { compareRuns, type Side } from './compare-runs';
import { DeadLetters } from './dead-letters';
import { EmergencyStop, orderStop, type StopOrderOptions } from './emergency-stop';
import { toClientError } from './errors';
import { Plans } from './plans';
import { RunHandle } from './run-handle';
import { type ListOptions, listRuns, type RunSummary, summaryOf } from './run-list';
import { RunReaders } from './run-reader';
import { Schedules } from './schedules';
import { checkRunId, REQUEST_MEMO, requestDigest, startInput, workflowStart } from './start-input';
import { delayOf, type StartOptions, withBudget } from './start-options';
import { WarmPool, type WarmPoolOptions } from './warm-pool';

/** Who acts, where runs are started, and what carries deltas; everything has a default. */
export interface HoldfastClientOptions {
  /** Default `holdfast`. */
  taskQueue?: string;
  /** Who acts through this client, as the history and the audit will say. Default: the Temporal client's identity. */
  by?: string;
  /** Signs decisions on approvals; must be the workers'. Default: they are not signed. */
  approvalKey?: string;
  /**
   * Carries what models say while they say it, from workers to `run.events({ deltas: true })`; must be the one the workers have.
   * Whoever made it closes it. Default: none, and followers see whole messages.
   */
  streams?: StreamBus;
}

/** What a chat is started with: as for a run, with a title and times after which it closes. */
export interface ChatStart
  extends Omit<StartOptions, 'input' | 'chat' | 'fork' | 'startDelay' | 'startAt'>,
    NonNullable<SessionOptions['chat']> {}

/** Where a fork parts from the other run, and what it is to do instead. */
export interface ForkOptions extends Omit<StartOptions, 'fork' | 'input'> {
  /** What to go on with. Default: nothing, so that the model answers the last message kept. */
  input?: unknown;
  /** Messages to keep. Default: all there are. */
  at?: number;
  /** Default: the agent of the forked run. */
  agent?: string;
}

/**
 * Starts and follows runs, over any `@temporalio/client` `Client`.
 *
 * @example
 * ```ts
 * import { Client } from '@temporalio/client';
 * import { HoldfastClient } from 'holdfast/client';
 *
 * const holdfast = new HoldfastClient(new Client(), { by: 'ana' });
 * const run = await holdfast.start('analyst', { input: 'Why did churn rise in Q3?', id: 'q3-churn', budgetUsd: 2 });
 * for await (const event of run.events()) console.log(event.position, event.message.role);
 * const { output, costUsd, stopReason } = await run.result();
 * ```
 */
export class HoldfastClient {
  private readonly readers: RunReaders;

  constructor(
    /** The Temporal client underneath, for everything this one does not wrap. */
    readonly temporal: Client,
    private readonly options: HoldfastClientOptions = {},
  ) {
    this.readers = new RunReaders(options.streams);
  }

  /** What waits for people. */
  get approvals(): Approvals {
    const { approvalKey: key } = this.options;
    return new Approvals(this.temporal, { by: this.by, ...(key !== undefined && { key }) });
  }

  /** Accounts, and the money in them. */
  get budgets(): Budgets {
    return new Budgets(this.temporal, { taskQueue: this.taskQueue, by: this.by });
  }

  /** Who there is to do the work: the registry `default`. */
  get agents(): Agents {
    return this.registry();
  }

  /** A registry of agents by its name, e.g. of a tenant. @throws HoldfastError `Input.Invalid`. */
  registry(name = DEFAULT_REGISTRY): Agents {
    if (!REGISTRY_NAME.test(name))
      throw new HoldfastError('Input.Invalid', `not a registry's name: "${name}"`, {
        hint: 'Lower-case letters, digits and dashes, at most 63.',
      });
    return new Agents(this.temporal, { taskQueue: this.taskQueue, by: this.by, registry: name });
  }

  /** Goals and plans. */
  get plans(): Plans {
    return new Plans(this.temporal, { taskQueue: this.taskQueue, by: this.by, ...this.asker });
  }

  /** Work that was given up. */
  get deadLetters(): DeadLetters {
    return new DeadLetters(this.temporal, this.by);
  }

  /**
   * Orders every running session that matches to stop, and what starts later, until it is released.
   * @throws HoldfastError `Input.Invalid`, `Server.*`.
   */
  stopAll({ by = this.by, ...order }: StopOrderOptions): Promise<EmergencyStop> {
    return orderStop(this.temporal, this.taskQueue, { ...order, by });
  }

  /** An emergency stop that was ordered before. */
  getStop(id: string): EmergencyStop {
    return new EmergencyStop(this.temporal, id, this.by);
  }

  /** Recurring runs. */
  get schedules(): Schedules {
    return new Schedules(this.temporal, { taskQueue: this.taskQueue, by: this.by });
  }

  /**
   * Starts an agent on an input. Returns once the run is durably accepted; the work goes on without this process.
   * @throws HoldfastError `Input.*` for what cannot be started, `Run.AlreadyStarted` when the id is taken by a different
   * request, `Server.*` when the server cannot be reached.
   */
  async start(agent: string, options: StartOptions): Promise<RunHandle> {
    const { id: givenId, budgetUsd, taskQueue, startDelay, startAt, ...session } = options;
    const input = startInput(agent, { ...this.asker, ...withBudget(session, budgetUsd) });
    const id = givenId === undefined ? `${agent}-${randomUUID().slice(0, 8)}` : checkRunId(givenId);
    const delay = delayOf({ startDelay, startAt }, Date.now());
    try {
      const start = { ...workflowStart(id, taskQueue ?? this.taskQueue, input), ...delay };
      const handle = await this.temporal.workflow.start(WORKFLOW.agentSession, start);
      return this.handleOf(id, true, handle.firstExecutionRunId);
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return this.existing(id, input);
      throw toClientError(error, id);
    }
  }

  /**
   * A chat with an agent. Nothing is started yet: its first message does, in one request with the start, whoever sends it.
   * With an id of an open chat this is that chat, and the options stay those it was started with.
   * @throws HoldfastError `Input.*`.
   */
  chat(agent: string, options: ChatStart = {}): ChatHandle {
    const { id: givenId, budgetUsd, taskQueue, title, idleTimeout, expiresAfter, ...session } = options;
    const chat = { ...definedOf({ title, idleTimeout, expiresAfter }) };
    const input = startInput(agent, { ...this.asker, ...withBudget(session, budgetUsd), input: null, chat });
    const id = givenId === undefined ? `${agent}-${randomUUID().slice(0, 8)}` : checkRunId(givenId);
    const start = workflowStart(id, taskQueue ?? this.taskQueue, input);
    return new ChatHandle(this.temporal, id, { started: false, ...this.shared }, start);
  }

  /**
   * Sessions of an agent that are started before anybody needs them, and given away one by one. Nothing is started until the first is
   * taken. @throws HoldfastError `Input.Invalid`.
   */
  pool(agent: string, options: WarmPoolOptions = {}): WarmPool {
    const { taskQueue, by } = this;
    return new WarmPool(this.temporal, agent, options, { taskQueue, by, chat: (id) => this.getChat(id) });
  }

  /** A chat that was started before. @throws HoldfastError `Input.Invalid` for what is no id. */
  getChat(id: string): ChatHandle {
    return new ChatHandle(this.temporal, checkGivenId(id), { started: false, ...this.shared });
  }

  /**
   * Starts a run that begins with the first `at` messages of another one, which stays as it is; what its tools have done is not
   * done again. With an input it goes on from that, instead of what followed there. Default of `agent`: the other run's.
   * @throws HoldfastError `Run.Unknown`, `Input.Invalid` for a position no conversation can go on from, else as `start`.
   */
  async fork(id: string, { at, agent, ...options }: ForkOptions): Promise<RunHandle> {
    const source = this.get(id);
    const { agent: sourceAgent, length } = await source.state();
    const position = at ?? length;
    if (!Number.isInteger(position) || position < 1 || position > length) {
      throw new HoldfastError('Input.Invalid', `at: run "${id}" has ${length} messages`, {
        hint: `Give how many of its messages to keep: a whole number from 1 to ${length}.`,
      });
    }
    const { input, chat } = options;
    const problem = forkProblem(await source.messages(0, position), input != null || chat !== undefined);
    if (problem !== undefined) throw new HoldfastError('Input.Invalid', `at: ${problem}`);
    return this.start(agent ?? sourceAgent, { ...options, input, fork: { id, at: position } });
  }

  /** A run by its id; nothing is asked of the server yet. @throws HoldfastError `Input.Invalid` for what is no id. */
  get(id: string): RunHandle {
    return this.handleOf(checkGivenId(id), false);
  }

  /** Runs, newest first. `query` is a Temporal list filter, e.g. `HoldfastCostUsd > 1`. */
  list(options: ListOptions = {}): AsyncIterable<RunSummary> {
    return listRuns(this.temporal, options);
  }

  /**
   * One run as a list shows it. Asks no worker, so it also answers while none runs.
   * @throws HoldfastError `Run.Unknown`, `Input.Invalid`.
   */
  async describe(id: string): Promise<RunSummary> {
    checkGivenId(id);
    try {
      return summaryOf(await this.temporal.workflow.getHandle(id).describe());
    } catch (error) {
      throw toClientError(error, id);
    }
  }

  /**
   * Two runs side by side: figures, and the first message in which their conversations part. Also of closed ones, while a worker runs.
   * @throws HoldfastError `Run.Unknown`, `Input.Invalid`, `Server.*`.
   */
  async compare(id: string, other: string): Promise<Comparison> {
    const [left, right] = await Promise.all(
      [id, other].map(async (one) => ({ run: this.get(one), summary: await this.describe(one) })),
    );
    return compareRuns(left as Side, right as Side);
  }

  /** Asks a run to stop. @throws HoldfastError `Run.Unknown`. */
  async cancel(id: string, reason?: string): Promise<void> {
    return this.get(id).cancel(reason);
  }

  private get taskQueue(): string {
    return this.options.taskQueue ?? DEFAULT_TASK_QUEUE;
  }

  private get by(): string {
    return this.options.by ?? this.temporal.options.identity;
  }

  /** Who asks for the work, where it is known: the identity of a connection is nobody's name. */
  private get asker(): { requester?: string } {
    const { by } = this.options;
    return by === undefined || by.trim() === '' ? {} : { requester: by };
  }

  private get shared() {
    return { by: this.by, readers: this.readers };
  }

  private handleOf(id: string, started: boolean, runId?: string): RunHandle {
    return new RunHandle(this.temporal, id, { started, ...this.shared, ...(runId !== undefined && { runId }) });
  }

  /** The same request again is answered with the run there is; a different one under the same id is a mistake. */
  private async existing(id: string, input: SessionInput): Promise<RunHandle> {
    const { memo, runId } = await this.temporal.workflow
      .getHandle(id)
      .describe()
      .catch((error) => {
        throw toClientError(error, id);
      });
    if (memo?.[REQUEST_MEMO] === requestDigest(input)) return this.handleOf(id, false, runId);
    throw new HoldfastError('Run.AlreadyStarted', `a run with the id "${id}" exists and was asked for something else`, {
      hint: `Choose another id, or look at it: holdfast runs show ${id}`,
    });
  }
}

/** Without what is undefined. */
function definedOf<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
