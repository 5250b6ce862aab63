import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from '../../../protocol/messages';
import type { SessionStateView, TranscriptPage } from '../../../protocol/session';
import type { PendingAttempt } from './pending-attempts';
import type { Progress, ShownCall, Totals } from './progress';

/** What a follower asks of a run; the client's `RunHandle` behind it, or a fake. */
export interface RunView {
  describe(): Promise<{ open: boolean; pending: PendingAttempt[] }>;
  /** Undefined while no worker answers. */
  state(): Promise<SessionStateView | undefined>;
  transcript(from: number): Promise<TranscriptPage | null | undefined>;
}

/** What the model says while it says it. */
export interface LiveText {
  /** What was not told yet, to one who has the messages before `position`. */
  tell(position: number): Iterable<Progress>;
  /** Resolves when there is something to tell, or news. */
  changed(): Promise<void>;
  /** Whether the transcript was, since this was last asked, about to grow. */
  takeNews(): boolean;
}

export interface FollowOptions {
  /** Default: the run is told message by message. */
  live?: LiveText;
  /** Ends the following, never the run. */
  signal: AbortSignal;
  /** Settles when the run is over, so that its end is seen at once. */
  ended?: Promise<unknown>;
  /** Messages before the newest ones that are not told. Default: all are told. */
  last?: number;
  /** Position of the first message told. Default: 0. */
  from?: number;
}

const FIRST_PAUSE_MS = 60;
const SLOWEST_PAUSE_MS = 700;
/** From the news of a message to the message. */
const NEWS_MS = 25;
const MISSING_AFTER = 2;
const PREVIEW_CHARS = 300;

/** Tells what a run does until it is over. Reads by query only: it costs the run nothing. */
export async function* followRun(view: RunView, options: FollowOptions): AsyncGenerator<Progress> {
  const reader = new TranscriptReader(options.last, options.from);
  const told = new ToldOnce();
  const rest = restFor(options);
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    if (options.signal.aborted) return;
    const { open, pending } = await view.describe();
    yield* told.attempts(pending);
    const state = await view.state();
    yield* told.worker(state !== undefined, open);
    let news = false;
    if (state) {
      yield* told.agent(state);
      for await (const progress of reader.read(view, state)) {
        news = true;
        yield progress;
      }
      yield* told.todos(state);
      yield* told.waits(state);
      const { phase, running, waitsFor = [] } = state;
      yield { type: 'status', phase, running, waitsFor, totals: totalsOf(state) };
    }
    if (!open) return;
    pause = news ? FIRST_PAUSE_MS : Math.min(pause * 1.5, SLOWEST_PAUSE_MS);
    if (yield* rest(pause, reader.next)) pause = FIRST_PAUSE_MS;
  }
}

/**
 * A pause that the reader's leaving cuts short and, once, the run's end. In it is told what the model says; news of the transcript
 * ends it soon, which is the result.
 */
function restFor({ signal, ended, live }: FollowOptions) {
  const over = new AbortController();
  const end = (): void => over.abort();
  ended?.then(end, end);
  let endSeen = false;
  return async function* rest(ms: number, position: number): AsyncGenerator<Progress, boolean> {
    const cut = new AbortController();
    const until = AbortSignal.any(endSeen ? [signal, cut.signal] : [signal, cut.signal, over.signal]);
    let passed = false;
    const passing = sleep(ms, undefined, { signal: until })
      .catch(() => undefined)
      .then(() => {
        passed = true;
      });
    let news = false;
    while (!passed && !news) {
      if (live) yield* live.tell(position);
      await (live ? Promise.race([passing, live.changed()]) : passing);
      news = live?.takeNews() ?? false;
    }
    cut.abort();
    // A failed attempt must not stay on the screen for as long as the server is asked.
    if (live) yield* live.tell(position);
    if (news) await sleep(NEWS_MS, undefined, { signal }).catch(() => undefined);
    endSeen ||= over.signal.aborted;
    return news;
  };
}

export function totalsOf(state: SessionStateView): Totals {
  const { turns, toolCalls, usage, costUsd, costIncomplete, simulated } = state;
  const { inputTokens, outputTokens } = usage;
  return { turns, toolCalls, inputTokens, outputTokens, costUsd, costIncomplete, simulated };
}

/** Reads a transcript message by message and knows which turn each belongs to. */
class TranscriptReader {
  private turn: number | undefined;
  private readonly calls = new Map<string, ShownCall>();

  constructor(
    private readonly last?: number,
    private position = 0,
  ) {}

  async *read(view: RunView, state: SessionStateView): AsyncGenerator<Progress> {
    while (this.position < state.length) {
      const page = await view.transcript(this.position);
      if (!page || page.messages.length === 0) return;
      if (page.from > this.position) yield { type: 'messages-skipped', count: page.from - this.position };
      this.turn ??= page.from === 0 ? 0 : state.turns - answersIn(knownOf(page, state));
      for (const [at, message] of page.messages.entries()) {
        const progress = this.tell(message, page.from + at, state);
        const old = this.last !== undefined && page.from + at < state.length - this.last;
        if (!old) yield progress;
      }
      this.position = page.next;
    }
  }

  /** How far it has read. */
  get next(): number {
    return this.position;
  }

  private tell(message: Message, position: number, state: SessionStateView): Progress {
    if (message.role === 'user') return { type: 'user-said', position, text: textOf(message) };
    if (message.role === 'assistant') {
      const turn = (this.turn ?? 0) + 1;
      this.turn = turn;
      const calls = callsOf(message);
      for (const call of calls) this.calls.set(`${turn}:${call.id}`, call);
      const newest = turn === state.turns;
      return {
        type: 'turn-finished',
        position,
        turn,
        text: textOf(message),
        calls,
        ...(newest && { totals: totalsOf(state) }),
      };
    }
    const turn = this.turn ?? 0;
    const call = this.calls.get(`${turn}:${message.callId}`) ?? {
      id: message.callId,
      name: message.name,
      arguments: {},
    };
    const { outcome, content, artifact } = message;
    const chars = artifact?.bytes ?? content.length;
    return { type: 'tool-finished', position, turn, call, outcome, chars, preview: content.slice(0, PREVIEW_CHARS) };
  }
}

/** A page may hold messages that are newer than the state. */
function knownOf({ from, messages }: TranscriptPage, { length }: SessionStateView): readonly Message[] {
  return messages.slice(0, Math.max(0, length - from));
}

function answersIn(messages: readonly Message[]): number {
  return messages.filter((message) => message.role === 'assistant').length;
}

function textOf(message: Message): string {
  if (message.role === 'tool') return message.content;
  return message.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

function callsOf(message: Message): ShownCall[] {
  if (message.role !== 'assistant') return [];
  return message.content.flatMap((part) =>
    part.type === 'tool-call' ? { id: part.id, name: part.name, arguments: part.arguments ?? {} } : [],
  );
}

/** Things that are told when they change. */
class ToldOnce {
  private pinned = false;
  private called = false;
  private todoList: string[] = [];
  private missing = false;
  private unanswered = 0;
  private readonly waitsTold = new Set<string>();
  private readonly attemptsTold = new Set<string>();

  *agent({ agent, model, revision, phase }: SessionStateView): Generator<Progress> {
    if (this.pinned) return;
    if (revision !== null && model !== null) {
      this.pinned = true;
      yield { type: 'agent-pinned', agent, model, revision };
    } else if (!this.called && phase === 'model') {
      this.called = true;
      yield { type: 'first-call', agent, model };
    }
  }

  *attempts(pending: PendingAttempt[]): Generator<Progress> {
    for (const { activityId, ...attempt } of pending) {
      const key = `${activityId}#${attempt.attempt}`;
      if (this.attemptsTold.has(key)) continue;
      this.attemptsTold.add(key);
      yield { type: 'attempt-failed', ...attempt };
    }
  }

  /** One question without an answer may be a worker that is busy. */
  *worker(answers: boolean, open: boolean): Generator<Progress> {
    this.unanswered = answers ? 0 : this.unanswered + 1;
    const missing = this.unanswered >= MISSING_AFTER;
    if (!open || (answers ? !this.missing : this.missing || !missing)) return;
    this.missing = !answers;
    yield { type: answers ? 'worker-back' : 'worker-missing' };
  }

  *waits({ waitsFor = [] }: SessionStateView): Generator<Progress> {
    for (const waits of waitsFor) {
      if (this.waitsTold.has(waits.id)) continue;
      this.waitsTold.add(waits.id);
      yield { type: 'approval-asked', ...waits };
    }
  }

  *todos({ todos }: SessionStateView): Generator<Progress> {
    const list = todos.map(({ text, status }) => `${status} ${text}`);
    const changed = todos.filter((_, at) => !this.todoList.includes(list[at] ?? ''));
    const same = changed.length === 0 && list.length === this.todoList.length;
    this.todoList = list;
    if (!same) yield { type: 'todos-changed', todos, changed };
  }
}
