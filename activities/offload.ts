import type {
  ArtifactRef,
  AssistantMessage,
  AssistantPart,
  Message,
  UserMessage,
  UserPart,
} from '../protocol/messages';
import { partAt } from '../protocol/plan/schema-fit';
import { readJson } from './model/check-output';

/**
 * Bytes of one part the history may hold; above, the part goes to the artifact store. The smaller limits serve replies of
 * very many parts.
 */
const PART_BYTES = [64 * 1024, 8 * 1024, 1024] as const;
/** Bytes of all parts of one reply: with quick results and a checked output its event stays below 256 kB. */
const REPLY_BYTES = 96 * 1024;
const PREVIEW_CHARS = 2_000;

/** The little this file needs of the artifact store. */
export interface PartStore {
  put(bytes: Buffer, mediaType: string): Promise<ArtifactRef>;
  get(ref: ArtifactRef): Promise<Buffer>;
}

/** Whether a value is too large for the history. */
export function isLarge(value: unknown): boolean {
  return bytesOf(value) > PART_BYTES[0];
}

/** Moves parts of a model's reply that are too large for the history to the artifact store. */
export async function offloadReply(message: AssistantMessage, store: PartStore): Promise<AssistantMessage> {
  let { content } = message;
  for (const limit of PART_BYTES) {
    content = await Promise.all(content.map((part) => offloadPart(named(part), limit, store)));
    if (bytesOf(content) <= REPLY_BYTES) break;
  }
  return { ...message, content };
}

/** No tool has a name this long: what is cut off is not needed to say that it is unknown. */
function named(part: AssistantPart): AssistantPart {
  return part.type === 'tool-call' && part.name.length > 128 ? { ...part, name: part.name.slice(0, 128) } : part;
}

async function offloadPart(part: AssistantPart, limit: number, store: PartStore): Promise<AssistantPart> {
  if (part.artifact !== undefined || bytesOf(part) <= limit) return part;
  if (part.type === 'text') {
    const artifact = await store.put(Buffer.from(part.text), 'text/plain');
    return { ...part, text: preview(part.text), artifact };
  }
  if (part.type === 'reasoning') {
    const { signature, encrypted, ...rest } = part;
    const artifact = await store.put(Buffer.from(JSON.stringify(part)), 'application/json');
    return { ...rest, text: preview(part.text), artifact };
  }
  // Malformed arguments never run; the beginning is enough to see what was wrong.
  if (part.malformed !== undefined) return { ...part, malformed: preview(part.malformed) };
  const { arguments: args, ...rest } = part;
  return { ...rest, artifact: await store.put(Buffer.from(JSON.stringify(args)), 'application/json') };
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '');
}

/** The beginning; the half of a character that a cut may leave at the end is dropped. */
function preview(text: string): string {
  return text.slice(0, PREVIEW_CHARS).replace(/[\uD800-\uDBFF]$/, '');
}

/** Puts back, for a request, what `offloadReply` or the client moved out. Tool results keep their preview: that is its purpose. */
export async function loadParts(messages: readonly Message[], store: PartStore): Promise<Message[]> {
  return Promise.all(messages.map((message) => (needsLoading(message) ? loadMessage(message, store) : message)));
}

function needsLoading(message: Message): boolean {
  if (message.role === 'tool') return false;
  if (message.role === 'user' && message.summary?.kept.some(needsLoading)) return true;
  return message.content.some((part) => 'artifact' in part && part.artifact !== undefined);
}

async function loadMessage(message: Message, store: PartStore): Promise<Message> {
  if (message.role === 'tool') return message;
  const load = <P extends UserPart | AssistantPart>(part: P) => loadPart(part, store);
  if (message.role === 'assistant') return { ...message, content: await Promise.all(message.content.map(load)) };
  return loadUserMessage(message, store);
}

/** A summary keeps messages of its own. */
async function loadUserMessage(message: UserMessage, store: PartStore): Promise<UserMessage> {
  const content = await Promise.all(message.content.map((part) => loadPart(part, store)));
  const { summary } = message;
  if (!summary) return { ...message, content };
  const kept = await Promise.all(summary.kept.map((one) => loadUserMessage(one, store)));
  return { ...message, content, summary: { ...summary, kept } };
}

async function loadPart<P extends UserPart | AssistantPart>(part: P, store: PartStore): Promise<P> {
  if (!('artifact' in part) || part.artifact === undefined) return part;
  const bytes = await store.get(part.artifact);
  const ref = part.artifact;
  const { artifact: _loaded, ...rest } = part;
  if (part.type === 'text') {
    const text = ref.part === undefined ? bytes.toString('utf8') : partOf(bytes.toString('utf8'), ref.part);
    // What was handed on may be cut to fit: the reference says what it is.
    return { ...rest, text, ...(ref.of && { artifact: ref }) } as unknown as P;
  }
  if (part.type === 'tool-call') return { ...rest, arguments: JSON.parse(bytes.toString('utf8')) } as unknown as P;
  if (part.type === 'reasoning') return JSON.parse(bytes.toString('utf8')) as P;
  return { ...rest, data: bytes.toString('base64') } as unknown as P;
}

/** A part of an answer that was JSON, as models write it. */
function partOf(text: string, pointer: string): string {
  const part = partAt(readJson(text)?.value, pointer) ?? null;
  return typeof part === 'string' ? part : JSON.stringify(part, null, 2);
}
