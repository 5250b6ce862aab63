import type { Message } from '../protocol/messages';
import { type CallKey, compareCalls, DELTA_KINDS, type DeltaKind, keyOf, type LiveCall } from '../protocol/stream';

/** One message of a run as it appears; `position` is where it is in the transcript, and the next one where to go on. */
export interface MessageEvent {
  type: 'message';
  position: number;
  message: Message;
}

/** A piece of a message that is being written. The message itself follows, and is what counts. */
export interface DeltaEvent {
  type: 'delta';
  turn: number;
  attempt: number;
  /** For `tool-call` the text is the name of a tool that is being called. */
  kind: DeltaKind;
  text: string;
  /** Characters of this kind that came before, in this turn and attempt. */
  offset: number;
}

/** An attempt failed: what its deltas said of that turn is void. The next attempt begins anew. */
export interface AttemptEvent {
  type: 'attempt';
  turn: number;
  attempt: number;
}

/** What a follower is told: messages, which count, and, with `deltas`, what is being written. */
export type RunEvent = MessageEvent | DeltaEvent | AttemptEvent;

/** How much of the call in progress one follower was told. */
export class DeltaCursor {
  private told: CallKey | undefined;
  private lengths: Record<DeltaKind, number> = { text: 0, reasoning: 0, 'tool-call': 0 };

  /** What is new for a follower who has the messages before `position`. Deltas of a message it has are not told. */
  *next(live: LiveCall | undefined, position: number): Generator<DeltaEvent | AttemptEvent> {
    if (this.told && this.told.position < position) this.told = undefined;
    const same = this.told && live && compareCalls(live, this.told) === 0;
    if (this.told && live && (!same || live.outcome === 'failed')) yield* this.drop(position);
    if (!live || live.outcome === 'failed' || live.position < position) return;
    for (const kind of DELTA_KINDS) yield* this.piece(live, kind);
  }

  /** Whatever was told of a message that never came is void. */
  *drop(position: number): Generator<AttemptEvent> {
    const { told } = this;
    this.told = undefined;
    if (told && told.position >= position) yield { type: 'attempt', turn: told.turn, attempt: told.attempt };
  }

  private *piece(live: LiveCall, kind: DeltaKind): Generator<DeltaEvent> {
    if (!this.told) this.lengths = { text: 0, reasoning: 0, 'tool-call': 0 };
    const said = live.said[kind];
    const offset = this.lengths[kind];
    // A name that has not come whole is none yet.
    const end = kind === 'tool-call' ? said.lastIndexOf('\n') + 1 : said.length;
    if (end <= offset) return;
    this.told = keyOf(live);
    this.lengths[kind] = end;
    const { turn, attempt } = live;
    const text = said.slice(offset, end);
    if (kind !== 'tool-call') yield { type: 'delta', turn, attempt, kind, text, offset };
    else yield* namesIn(text, offset, { turn, attempt });
  }
}

function* namesIn(text: string, start: number, call: Pick<DeltaEvent, 'turn' | 'attempt'>): Generator<DeltaEvent> {
  let offset = start;
  for (const name of text.split('\n').slice(0, -1)) {
    yield { type: 'delta', ...call, kind: 'tool-call', text: name, offset };
    offset += name.length + 1;
  }
}
