import type { FinishReason } from '../../protocol/activities';
import type { ModelParameters } from '../../protocol/agent';
import { type FailureCode, HoldfastError } from '../../protocol/failures';
import type { JsonSchema } from '../../protocol/json';
import type { AssistantMessage, Message } from '../../protocol/messages';
import type { Usage } from '../../protocol/usage';

/**
 * The contract of a model provider. An adapter translates between this shape and its vendor's, classifies its vendor's
 * errors as `ProviderError`, and knows nothing of Temporal. It never retries: the workflow engine does.
 */
export interface ModelProvider {
  /** The part of a model route before the slash, e.g. `openai`. */
  readonly name: string;
  /** True for a model that costs nothing and thinks nothing; shown wherever its answers are. */
  readonly simulated?: boolean;

  /**
   * One answer. Streams from the vendor where it can, calls `call.onDelta` with what arrives, and stops paying as soon as
   * `call.signal` aborts. Contract: throws only `ProviderError`, or the signal's reason after an abort; a tool call in the
   * result is complete; a cut stream is an error, never a short answer.
   */
  complete(request: ModelRequest, call: ModelCall): Promise<ModelReply>;

  /**
   * Fetches what the next call needs, where that is kept elsewhere: the key. Called before what is sent is freed of secrets, so that
   * this one is known too. @throws ProviderError.
   */
  prepare?(): Promise<void>;

  /** Tokens of a request: exact where the vendor's tokenizer is public, else an estimate that errs upwards. */
  countTokens(request: ModelRequest): number | Promise<number>;

  /** What is known of a model without asking the vendor; undefined for an unknown one. */
  describeModel(model: string): ModelFacts | undefined;

  /** Names of the models the vendor offers, where it can be asked. */
  listModels?(call: ModelCall): Promise<string[]>;
  /** One vector a text, in their order, with what that cost. Absent where the vendor has no embeddings. */
  embed?(texts: string[], options: { model: string }, call: ModelCall): Promise<{ vectors: number[][]; usage: Usage }>;
  /** Counters of the provider's connection pool, where it has one. */
  connectionStats?(): ConnectionStats;
  /** Resolves when the vendor answers with the configured key; throws a `ProviderError` otherwise. */
  checkHealth?(call: ModelCall): Promise<void>;
}

export interface ConnectionStats {
  requests: number;
  /** Requests sent on a connection that had served another one before. */
  reused: number;
}

/** All that one answer is made of, in our shape; the adapter writes it in its vendor's. */
export interface ModelRequest {
  /** The vendor's model name (the route's part after the slash). */
  model: string;
  /** System prompt. */
  instructions: string;
  /** Byte-stable from turn to turn, so that vendors' prompt caches hit. Large contents are already loaded. */
  messages: Message[];
  tools: { name: string; description: string; inputSchema: JsonSchema }[];
  /** JSON Schema of the final answer. */
  outputSchema?: JsonSchema;
  parameters: ModelParameters & { maxOutputTokens: number };
}

/** What belongs to the call itself, not to the request: its abort, its followers, its id. */
export interface ModelCall {
  signal: AbortSignal;
  /** Text or reasoning as it arrives; out of band, may be dropped. Every call is also a sign of life. */
  onDelta?(delta: ModelDelta): void;
  /** The run's correlation id, sent to the vendor as a request header where it takes one. */
  correlationId?: string;
}

/** A piece of an answer as it arrives. A tool call is told when it begins, by its name. */
export type ModelDelta =
  | { type: 'text'; text: string }
  | { type: 'reasoning'; text: string }
  | { type: 'tool-call'; name: string };

/** A whole answer. What was cut off is an error, never one of these. */
export interface ModelReply {
  message: AssistantMessage;
  finish: FinishReason;
  usage: Usage;
  /** The model that answered. */
  model: string;
  requestId?: string;
}

/** What a model takes, in tokens. */
export interface ModelFacts {
  /** Tokens of input and output together. */
  contextTokens: number;
  maxOutputTokens?: number;
}

/** What is known of a failed call besides its code and message. */
export interface ProviderErrorOptions {
  hint?: string;
  /** HTTP status, where there was one. */
  status?: number;
  /** The vendor's own wish, from Retry-After; milliseconds. */
  retryAfterMs?: number;
  requestId?: string;
  cause?: unknown;
}

/**
 * A classified failure of a model call; `code` decides whether it is tried again.
 *
 * @example
 * ```ts
 * import { ProviderError } from 'holdfast/provider';
 *
 * export function checked(response: Response): Response {
 *   if (response.ok) return response;
 *   const { status } = response;
 *   if (status !== 429) throw new ProviderError('Model.Unavailable', `acme answered ${status}`, { status });
 *   const retryAfterMs = Number(response.headers.get('retry-after') ?? 1) * 1_000;
 *   throw new ProviderError('Model.RateLimited', 'acme asks for fewer requests', { status, retryAfterMs });
 * }
 * ```
 */
export class ProviderError extends HoldfastError {
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly requestId: string | undefined;

  constructor(code: FailureCode, message: string, options: ProviderErrorOptions = {}) {
    super(code, message, { hint: options.hint, cause: options.cause });
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
    this.requestId = options.requestId;
  }
}
