import { type Client, type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import { type CompensationView, compensationText } from '../protocol/compensation';
import type { Change, Steering, Step } from '../protocol/control';
import { HoldfastError } from '../protocol/failures';
import type { Message } from '../protocol/messages';
import { QUERY, UPDATE } from '../protocol/names';
import type { SessionResult, SessionStateView, TranscriptPage, TranscriptSegment } from '../protocol/session';
import { streamTopic } from '../protocol/stream';
import { askRun } from './ask-run';
import { type CallFigures, callFigures } from './call-figures';
import { runFailure, toClientError } from './errors';
import { requestCancel } from './request-cancel';
import type { MessageEvent, RunEvent } from './run-events';
import { type FollowOptions, RunReaders } from './run-reader';
import { update } from './updates';

export interface RunHandleOptions {
  started: boolean;
  runId?: string;
  by: string;
  /** Shared by the handles of one client. */
  readers?: RunReaders;
}

/** What an operator changes; who and why go beside it. */
export type RunChange = Omit<Change, 'by' | 'reason'>;

/** How an order is told apart from another one like it. */
export interface OrderOptions {
  /** An order given again under the same id is followed once, whatever became of the first answer. Default: a random one. */
  id?: string;
}

/**
 * A run that was started, here or elsewhere, now or long ago.
 *
 * @example
 * ```ts
 * const run = holdfast.get('q3-churn'); // by its id, from any process
 * await run.as('ana').pause('let me look');
 * await run.steer('Leave the free plans out.');
 * await run.change({ limits: { costUsd: 5 } });
 * await run.resume();
 * const { output, stopReason, costUsd } = await run.result();
 * ```
 */
export class RunHandle {
  /** False when a run with this id existed already: nothing was started. */
  readonly started: boolean;
  /** The Temporal run; undefined follows the latest one of this id. */
  readonly runId: string | undefined;
  /** Who acts, where a method is not told. */
  readonly by: string;
  protected readonly handle: WorkflowHandle;
  private readonly readers: RunReaders;

  constructor(
    protected readonly client: Client,
    readonly id: string,
    { started, runId, by, readers = new RunReaders() }: RunHandleOptions,
  ) {
    this.readers = readers;
    this.started = started;
    this.runId = runId;
    this.by = by;
    this.handle = client.workflow.getHandle(id);
  }

  /** Guidance the model reads before its next call. The run's work goes on. */
  steer(text: string, reason?: string, options?: OrderOptions): Promise<void> {
    return this.act(UPDATE.steer, { text } satisfies Partial<Steering>, reason, options);
  }

  /** Lets what runs end and starts nothing new. */
  pause(reason?: string, options?: OrderOptions): Promise<void> {
    return this.act(UPDATE.pause, {}, reason, options);
  }

  /** Goes on after a pause or a breakpoint. */
  resume(reason?: string, options?: OrderOptions): Promise<void> {
    return this.act(UPDATE.resume, {}, reason, options);
  }

  /** While paused: one turn (a model call and the tool calls it asks for), or one call. */
  step(unit: NonNullable<Step['unit']> = 'turn', reason?: string, options?: OrderOptions): Promise<void> {
    return this.act(UPDATE.step, { unit }, reason, options);
  }

  /** Ends the run now, with a result that says `stopped`, who did it and why. What runs is aborted. */
  async stop(reason?: string, options?: OrderOptions): Promise<void> {
    await this.act(UPDATE.stop, {}, reason, options);
  }

  /** Changes the model, its parameters, limits, priority or breakpoints of a run from its next call on. */
  change(change: RunChange, reason?: string, options?: OrderOptions): Promise<void> {
    return this.act(UPDATE.change, change, reason, options);
  }

  /** Acts on the run in another person's name. */
  as(by: string): this {
    return Object.assign(Object.create(Object.getPrototypeOf(this)), this, { by });
  }

  protected act(name: string, asked: object, reason?: string, { id }: OrderOptions = {}): Promise<void> {
    return update(this.handle, name, { ...asked, by: this.by, ...(reason !== undefined && { reason }) }, id);
  }

  /**
   * Waits for the end. A run stopped by a limit or cancelled has a result that says so.
   * @throws HoldfastError with the failure's own code when the run failed.
   */
  async result(): Promise<SessionResult> {
    try {
      return (await this.handle.result()) as SessionResult;
    } catch (error) {
      const failure = runFailure(error, this.id);
      if (failure) throw failure;
      return this.cancelledResult();
    }
  }

  /** What the run does, has spent and waits for. Also answers for closed runs, while a worker runs. */
  state(): Promise<SessionStateView> {
    return this.ask(() => askRun(() => this.handle.query<SessionStateView>(QUERY.state)));
  }

  /** How far what the run did is undone by now, also after it closed; null where nothing is to be undone. */
  async compensation(): Promise<CompensationView | null> {
    const { compensation } = await this.state();
    if (compensation?.status !== 'running') return compensation;
    const handle = this.client.workflow.getHandle(compensation.id);
    return this.ask(() => askRun(() => handle.query<CompensationView>(QUERY.compensation)));
  }

  /**
   * Messages `[from, to)`, at most one page; go on from the page's `next`. Those of earlier Temporal runs of the session are
   * asked of those runs, which the server keeps until the namespace's retention ends; then the page starts later than asked.
   */
  async transcript(from = 0, to?: number): Promise<TranscriptPage | null> {
    const page = await this.ask(() => this.page(this.handle, from, to));
    const segment = page?.segments.find((one) => one.from <= from && from < one.to);
    if (!page || !segment) return page;
    const end = Math.min(to ?? segment.to, segment.to);
    const archived = await this.archived(segment, from, end).catch((error) => {
      if (error instanceof WorkflowNotFoundError || (HoldfastError.is(error) && error.code === 'Run.Unknown'))
        return page;
      throw toClientError(error, this.id);
    });
    return archived && { ...archived, length: page.length, segments: page.segments };
  }

  /** All of the messages `[from, to)`, page after page. */
  async messages(from = 0, to?: number): Promise<Message[]> {
    const messages: Message[] = [];
    for (let end = to ?? Number.POSITIVE_INFINITY; from + messages.length < end; ) {
      const page = await this.transcript(from + messages.length, to);
      if (!page?.messages.length) break;
      messages.push(...page.messages);
      end = Math.min(end, page.length);
    }
    return messages;
  }

  /** What the history knows of the calls that made the messages: times, attempts, tokens, cost; by the messages' marks. */
  figures(): Promise<Map<string, CallFigures>> {
    return this.ask(() => callFigures(this.client, this.id));
  }

  /** A fork's first messages are those of the run it was forked from, which may have earlier Temporal runs itself. */
  private archived({ workflowId, runId }: TranscriptSegment, from: number, to: number): Promise<TranscriptPage | null> {
    if (workflowId === undefined) return this.page(this.client.workflow.getHandle(this.id, runId), from, to);
    return new RunHandle(this.client, workflowId, { started: false, by: this.by }).transcript(from, to);
  }

  private page(handle: WorkflowHandle, from: number, to?: number): Promise<TranscriptPage | null> {
    return askRun(() => handle.query<TranscriptPage | null, [number?, number?]>(QUERY.transcript, from, to));
  }

  /**
   * Messages from a position on, as they appear, until the run ends; after a disconnect, go on from the position after the last
   * one. With `deltas`, also what the model says while it says it. Reading costs the run nothing, and many who follow one run
   * through one client cost the server as much as one.
   */
  events(options?: FollowOptions & { deltas?: false }): AsyncGenerator<MessageEvent>;
  events(options: FollowOptions): AsyncGenerator<RunEvent>;
  events(options: FollowOptions = {}): AsyncGenerator<RunEvent> {
    const describe = () => this.ask(() => this.describeStream());
    return this.readers.follow(this.id, { describe, transcript: (from) => this.transcript(from) }, options);
  }

  /** Asks the run to stop. What runs is aborted; the result says `cancelled`, the history who asked and why. */
  async cancel(reason?: string): Promise<void> {
    await this.ask(() => requestCancel(this.client, this.id, { by: this.by, ...(reason !== undefined && { reason }) }));
  }

  private async describeStream(): Promise<{ over: boolean; topic: string }> {
    const { status, runId, raw } = await this.handle.describe();
    const firstRunId = raw.workflowExecutionInfo?.firstRunId || runId;
    return { over: status.name !== 'RUNNING', topic: streamTopic(this.id, firstRunId) };
  }

  private async cancelledResult(): Promise<SessionResult> {
    const {
      agent,
      revision,
      model,
      turns,
      toolCalls,
      usage,
      costUsd,
      costIncomplete,
      simulated,
      length,
      compensation,
      degraded,
    } = await this.state();
    return {
      output: null,
      stopReason: 'cancelled',
      ...(degraded.length > 0 && { degraded: [...degraded] }),
      ...(compensation && { detail: compensationText(compensation), compensation }),
      agent,
      revision: revision ?? '',
      model: model ?? '',
      turns,
      toolCalls,
      usage,
      costUsd,
      costIncomplete,
      simulated,
      length,
    };
  }

  protected async ask<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw toClientError(error, this.id);
    }
  }
}
