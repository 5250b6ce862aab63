import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { ReasoningPart } from '../../../protocol/messages';
import { isRecord } from './rule';

/** The name of the provider, in routes and in the parts it signs. */
export const PROVIDER = 'simulated';

/** Raised when a rule's state changes its shape: notes of another version are not understood, the task starts over. */
const VERSION = 1;
const PREFIX = `notes${VERSION}:`;
/** Notes are some 100 kB at most; more is not ours. */
const MAX_BYTES = 16 * 1024 * 1024;
/** The task is in the notes in case its message is dropped from the context. */
const MAX_TASK = 4_000;

/** What a reply with tool calls tells the next one. */
export interface Notes {
  /** The rule at work. */
  rule: string;
  /** Replies so far, this one included. */
  step: number;
  task: string;
  state: unknown;
}

/**
 * Notes as a reasoning part. Vendors' models keep their thoughts in such parts, encrypted, and want them back unchanged; the
 * simulated one keeps its progress there. The last reply is never dropped from a context, so its notes are always in sight.
 */
export function notesPart(notes: Notes): ReasoningPart {
  const json = JSON.stringify({ ...notes, task: notes.task.slice(0, MAX_TASK) });
  const encrypted = PREFIX + deflateRawSync(json).toString('base64');
  return { type: 'reasoning', provider: PROVIDER, text: '', encrypted };
}

/** The notes in a part, or undefined when there are none that can be read. */
export function readNotes(part: ReasoningPart): Notes | undefined {
  if (part.provider !== PROVIDER || !part.encrypted?.startsWith(PREFIX)) return undefined;
  try {
    const packed = Buffer.from(part.encrypted.slice(PREFIX.length), 'base64');
    const notes: unknown = JSON.parse(inflateRawSync(packed, { maxOutputLength: MAX_BYTES }).toString('utf8'));
    return isNotes(notes) ? notes : undefined;
  } catch {
    return undefined;
  }
}

function isNotes(value: unknown): value is Notes {
  return (
    isRecord(value) &&
    typeof value.rule === 'string' &&
    typeof value.step === 'number' &&
    typeof value.task === 'string' &&
    'state' in value
  );
}
