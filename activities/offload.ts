import type { ArtifactRef, AssistantMessage, AssistantPart, Message, UserPart } from '../protocol/messages';

/** Bytes of one part the history may hold; above, the part goes to the artifact store. */
const PART_BYTES = 64 * 1024;
const PREVIEW_CHARS = 2_000;

/** The little this file needs of the artifact store. */
export interface PartStore {
  put(bytes: Buffer, mediaType: string): Promise<ArtifactRef>;
  get(ref: ArtifactRef): Promise<Buffer>;
}

/** Moves parts of a model's reply that are too large for the history to the artifact store. */
export async function offloadReply(message: AssistantMessage, store: PartStore): Promise<AssistantMessage> {
  return { ...message, content: await Promise.all(message.content.map((part) => offloadPart(part, store))) };
}

async function offloadPart(part: AssistantPart, store: PartStore): Promise<AssistantPart> {
  if (part.type === 'text' && Buffer.byteLength(part.text) > PART_BYTES) {
    const artifact = await store.put(Buffer.from(part.text), 'text/plain');
    return { ...part, text: part.text.slice(0, PREVIEW_CHARS), artifact };
  }
  if (part.type === 'tool-call' && part.arguments !== undefined) {
    const json = Buffer.from(JSON.stringify(part.arguments));
    if (json.length <= PART_BYTES) return part;
    const { arguments: _large, ...rest } = part;
    return { ...rest, artifact: await store.put(json, 'application/json') };
  }
  return part;
}

/** Puts back, for a request, what `offloadReply` or the client moved out. Tool results keep their preview: that is its purpose. */
export async function loadParts(messages: readonly Message[], store: PartStore): Promise<Message[]> {
  return Promise.all(messages.map((message) => (needsLoading(message) ? loadMessage(message, store) : message)));
}

function needsLoading(message: Message): boolean {
  return message.role !== 'tool' && message.content.some((part) => 'artifact' in part && part.artifact !== undefined);
}

async function loadMessage(message: Message, store: PartStore): Promise<Message> {
  if (message.role === 'tool') return message;
  const load = <P extends UserPart | AssistantPart>(part: P) => loadPart(part, store);
  return message.role === 'user'
    ? { ...message, content: await Promise.all(message.content.map(load)) }
    : { ...message, content: await Promise.all(message.content.map(load)) };
}

async function loadPart<P extends UserPart | AssistantPart>(part: P, store: PartStore): Promise<P> {
  if (!('artifact' in part) || part.artifact === undefined) return part;
  const bytes = await store.get(part.artifact);
  const { artifact: _loaded, ...rest } = part;
  if (part.type === 'text') return { ...rest, text: bytes.toString('utf8') } as unknown as P;
  if (part.type === 'tool-call') return { ...rest, arguments: JSON.parse(bytes.toString('utf8')) } as unknown as P;
  return { ...rest, data: bytes.toString('base64') } as unknown as P;
}
