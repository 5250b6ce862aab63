import type { Actor, ChatState, Exchange, QueuedMessage, Receipt } from '../protocol/control';
import type { Failure } from '../protocol/failures';
import type { UserMessage } from '../protocol/messages';
import type { ChatView } from '../protocol/session';
import type { Stop } from './gates';

/** Finished exchanges that can still be asked for, and whose update ids are still known after a roll-over. */
const KEPT_EXCHANGES = 200;
/** Answers that are kept with their exchanges, and how large one may be; the transcript has them all. */
const KEPT_OUTPUTS = 5;
const MAX_OUTPUT_CHARS = 16_000;
/** Messages that may wait. All of them are carried when the session continues as new. */
export const MAX_QUEUED = 100;
/** Characters of JSON that may wait in all. */
export const MAX_QUEUED_CHARS = 500_000;

export interface ExchangeEnd {
  stop: Stop;
  failure?: Failure;
}

/** The messages of a chat in their order: those that wait, the one that is worked on, and what came of the latest ones. */
export class Inbox {
  private readonly state: ChatState;

  constructor(now: number, title: string | null, carried?: ChatState) {
    this.state = carried ?? {
      startedAt: now,
      title,
      next: 1,
      queue: [],
      exchanges: [],
      closed: null,
      quietSince: now,
    };
  }

  carry(): ChatState {
    return this.state;
  }

  get startedAt(): number {
    return this.state.startedAt;
  }

  get quietSince(): number {
    return this.state.quietSince;
  }

  get title(): string | null {
    return this.state.title;
  }

  set title(title: string | null) {
    this.state.title = title;
  }

  get closed(): boolean {
    return this.state.closed !== null;
  }

  close({ by, reason }: Actor): void {
    this.state.closed = { by, ...(reason !== undefined && { reason }) };
  }

  get isEmpty(): boolean {
    return this.state.queue.length === 0;
  }

  /** Whether there is no room for a message of so many characters. */
  isFull(chars: number): boolean {
    const { queue } = this.state;
    if (queue.length >= MAX_QUEUED) return true;
    const waiting = queue.reduce((sum, { message }) => sum + JSON.stringify(message).length, 0);
    return queue.length > 0 && waiting + chars > MAX_QUEUED_CHARS;
  }

  /** Whether a message was taken before under this id. */
  knows(id: string): boolean {
    return this.byId(id) !== undefined;
  }

  /** Queues a message; one that was queued before under the same id is only acknowledged again. */
  add(id: string, message: UserMessage): Receipt {
    const known = this.byId(id);
    if (known !== undefined) return { exchange: known, ahead: this.aheadOf(known) };
    const number = this.state.next++;
    this.state.queue.push({ number, id, message });
    return { exchange: number, ahead: this.aheadOf(number) };
  }

  /** Opens the next exchange. */
  take(from: number): QueuedMessage | undefined {
    const next = this.state.queue.shift();
    if (next) this.state.exchanges.push({ number: next.number, id: next.id, status: 'working', from });
    return next;
  }

  get working(): Exchange | undefined {
    const last = this.state.exchanges.at(-1);
    return last?.status === 'working' ? last : undefined;
  }

  finish({ stop, failure }: ExchangeEnd, to: number, now: number, output: unknown): void {
    const { working, state } = this;
    if (!working) return;
    if (failure) working.failure = { code: failure.code, ...(failure.hint !== undefined && { hint: failure.hint }) };
    Object.assign(working, { status: 'done', to, stopReason: stop.reason });
    if (stop.detail !== '') working.detail = stop.detail;
    if (JSON.stringify(output ?? null).length <= MAX_OUTPUT_CHARS) working.output = output;
    delete state.exchanges.at(-1 - KEPT_OUTPUTS)?.output;
    state.quietSince = now;
    if (state.exchanges.length > KEPT_EXCHANGES) state.exchanges.shift();
  }

  /** The end of the chat is the end of what still waits: nobody is left waiting for an answer. */
  abandon({ reason, detail }: Stop): void {
    for (const { number, id } of this.state.queue.splice(0)) {
      this.state.exchanges.push({ number, id, status: 'done', stopReason: reason, detail });
    }
  }

  exchange(number: number): Exchange | null {
    const waiting = this.state.queue.find((queued) => queued.number === number);
    if (waiting) return { number, id: waiting.id, status: 'queued' };
    return this.state.exchanges.find((exchange) => exchange.number === number) ?? null;
  }

  view(): ChatView {
    const { title, next, queue } = this.state;
    const working = this.working?.number ?? null;
    const finished = next - 1 - queue.length - (working === null ? 0 : 1);
    return { title, working, queued: queue.length, finished, closing: this.closed };
  }

  private byId(id: string): number | undefined {
    const { queue, exchanges } = this.state;
    return (queue.find((queued) => queued.id === id) ?? exchanges.find((exchange) => exchange.id === id))?.number;
  }

  private aheadOf(number: number): number {
    const waiting = this.state.queue.filter((queued) => queued.number < number).length;
    return waiting + (this.working && this.working.number < number ? 1 : 0);
  }
}
