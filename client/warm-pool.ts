import { randomUUID } from 'node:crypto';
import { type Client, WithStartWorkflowOperation, type WorkflowHandle } from '@temporalio/client';
import { AGENT_NAME } from '../protocol/agent';
import type { Actor } from '../protocol/control';
import { HoldfastError } from '../protocol/failures';
import { QUERY, UPDATE, WORKFLOW } from '../protocol/names';
import { problemsOf } from '../protocol/problems';
import { quoted } from '../protocol/quoted';
import type { SessionOptions } from '../protocol/session';
import { type Taken, type WarmPoolInput, type WarmPoolView, warmPoolInputSchema } from '../protocol/warm-pool';
import type { ChatHandle, SendOptions, SentMessage } from './chat-handle';
import { toClientError } from './errors';
import { untilProcessed, update, updateFailure } from './updates';

/** How many wait, and what each session is started with. */
export interface WarmPoolOptions extends Omit<SessionOptions, 'input' | 'fork'> {
  /** Sessions that wait, ready; at most 200. Default 1. */
  size?: number;
  /** Workflow id of the pool. Default `pool-AGENT`. */
  id?: string;
}

/** Tells a session of the pool that has ended while it waited: another one is taken. */
const GONE = ['Run.Ended', 'Run.Unknown', 'Chat.Closed'];

/**
 * Sessions of one agent that are started before they are needed. The pool itself is started by the first that is taken from it, with
 * the options given then.
 *
 * @example
 * ```ts
 * const pool = holdfast.pool('assistant', { size: 4, limits: { costUsd: 1 } }); // nothing is started yet
 * const { chat, sent } = await pool.send('Where is my parcel?');
 * const { output } = await sent.reply();
 * await pool.resize(10);
 * await pool.close(); // ends what waits; chats that were taken go on
 * ```
 */
export class WarmPool {
  private readonly handle: WorkflowHandle;
  private readonly input: WarmPoolInput;
  readonly id: string;

  /** @throws HoldfastError `Input.Invalid`. */
  constructor(
    private readonly client: Client,
    agent: string,
    { size = 1, id = `pool-${agent}`, ...options }: WarmPoolOptions,
    private readonly own: { taskQueue: string; by: string; chat(id: string): ChatHandle },
  ) {
    if (!AGENT_NAME.test(agent)) throw new HoldfastError('Input.Invalid', `not an agent's name: ${quoted(agent)}`);
    const parsed = warmPoolInputSchema.safeParse({ agent, size, options });
    if (!parsed.success) throw new HoldfastError('Input.Invalid', problemsOf(parsed.error, 'pool'));
    this.input = parsed.data;
    this.id = id;
    this.handle = client.workflow.getHandle(id);
  }

  /**
   * A chat that nobody has used, the one that waited for longest; started now where none waits. It is the caller's from then on, and
   * the pool starts another one.
   * @param order taken again under the same id, it is the same one. Default: a random id.
   * @throws HoldfastError `Server.*`.
   */
  async take(order: string = randomUUID()): Promise<ChatHandle> {
    return this.own.chat((await this.taken(order)).id);
  }

  /** Takes a chat and sends it its first message. @throws HoldfastError as `take` and `ChatHandle.send`. */
  async send(input: unknown, options: SendOptions = {}): Promise<{ chat: ChatHandle; sent: SentMessage }> {
    for (let tries = this.input.size + 1; ; tries--) {
      const chat = await this.take();
      try {
        return { chat, sent: await chat.send(input, options) };
      } catch (error) {
        if (!HoldfastError.is(error) || !GONE.includes(error.code) || tries <= 0) throw error;
      }
    }
  }

  /** How many may wait from now on. @throws HoldfastError `Input.Invalid`, `Run.Unknown`, `Run.Ended`, `Server.*`. */
  resize(size: number): Promise<void> {
    return update(this.handle, UPDATE.resize, { by: this.own.by, size });
  }

  /** Ends the pool and what waits in it; chats that were taken go on. */
  close(reason?: string): Promise<void> {
    return update(this.handle, UPDATE.close, { by: this.own.by, ...(reason !== undefined && { reason }) });
  }

  /** Who waits and how many were taken. @throws HoldfastError `Run.Unknown`, `Server.*`. */
  async state(): Promise<WarmPoolView> {
    try {
      return await this.handle.query<WarmPoolView>(QUERY.pool);
    } catch (error) {
      throw toClientError(error, this.id);
    }
  }

  /** Starts the pool where it is not there. */
  private async taken(updateId: string): Promise<Taken> {
    const { input, id } = this;
    const { taskQueue, by } = this.own;
    // A start operation is good for one request.
    const ask = (): Promise<Taken> =>
      this.client.workflow.executeUpdateWithStart<(input: WarmPoolInput) => Promise<WarmPoolView>, Taken, [Actor]>(
        UPDATE.take,
        {
          args: [{ by }],
          updateId,
          startWorkflowOperation: new WithStartWorkflowOperation(WORKFLOW.warmPool, {
            workflowId: id,
            taskQueue,
            args: [input],
            workflowIdConflictPolicy: 'USE_EXISTING',
            staticSummary: `${input.agent}: pool of ${input.size}`,
          }),
        },
      );
    try {
      return await untilProcessed(ask);
    } catch (error) {
      throw updateFailure(error, id);
    }
  }
}
