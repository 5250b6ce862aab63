import { z } from 'zod';

/**
 * What travels beside the history while a model answers. Best effort: the transcript is the truth, and any event may be lost,
 * repeated or late. Offsets and the order of attempts make the text that a reader puts together right all the same.
 */

const count = z.number().int().nonnegative();
const callShape = {
  turn: count,
  /** Where in the transcript the finished message will be. */
  position: count,
  /** When the server scheduled the call, milliseconds since epoch: of two calls of one run the later one has the greater. */
  call: z.number(),
  /** From 1. */
  attempt: count,
};
const deltaKindSchema = z.enum(['text', 'reasoning', 'tool-call']);
/** `tool-call` is the list of the names of tools that are called, each ended by a line break. */
export type DeltaKind = z.output<typeof deltaKindSchema>;
const DELTA_KINDS = deltaKindSchema.options;

const callSchema = z.object(callShape);
/** One execution of one model call. */
export type CallKey = z.output<typeof callSchema>;

export const streamEventSchema = z.discriminatedUnion('type', [
  /** A call begins. It is streamed only if a reader joins it. */
  z.object({ type: z.literal('began'), ...callShape }),
  /** `offset` counts the characters (UTF-16 code units) of this kind before `text`. */
  z.object({ type: z.literal('delta'), ...callShape, kind: deltaKindSchema, offset: count, text: z.string() }),
  /** What a failed call has said so far is void. */
  z.object({ type: z.literal('ended'), ...callShape, ok: z.boolean() }),
  /** The transcript is about to grow. */
  z.object({ type: z.literal('news') }),
]);
export type StreamEvent = z.output<typeof streamEventSchema>;

/** Readers of all runs tell workers here what they want to read. */
export const JOIN_TOPIC = 'holdfast/joins';
const lengthsSchema = z.object({ text: count, reasoning: count, 'tool-call': count });
export const joinSchema = z.object({
  topic: z.string(),
  /** What the reader knows already: so many characters of each kind of that execution. */
  have: callSchema.extend({ lengths: lengthsSchema }).optional(),
});
export type Join = z.output<typeof joinSchema>;

/** Every session has a topic of its own, over all its Temporal runs. */
export function streamTopic(workflowId: string, firstRunId: string): string {
  return `${workflowId}:${firstRunId}`;
}

/** Undefined for what is not of this protocol, e.g. of a later version. */
export function parsePayload<T>(schema: z.ZodType<T>, payload: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(payload)).data;
  } catch {
    return undefined;
  }
}

/** What a reader has of the call in progress: always the beginning of what was said, without a gap. */
export interface LiveCall extends CallKey {
  said: Readonly<Record<DeltaKind, string>>;
  outcome?: 'ok' | 'failed';
}

/** Adds an event to what a reader has. `missing` says that something before it was lost: joining again brings it. */
export function applyEvent(live: LiveCall | undefined, event: StreamEvent): { live?: LiveCall; missing: boolean } {
  if (event.type === 'news') return { ...(live && { live }), missing: false };
  const order = live ? compareCalls(event, live) : 1;
  if (live && (order < 0 || live.outcome === 'failed') && order <= 0) return { live, missing: false };
  const current: LiveCall = live && order === 0 ? live : { ...keyOf(event), said: NOTHING };
  if (event.type === 'began') return { live: current, missing: false };
  if (event.type === 'ended') return { live: { ...current, outcome: event.ok ? 'ok' : 'failed' }, missing: false };
  const { kind, offset, text } = event;
  const known = current.said[kind];
  if (offset > known.length) return { live: current, missing: true };
  if (offset + text.length <= known.length) return { live: current, missing: false };
  const said = { ...current.said, [kind]: known + text.slice(known.length - offset) };
  return { live: { ...current, said }, missing: false };
}

/** Negative when `a` is the older execution. Two executions of one call never run under the same number. */
export function compareCalls(a: CallKey, b: CallKey): number {
  return a.call - b.call || a.attempt - b.attempt;
}

export function keyOf({ turn, position, call, attempt }: CallKey): CallKey {
  return { turn, position, call, attempt };
}

export function lengthsOf(said: LiveCall['said']): Record<DeltaKind, number> {
  return { text: said.text.length, reasoning: said.reasoning.length, 'tool-call': said['tool-call'].length };
}

export const NOTHING: LiveCall['said'] = { text: '', reasoning: '', 'tool-call': '' };
export { DELTA_KINDS };
