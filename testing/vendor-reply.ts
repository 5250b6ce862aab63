import type { FinishReason } from '../protocol/activities';
import type { Usage } from '../protocol/usage';

/** The protocols the vendor server speaks. */
export type Dialect = 'openai-responses' | 'openai-chat' | 'anthropic';

export interface VendorToolCall {
  /** Default: `call_<request>_<n>`. */
  id?: string;
  name: string;
  /** A value is sent as JSON; a string is sent as it is, so that it can be broken. */
  arguments: unknown;
}

export interface VendorReasoning {
  text?: string;
  /** Anthropic's signature of a thinking block. */
  signature?: string;
  /** Reasoning the vendor hides: Anthropic's redacted thinking, OpenAI's encrypted content. */
  encrypted?: string;
  /** OpenAI's id of the item. */
  id?: string;
}

/** What goes wrong with an answer. Chunks are server-sent events, counted from 1. */
export interface VendorFault {
  /** Milliseconds before the first byte. */
  latencyMs?: number;
  /** Milliseconds between chunks. */
  chunkDelayMs?: number;
  /** An error status with a body of the vendor's shape. */
  status?: number;
  /** The vendor's own code or type of the error, e.g. `insufficient_quota`. */
  errorCode?: string;
  errorMessage?: string;
  /** A body sent instead of the vendor's error shape. */
  rawBody?: string;
  /** Sent as `Retry-After`. */
  retryAfter?: string;
  headers?: Record<string, string>;
  /** The connection is reset before any answer. */
  reset?: boolean;
  /** Nothing more comes after this many chunks, and the connection stays open. */
  stallAfterChunks?: number;
  /** The connection is cut after this many chunks. */
  cutAfterChunks?: number;
  /** As `cutAfterChunks`, but the response is ended properly: only the content tells that it is not whole. */
  endAfterChunks?: number;
  /** Cuts inside the arguments of the first tool call. */
  cutInToolCall?: boolean;
  /** Leaves out the chunk that says the answer is complete (`response.completed`, the finish reason, `message_stop`). */
  omitEnd?: boolean;
  /** Leaves out `[DONE]`. */
  omitDone?: boolean;
  /** Sends each chunk with content twice. */
  duplicateChunks?: boolean;
  /** Sends the chunks with content last to first. */
  reverseChunks?: boolean;
  /** An error event of the vendor's shape after this many chunks; `errorCode` and `errorMessage` fill it. */
  errorAfterChunks?: number;
  /** A chunk that is not JSON, after this many chunks. */
  garbageAfterChunks?: number;
}

/** One answer of the vendor server. */
export interface VendorReply extends VendorFault {
  /** Sent in pieces when it is a list, or by `chunkChars`. */
  text?: string | string[];
  reasoning?: VendorReasoning[];
  toolCalls?: VendorToolCall[];
  refusal?: string;
  usage?: Partial<Usage>;
  /** Default: `tool-calls` with calls, `refusal` with a refusal, else `end`. */
  finish?: FinishReason;
  /** The model's name in the answer; default: the one asked for. */
  model?: string;
  /** Characters of text or arguments per chunk. Default: all in one. */
  chunkChars?: number;
  /** Leaves usage out, as some compatible servers do. */
  noUsage?: boolean;
}

/** A message of a request, whatever the dialect; images and files are counted. */
export interface NormalisedMessage {
  role: 'user' | 'assistant' | 'tool';
  text: string;
  toolCalls: { id: string; name: string; arguments: unknown }[];
  /** For `tool`: the call it answers. */
  callId?: string;
  images: number;
  files: number;
}

/** A request as scripts read it, whatever the dialect. Everything is parsed when it is asked for. */
export interface NormalisedRequest {
  /** Requests for answers before this one. */
  index: number;
  dialect: Dialect;
  stream: boolean;
  model: string;
  system: string;
  messages: NormalisedMessage[];
  /** Names of the tools on offer. */
  tools: string[];
  /** Answers of the model so far in this conversation. */
  turn: number;
  /** The vendor's own body. */
  body: Record<string, unknown>;
}

/** What a vendor server answers: replies in order, or a function of each request. */
export type VendorScript =
  | readonly VendorReply[]
  | ((request: NormalisedRequest) => VendorReply | Promise<VendorReply>);

/** One server-sent event; `content` marks those that duplicate and reverse faults touch, `end` the last word. */
export interface Chunk {
  event?: string;
  data: unknown;
  kind?: 'content' | 'tool' | 'end' | 'done';
}

export interface DialectCodec {
  normalise(body: Record<string, unknown>): Pick<NormalisedRequest, 'system' | 'messages' | 'tools'>;
  /** The answer as a stream of events. */
  chunks(reply: VendorReply, context: ReplyContext): Chunk[];
  /** The answer as one JSON body. */
  body(reply: VendorReply, context: ReplyContext): unknown;
  /** An error as this vendor writes it; `inStream` where it comes as an event. */
  error(status: number, reply: VendorFault): unknown;
  errorChunk(reply: VendorFault): Chunk;
}

export interface ReplyContext {
  index: number;
  model: string;
}

export function finishOfReply(reply: VendorReply): FinishReason {
  if (reply.finish) return reply.finish;
  if (reply.refusal !== undefined) return 'refusal';
  return reply.toolCalls?.length ? 'tool-calls' : 'end';
}

export function pieces(text: string | readonly string[] | undefined, chunkChars: number | undefined): string[] {
  if (text === undefined || text === '') return [];
  if (typeof text !== 'string') return [...text];
  if (!chunkChars) return [text];
  const out: string[] = [];
  for (let at = 0; at < text.length; at += chunkChars) out.push(text.slice(at, at + chunkChars));
  return out;
}

export function wholeText(text: string | readonly string[] | undefined): string {
  return typeof text === 'string' ? text : (text ?? []).join('');
}

export function argumentsText(call: VendorToolCall): string {
  return typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments ?? {});
}

export function callId(call: VendorToolCall, { index }: ReplyContext, at: number): string {
  return call.id ?? `call_${index}_${at}`;
}

/** Usage with defaults that grow with the answer, so that tests and benchmarks have something to add up. */
export function fullUsage(reply: VendorReply): Usage {
  return {
    inputTokens: 100,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: 10,
    reasoningTokens: 0,
    ...reply.usage,
  };
}

/** A part of a vendor's body read without trust in its shape. */
export function list(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter((item) => item !== null && typeof item === 'object') : [];
}

export function string(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function parsed(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : text;
  } catch {
    return text;
  }
}
