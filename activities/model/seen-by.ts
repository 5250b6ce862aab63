import type { InvokeModelInput } from '../../protocol/activities';
import type { ResolvedAgent } from '../../protocol/agent';
import type { ArtifactRef, Message, TextPart } from '../../protocol/messages';
import { loadParts, type PartStore } from '../offload';
import type { LoadedTranscript } from '../transcript-cache';
import { sum, wellFormed } from './fit-context';
import { bareRequest, type Route } from './request';

/** Of the context, for what was handed on by others: the rest is for the work itself. */
const SHARE = 0.5;
/** Tokens are not spread evenly over a text. */
const MARGIN = 0.95;
/** Of what is kept of a text, for its beginning; the rest is its end. */
const BEGINNING = 0.75;
const READER = 'artifact_read';

interface Seer {
  input: Pick<InvokeModelInput, 'parameters' | 'variables' | 'contextTokens'>;
  agent: ResolvedAgent;
  route: Route;
  parts: PartStore;
}

type HandedOn = TextPart & { artifact: ArtifactRef };

/**
 * The conversation as the model sees it: what is large is loaded, and answers of other runs that were handed on are cut where together
 * they would take more than half of the context, with a note that says so. It does not change as the conversation grows.
 */
export async function seenBy(stored: LoadedTranscript, seer: Seer): Promise<LoadedTranscript> {
  const { parts } = seer;
  const head = await loadParts(stored.head, parts);
  const messages = await loadParts(stored.messages, parts);
  const handed = [...head, ...messages].flatMap(handedIn);
  if (handed.length === 0) return { ...stored, head, messages };
  const shown = await shownOf(handed, seer);
  const cut = (all: readonly Message[]) => all.map((message) => replaced(message, shown));
  return { ...stored, head: cut(head), messages: cut(messages) };
}

function handedIn(message: Message): HandedOn[] {
  return message.role === 'user' ? message.content.filter(isHandedOn) : [];
}

/** What is loaded keeps its reference where it was handed on, and only there. */
function isHandedOn(part: { type: string; artifact?: ArtifactRef }): part is HandedOn {
  return part.type === 'text' && part.artifact !== undefined;
}

function replaced(message: Message, shown: ReadonlyMap<unknown, TextPart>): Message {
  if (message.role !== 'user' || !message.content.some((part) => shown.has(part))) return message;
  return { ...message, content: message.content.map((part) => shown.get(part) ?? part) };
}

/** Each in full, or cut to the same number of tokens as all others that are cut. */
async function shownOf(handed: readonly HandedOn[], seer: Seer): Promise<Map<unknown, TextPart>> {
  const { input, agent, route } = seer;
  const { request, windowTokens } = bareRequest(input, agent, route);
  const bare = { ...request, instructions: '', tools: [], outputSchema: undefined };
  const countOf = ({ text }: HandedOn) =>
    route.provider.countTokens({ ...bare, messages: [{ role: 'user', content: [{ type: 'text', text }] }] });
  const tokens = await Promise.all(handed.map(countOf));
  const most = levelOf(tokens, windowTokens * SHARE);
  const shown = new Map<unknown, TextPart>();
  for (const [at, part] of handed.entries()) {
    const fits = most / (tokens[at] as number);
    const text = fits >= 1 ? part.text : await cut(part, Math.floor(part.text.length * fits * MARGIN), seer);
    shown.set(part, { type: 'text', text });
  }
  return shown;
}

/** To what all are cut that have more, so that together they have no more than there is room for. */
function levelOf(tokens: readonly number[], room: number): number {
  if (sum(tokens) <= room) return Number.POSITIVE_INFINITY;
  let left = room;
  const rising = [...tokens].sort((one, other) => one - other);
  for (const [at, count] of rising.entries()) {
    const share = left / (rising.length - at);
    if (count > share) return share;
    left -= count;
  }
  return left;
}

async function cut({ text, artifact }: HandedOn, chars: number, { agent, parts }: Seer): Promise<string> {
  const beginning = wellFormed(text.slice(0, Math.floor(chars * BEGINNING)));
  const end = wellFormed(text.slice(text.length - Math.floor(chars * (1 - BEGINNING))));
  const out = text.length - beginning.length - end.length;
  const said = `${out} of ${text.length} characters are left out here to fit the context; they are kept by ${artifact.of?.run}`;
  if (!agent.tools.some(({ name }) => name === READER)) return `${beginning}\n[… ${said} …]\n${end}`;
  // In this run's own store it can be read by that tool.
  const { id } = await parts.put(Buffer.from(text), 'text/plain');
  const how = JSON.stringify({ id, offset: Buffer.byteLength(beginning) });
  return `${beginning}\n[… ${said}: read them with ${READER} ${how} …]\n${end}`;
}
