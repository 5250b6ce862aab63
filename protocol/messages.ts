import { z } from 'zod';

/**
 * One provider-neutral message union. Adapters translate; no provider's shape leaves `activities/providers/`.
 */

/** A byte sequence kept in the artifact store because it is too large for the history. */
export const artifactRefSchema = z.object({
  /** `sha256:<hex>` of the bytes. */
  id: z.string(),
  bytes: z.number().int().nonnegative(),
  mediaType: z.string(),
  /** The run that made it, where it is handed from run to run: it can be read by all runs of the same tree. */
  of: z.object({ run: z.string(), firstRunId: z.string() }).optional(),
  /** A JSON pointer into it, where only a part of it is meant. */
  part: z.string().optional(),
});
export type ArtifactRef = z.infer<typeof artifactRefSchema>;

export const textPartSchema = z.object({
  type: z.literal('text'),
  /** The text, or, when `artifact` is set, a preview of it. */
  text: z.string(),
  artifact: artifactRefSchema.optional(),
});
export type TextPart = z.infer<typeof textPartSchema>;

export const imagePartSchema = z.object({
  type: z.literal('image'),
  mediaType: z.enum(['image/png', 'image/jpeg', 'image/gif', 'image/webp']),
  /** Base64, absent when `artifact` is set. */
  data: z.string().optional(),
  artifact: artifactRefSchema.optional(),
});
export type ImagePart = z.infer<typeof imagePartSchema>;

export const filePartSchema = z.object({
  type: z.literal('file'),
  name: z.string(),
  mediaType: z.string(),
  /** Base64, absent when `artifact` is set. */
  data: z.string().optional(),
  artifact: artifactRefSchema.optional(),
});
export type FilePart = z.infer<typeof filePartSchema>;

export const userPartSchema = z.discriminatedUnion('type', [textPartSchema, imagePartSchema, filePartSchema]);
/** A piece of what a user says: text, an image or a file. */
export type UserPart = z.infer<typeof userPartSchema>;

/** A model's reasoning, kept with its provider's signature: vendors demand it back unchanged in the next request. */
export interface ReasoningPart {
  type: 'reasoning';
  /** The provider that made it; other providers' adapters leave it out. */
  provider: string;
  text: string;
  signature?: string;
  /** Reasoning the vendor sent encrypted, to be sent back as it is. */
  encrypted?: string;
  /** The vendor's id of the item, where it has one. */
  id?: string;
  /** The whole part as JSON, where it is too large for the history; `text` is then a preview. */
  artifact?: ArtifactRef;
}

export interface ToolCallPart {
  type: 'tool-call';
  /** Unique in its message. */
  id: string;
  name: string;
  /** The arguments as JSON; absent when they are malformed or in `artifact`. */
  arguments?: unknown;
  /** The raw text where it is not valid JSON even after repair: the tool must not run. */
  malformed?: string;
  artifact?: ArtifactRef;
}

export type AssistantPart = TextPart | ReasoningPart | ToolCallPart;

/** What the model is told: the task, a message of a chat, guidance of an operator, or a summary of what was said before. */
export interface UserMessage {
  role: 'user';
  /** Who wrote it, where that is known; not shown to the model. */
  by?: string;
  /** Never summarised: it stays in the model's context word by word. */
  pinned?: true;
  /** Of a summary, which stands in for earlier messages; nobody wrote it. */
  summary?: SummaryOf;
  /** Of a summary, as in `AssistantMessage`. */
  mark?: string;
  content: UserPart[];
}

/** The messages a summary stands in for: those at positions `[from, to)`. They stay in the transcript. */
export interface SummaryOf {
  from: number;
  to: number;
  /** Those of them that the model goes on seeing word by word, after the summary. */
  kept: UserMessage[];
}

/** One reply of a model: its text, its reasoning and the tool calls it asks for, in the order they came. */
export interface AssistantMessage {
  role: 'assistant';
  /** Names exactly this message, of this execution of the activity that made it: what caches go by. */
  mark?: string;
  content: AssistantPart[];
}

/** How a tool call ended. Everything but `ok` is shown to the model as an error; none of them ends the run. */
export type ToolOutcome =
  | 'ok'
  | 'unknown-tool'
  | 'invalid-arguments'
  | 'denied'
  | 'failed'
  | 'timed-out'
  | 'cancelled'
  /** It could not be reached, and the agent goes on without it (`degrade`). */
  | 'unavailable'
  /** The worker was lost while a `once` tool ran: it may or may not have taken effect. */
  | 'outcome-unknown';

/** The result of one tool call. Stands in the transcript after the reply that asked for it, in the order of the calls. */
export interface ToolMessage {
  role: 'tool';
  callId: string;
  name: string;
  outcome: ToolOutcome;
  /** What the model reads; a preview when `artifact` is set. JSON text when `mediaType` is `application/json`. */
  content: string;
  mediaType: 'text/plain' | 'application/json';
  artifact?: ArtifactRef;
  /** As in `AssistantMessage`; absent where the workflow itself gave the result. */
  mark?: string;
}

/** One message of a transcript, the same for every provider; `role` tells the three kinds apart. */
export type Message = UserMessage | AssistantMessage | ToolMessage;
