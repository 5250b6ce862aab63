import { randomUUID } from 'node:crypto';
import { type Client, WithStartWorkflowOperation, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Exchange, Receipt, Sending } from '../protocol/control';
import { HoldfastError } from '../protocol/failures';
import type { Message } from '../protocol/messages';
import { QUERY, UPDATE, WORKFLOW } from '../protocol/names';
import type { SessionInput, SessionResult, StopReason } from '../protocol/session';
import { askRun } from './ask-run';
import { checkMessageId, checkPayload } from './checks';
import { type OrderOptions, RunHandle, type RunHandleOptions } from './run-handle';
import type { WorkflowStart } from './start-input';
import { untilProcessed, updateFailure } from './updates';

/** What is said of a message besides what it says. */
export interface SendOptions {
  /** For a message that others wrote (mail, a form, another system): where it came from. It taints the conversation. */
  source?: string;
  /** Sending again under the same id opens no second exchange. Default: a random one. */
  id?: string;
  /** Who writes. Default: the client's `by`. */
  by?: string;
  /** Never summarised: the model sees the message word by word to the end. Default false. */
  pin?: boolean;
}

/** What came of a message. */
export interface Reply {
  /** Text, or the validated value where the agent has an output schema. */
  output: unknown;
  stopReason: StopReason;
  /** One sentence on a stop that is not `completed`. */
  detail?: string;
  /** The whole exchange, from the message on. */
  messages: Message[];
}

const FIRST_POLL_MS = 25;
const SLOWEST_POLL_MS = 1_000;

/**
 * A chat: messages are answered strictly in the order they were sent, whatever happens to workers in between.
 *
 * @example
 * ```ts
 * const chat = holdfast.chat('assistant', { id: 'support-42', idleTimeout: '7d', budgetUsd: 5 });
 * const sent = await chat.send('Where is my parcel?', { id: 'mail-8813' }); // kept for good once this resolves
 * const { output, stopReason } = await sent.reply();
 * await holdfast.getChat('support-42').close('answered');
 * ```
 */
export class ChatHandle extends RunHandle {
  constructor(
    client: Client,
    id: string,
    options: RunHandleOptions,
    /** Starts the chat with its first message; undefined for a chat that must be there already. */
    private readonly start?: WorkflowStart,
  ) {
    super(client, id, options);
  }

  /**
   * Queues a message; the first one starts the chat, in the same request. Resolves as soon as the message is kept for good.
   * @throws HoldfastError `Input.*`, `Chat.Closed`, `Chat.QueueFull`, `Run.Ended`, `Run.AlreadyStarted` when the id belongs to
   * a chat with another agent, `Server.*`.
   */
  async send(input: unknown, { id = randomUUID(), by = this.by, pin, source }: SendOptions = {}): Promise<SentMessage> {
    checkMessageId(id);
    const marks = { ...(pin && { pin }), ...(source !== undefined && { source }) };
    const sending: Sending = { input, by, ...marks, ...(this.start && { agent: this.start.args[0].agent }) };
    checkPayload(sending);
    const { exchange, ahead } = await this.deliver(sending, id);
    return new SentMessage(this, id, exchange, ahead);
  }

  /** How an exchange goes; null for one that is not there yet or long past. */
  exchange(number: number): Promise<Exchange | null> {
    return this.ask(() => askRun(() => this.handle.query<Exchange | null, [number]>(QUERY.exchange, number)));
  }

  /** No more messages; the chat ends once those that wait are answered. */
  close(reason?: string, options?: OrderOptions): Promise<void> {
    return this.act(UPDATE.close, {}, reason, options);
  }

  /** Ends the exchange in progress; the chat goes on with the next message. */
  interrupt(reason?: string, options?: OrderOptions): Promise<void> {
    return this.act(UPDATE.interrupt, {}, reason, options);
  }

  /** Gives the chat another title, of 1 to 200 characters. */
  rename(title: string, reason?: string, options?: OrderOptions): Promise<void> {
    return this.act(UPDATE.rename, { title }, reason, options);
  }

  /** A start operation is good for one request. */
  private sendWithStart(sending: Sending, updateId: string, start: WorkflowStart): Promise<Receipt> {
    return this.client.workflow.executeUpdateWithStart<
      (input: SessionInput) => Promise<SessionResult>,
      Receipt,
      [Sending]
    >(UPDATE.send, {
      args: [sending],
      updateId,
      startWorkflowOperation: new WithStartWorkflowOperation(WORKFLOW.agentSession, {
        ...start,
        workflowIdConflictPolicy: 'USE_EXISTING',
      }),
    });
  }

  private async deliver(sending: Sending, updateId: string): Promise<Receipt> {
    const { start } = this;
    try {
      if (!start) {
        const again = { args: [sending] as [Sending], updateId };
        return await untilProcessed(() => this.handle.executeUpdate<Receipt, [Sending]>(UPDATE.send, again));
      }
      return await untilProcessed(() => this.sendWithStart(sending, updateId, start));
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) {
        throw new HoldfastError('Run.Ended', `the chat "${this.id}" has ended`, {
          hint: `Choose another id, or take it up where it ended: holdfast runs fork ${this.id}`,
          cause: error,
        });
      }
      throw updateFailure(error, this.id);
    }
  }
}

/**
 * A message that is in the chat's queue, or beyond it.
 *
 * @example
 * ```ts
 * const sent = await holdfast.getChat('support-42').send('And the invoice?');
 * console.log(`number ${sent.exchange}, ${sent.ahead} before it`);
 * const { output, messages } = await sent.reply(AbortSignal.timeout(60_000)); // ends the waiting, not the work
 * ```
 */
export class SentMessage {
  constructor(
    private readonly chat: ChatHandle,
    /** The update id: sending again under it is answered with the same exchange. */
    readonly id: string,
    readonly exchange: number,
    /** Exchanges that were before it when it was sent. */
    readonly ahead: number,
  ) {}

  /**
   * Waits for the answer. An exchange that an operator or a limit ended has a reply that says so.
   * @throws HoldfastError with the failure's own code when the exchange failed (the chat goes on), `Run.Ended` when the chat ended
   * without coming to it, `Server.*`.
   */
  async reply(signal?: AbortSignal): Promise<Reply> {
    // With others before it there is no hurry.
    const first = Math.min(FIRST_POLL_MS * (1 + this.ahead), SLOWEST_POLL_MS / 2);
    for (let pause = first; ; pause = Math.min(pause * 1.5, SLOWEST_POLL_MS)) {
      signal?.throwIfAborted();
      const exchange = await this.chat.exchange(this.exchange);
      if (exchange?.status === 'done') return this.replyOf(exchange);
      if (pause === SLOWEST_POLL_MS && !exchange) throw this.gone();
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  private async replyOf({ from, to, stopReason, detail, output, failure }: Exchange): Promise<Reply> {
    if (failure) {
      const { code, hint } = failure;
      throw new HoldfastError(code, detail ?? code, {
        ...(hint !== undefined && { hint }),
        details: { id: this.chat.id },
      });
    }
    if (from === undefined || to === undefined || stopReason === undefined) throw this.gone();
    const messages = await this.chat.messages(from, to);
    return {
      output: output === undefined ? textOf(messages.findLast((message) => message.role === 'assistant')) : output,
      stopReason,
      ...(detail !== undefined && { detail }),
      messages,
    };
  }

  private gone(): HoldfastError {
    const { id } = this.chat;
    return new HoldfastError('Run.Ended', `chat "${id}" ended before it came to message ${this.exchange}`, {
      hint: `holdfast runs show ${id}`,
    });
  }
}

function textOf(message: Message | undefined): string | null {
  if (message?.role !== 'assistant') return null;
  return message.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}
