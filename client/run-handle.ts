import { type Client, type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import type { Message } from '../protocol/messages';
import { QUERY } from '../protocol/names';
import type { SessionResult, SessionStateView, TranscriptPage } from '../protocol/session';
import { runFailure, toClientError } from './errors';

/** One message of a run as it appears; `position` is where to go on after a disconnect. */
export interface RunEvent {
  position: number;
  message: Message;
}

const FIRST_POLL_MS = 50;
const SLOWEST_POLL_MS = 1_000;

/** A run that was started, here or elsewhere, now or long ago. */
export class RunHandle {
  private readonly handle: WorkflowHandle;

  constructor(
    private readonly client: Client,
    readonly id: string,
    /** False when a run with this id existed already: nothing was started. */
    readonly started: boolean,
    /** The Temporal run; undefined follows the latest one of this id. */
    readonly runId?: string,
  ) {
    this.handle = client.workflow.getHandle(id);
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
    return this.ask(() => this.handle.query<SessionStateView>(QUERY.state));
  }

  /**
   * Messages `[from, to)`, at most one page; go on from the page's `next`. Those of earlier Temporal runs of the session are
   * asked of those runs, which the server keeps until the namespace's retention ends; then the page starts later than asked.
   */
  async transcript(from = 0, to?: number): Promise<TranscriptPage | null> {
    const page = await this.ask(() => this.page(this.handle, from, to));
    const segment = page?.segments.find((one) => one.from <= from && from < one.to);
    if (!page || !segment) return page;
    const earlier = this.client.workflow.getHandle(this.id, segment.runId);
    const end = Math.min(to ?? segment.to, segment.to);
    const archived = await this.page(earlier, from, end).catch((error) => {
      if (error instanceof WorkflowNotFoundError) return page;
      throw toClientError(error, this.id);
    });
    return archived && { ...archived, length: page.length, segments: page.segments };
  }

  private page(handle: WorkflowHandle, from: number, to?: number): Promise<TranscriptPage | null> {
    return handle.query<TranscriptPage | null, [number?, number?]>(QUERY.transcript, from, to);
  }

  /** Messages from a position on, as they appear, until the run ends. Reading costs the run nothing. */
  async *events(from = 0, signal?: AbortSignal): AsyncGenerator<RunEvent> {
    let pause = FIRST_POLL_MS;
    for (let position = from; !signal?.aborted; ) {
      const over = await this.isOver();
      const page = await this.transcript(position);
      position = Math.max(position, page?.from ?? position);
      for (const message of page?.messages ?? []) yield { position: position++, message };
      const more = (page?.length ?? 0) > position;
      if (over && !more) return;
      pause = page?.messages.length ? FIRST_POLL_MS : Math.min(pause * 1.5, SLOWEST_POLL_MS);
      if (!more) await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  /** Asks the run to stop. What runs is aborted; the result says `cancelled`. */
  async cancel(): Promise<void> {
    await this.ask(() => this.handle.cancel());
  }

  private async isOver(): Promise<boolean> {
    const { status } = await this.ask(() => this.handle.describe());
    return status.name !== 'RUNNING';
  }

  private async cancelledResult(): Promise<SessionResult> {
    const { agent, revision, model, turns, toolCalls, usage, costUsd, costIncomplete, simulated, length } =
      await this.state();
    return {
      output: null,
      stopReason: 'cancelled',
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

  private async ask<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw toClientError(error, this.id);
    }
  }
}
