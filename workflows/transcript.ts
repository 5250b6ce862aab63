import type { TranscriptPointer } from '../protocol/activities';
import { markOf, rollDigest } from '../protocol/digest';
import type { Message } from '../protocol/messages';
import type { TranscriptPage, TranscriptSegment } from '../protocol/session';

/** Bytes of messages the workflow itself made that ride along in one model call's input; larger ones are pulled. */
const INLINE_BYTES = 4_096;
/** Characters of one query answer. The server refuses payloads above 2 MB; UTF-8 may double this. */
const PAGE_CHARS = 450_000;

interface Entry {
  message: Message;
  chars: number;
}

/**
 * The conversation of one session, as this Temporal run holds it. It is never sent whole: a model call gets a pointer with
 * the delta, and a worker that lacks more asks with a query, which writes nothing to the history.
 */
export class Transcript {
  private readonly entries: Entry[] = [];
  private calledAt: number;

  constructor(
    private readonly firstRunId: string,
    readonly segments: TranscriptSegment[] = [],
    /** Position of the first message this Temporal run holds. */
    readonly base = 0,
    public digest = '',
  ) {
    this.calledAt = base;
  }

  get length(): number {
    return this.base + this.entries.length;
  }

  /** The latest message this Temporal run holds. */
  get last(): Message | undefined {
    return this.entries.at(-1)?.message;
  }

  /** What lies between the last reply and the one before, as far as this Temporal run holds it. */
  sinceReply(): Message[] {
    const { entries } = this;
    const from = entries.findLastIndex(({ message }, at) => message.role === 'assistant' && at < entries.length - 1);
    return entries.slice(from + 1, -1).map(({ message }) => message);
  }

  /**
   * Adds a message. The digest goes by the mark where there is one: workflow code starts cold in every run, and reading long
   * texts character by character would be the slowest thing it does.
   */
  append(message: Message): void {
    const text = JSON.stringify(message);
    this.digest = rollDigest(this.digest, markOf(message) ?? text);
    this.entries.push({ message, chars: text.length });
  }

  /** What a model call is told instead of the conversation. */
  pointer(): TranscriptPointer {
    const { firstRunId, length, digest } = this;
    return { firstRunId, length, digest, delta: this.delta() };
  }

  /** Notes that a model call has seen everything up to now: the next delta starts with its reply. */
  seen(): void {
    this.calledAt = this.length;
  }

  page(from = 0, to = this.length): TranscriptPage {
    const messages: Message[] = [];
    const start = Math.max(from, this.base);
    let chars = 0;
    for (let at = start; at < Math.min(to, this.length); at++) {
      const entry = this.entries[at - this.base];
      if (entry === undefined || (messages.length > 0 && chars + entry.chars > PAGE_CHARS)) break;
      chars += entry.chars;
      messages.push(entry.message);
    }
    return { from: start, next: start + messages.length, length: this.length, messages, segments: this.segments };
  }

  private delta(): (string | Message | null)[] {
    let inlined = 0;
    return this.entries.slice(this.calledAt - this.base).map(({ message, chars }) => {
      const mark = markOf(message);
      if (mark !== undefined) return mark;
      inlined += chars;
      return inlined <= INLINE_BYTES ? message : null;
    });
  }
}
