import { LRUCache } from 'lru-cache';
import type { TranscriptPointer } from '../protocol/activities';
import { markOf, rollDigest } from '../protocol/digest';
import type { Message } from '../protocol/messages';

/** What one worker remembers of one session's transcript. */
interface Remembered {
  /** Messages at positions `[from, length)`. */
  messages: Message[];
  /** The first `head.length` messages, kept when the rest was dropped. */
  head: Message[];
  from: number;
  length: number;
  digest: string;
  /** Messages this worker's activities made that no model call has placed yet, by mark. */
  made: Map<string, Message>;
  chars: number;
}

/** The part of a transcript a model call needs. */
export interface LoadedTranscript {
  head: Message[];
  messages: Message[];
}

export interface WantedTranscript {
  pointer: TranscriptPointer;
  /** Position of the first message wanted after the head. */
  contextFrom: number;
  /** Messages at the start that are always wanted. */
  keepFirst: number;
}

/** Reads messages `[from, to)` of the session from wherever they are kept. */
export type PullMessages = (from: number, to: number) => Promise<Message[]>;

/**
 * Transcripts on the worker, so that a model call's input need not carry them. Never trusted: the pointer's rolling digest
 * decides whether what is remembered is what the workflow has; anything missing or different is pulled again.
 */
export class TranscriptCache {
  private readonly sessions: LRUCache<string, Remembered>;

  /** @param maxChars Characters of JSON kept over all sessions; least recently used ones go first. */
  constructor(maxChars = 64_000_000) {
    this.sessions = new LRUCache({ maxSize: maxChars, sizeCalculation: (entry) => entry.chars + 200 });
  }

  /** Keeps a message this worker's activity made and marked, until a model call's delta names it. */
  keep(session: string, message: Message): void {
    const mark = markOf(message);
    if (mark === undefined) return;
    const entry = this.sessions.get(session) ?? blank();
    entry.made.set(mark, message);
    entry.chars += JSON.stringify(message).length;
    this.remember(session, entry);
  }

  async load(session: string, wanted: WantedTranscript, pull: PullMessages): Promise<LoadedTranscript> {
    const entry = this.sessions.get(session) ?? blank();
    const usable = (await this.catchUp(entry, wanted.pointer, pull)) && covers(entry, wanted);
    const current = usable ? entry : await pulled(wanted, pull);
    this.trim(current, wanted);
    current.chars = [...current.head, ...current.messages].reduce((sum, message) => sum + charsOf(message), 0);
    this.remember(session, current);
    const { head, from, messages } = current;
    return {
      head: head.slice(0, wanted.contextFrom),
      messages: messages.slice(Math.max(0, wanted.contextFrom - from)),
    };
  }

  /** The store measures a value when it is new to it; setting the same one again would keep its first size. */
  private remember(session: string, entry: Remembered): void {
    this.sessions.delete(session);
    this.sessions.set(session, entry);
  }

  /** Applies the delta; false when what is remembered does not lead to the workflow's digest. */
  private async catchUp(entry: Remembered, pointer: TranscriptPointer, pull: PullMessages): Promise<boolean> {
    if (entry.length === pointer.length) return entry.digest === pointer.digest;
    if (entry.length + pointer.delta.length !== pointer.length) return false;
    const known = pointer.delta.map((item) => (typeof item === 'string' ? entry.made.get(item) : item));
    const news = known.every((message) => message != null) ? known : await pull(entry.length, pointer.length);
    const digest = news.reduce(
      (sum, message) => rollDigest(sum, message ? (markOf(message) ?? JSON.stringify(message)) : ''),
      entry.digest,
    );
    if (digest !== pointer.digest) return false;
    entry.messages.push(...news);
    entry.length = pointer.length;
    entry.digest = digest;
    return true;
  }

  /** Drops what the model no longer sees. */
  private trim(entry: Remembered, { contextFrom, keepFirst }: WantedTranscript): void {
    entry.made.clear();
    if (contextFrom <= entry.from) return;
    if (entry.from === 0) entry.head = entry.messages.slice(0, Math.min(keepFirst, contextFrom));
    entry.messages = entry.messages.slice(contextFrom - entry.from);
    entry.from = contextFrom;
  }
}

function blank(): Remembered {
  return { messages: [], head: [], from: 0, length: 0, digest: '', made: new Map(), chars: 0 };
}

/** Whether everything wanted is remembered: a pull that started later cannot serve an earlier start. */
function covers(entry: Remembered, { contextFrom, keepFirst }: WantedTranscript): boolean {
  return entry.from <= contextFrom && (entry.from === 0 || entry.head.length >= Math.min(keepFirst, contextFrom));
}

async function pulled({ pointer, contextFrom, keepFirst }: WantedTranscript, pull: PullMessages): Promise<Remembered> {
  const { length, digest } = pointer;
  const head = contextFrom > 0 ? await pull(0, Math.min(keepFirst, contextFrom)) : [];
  const messages = await pull(contextFrom, length);
  return { ...blank(), head, messages, from: contextFrom, length, digest };
}

function textOf(message: Message): string {
  return JSON.stringify(message);
}

const chars = new WeakMap<Message, number>();

function charsOf(message: Message): number {
  const known = chars.get(message);
  if (known !== undefined) return known;
  const count = textOf(message).length;
  chars.set(message, count);
  return count;
}
