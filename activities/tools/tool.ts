import type { z } from 'zod';
import type { ArtifactRef } from '../../protocol/messages';
import type { Subject } from '../../protocol/permissions/condition';
import type { EffectScope, ToolEffect } from '../../protocol/tool';
import type { Workspace } from './workspace';

/** What a tool's `execute` returns: text, any JSON value, or a stream of text that is capped as it is read. */
export type ToolOutput = unknown | AsyncIterable<string>;

/** What a tool call may use. Nothing here knows Temporal. */
export interface ToolContext {
  /** The same over all retries of one call: hand it to any service that can deduplicate. */
  readonly idempotencyKey: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Aborts when the run is cancelled, the call times out or the worker shuts down. */
  readonly signal: AbortSignal;
  /** Files of the run, confined. */
  readonly workspace: Workspace;
  /** The id of the outermost run this call belongs to. */
  readonly correlationId: string;
  readonly log: ToolLog;
  /** A sign of life with what has been done so far; shown in the Web UI's heartbeat details. */
  progress(details: unknown): void;
  /** A credential the tool declares, resolved here and never recorded. Throws when there is none, or it was not declared. */
  secret(name: string): string;
  /** A part of an artifact of this run. */
  readArtifact(ref: Pick<ArtifactRef, 'id'>, range?: { offset?: number; length?: number }): Promise<Buffer>;
}

export interface ToolLog {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** A tool as its author writes it. */
export interface ToolDefinition<Input extends z.ZodType = z.ZodType> {
  /** Letters, digits, `_` and `-`, at most 64. */
  name: string;
  /** What the model reads to decide when to call it. */
  description: string;
  input: Input;
  effect: ToolEffect;
  /** A `read` tool that answers in well under a second; runs as a local activity. Default false. */
  quick?: boolean;
  /** Runs alone among the calls of one reply. Default: true for `once`, else false. */
  exclusive?: boolean;
  /** How long one attempt may take. Default 60 s; quick tools 5 s. */
  timeout?: number | string;
  /** Attempts after infrastructure failures. Default 5; `once` is always 1. */
  maxAttempts?: number;
  /**
   * The argument that permission rules are about when they name none, e.g. `{ argument: 'path', kind: 'path' }`, and which spellings
   * of it mean the same. Default: rules must name an argument.
   */
  subject?: Subject;
  /** Confined to `context.workspace`: its effects are no one's concern but the run's, unless its subject leads into a mounted folder. */
  stays?: 'workspace';
  /** What it returns was written by others (the web, mail, another system): the conversation counts as tainted from then on. */
  outside?: boolean;
  /** Names of the credentials `context.secret` may give it. Default: none. */
  secrets?: readonly string[];
  /** US dollars one call costs. Default 0. */
  priceUsd?: number;
  /**
   * Of a `once` tool: within what equal calls (same tool, same arguments) count as one: `run` (default), `task` (a run and all below
   * it), `organisation` (all runs of a tenant). The claim lasts as long as the namespace keeps closed workflows.
   */
  scope?: EffectScope;
  /**
   * Of a `once` tool: finds out whether an attempt nobody heard from again took effect, by `context.idempotencyKey` or the arguments.
   * Without it, or when it cannot know, a person is asked.
   */
  check?(input: z.output<Input>, context: ToolContext): Promise<EffectCheck> | EffectCheck;
  /**
   * Undoes what a call did, when its run ends without success and is to undo its effects (`onFailure: compensate`). Of a tool that is
   * `once` or `idempotent`. Started at most once an effect; throw `OutcomeUnknown` where it cannot be told whether it worked.
   * @param input what the call was made with. @param result what it gave, as it comes back from JSON, or as text; where a person or
   * `check` found out that it had taken effect, what they said. `context.idempotencyKey` is the undo's own.
   */
  undo?(input: z.output<Input>, result: unknown, context: ToolContext): Promise<ToolOutput> | ToolOutput;
  /** Where a toolset has a name of its own (`files`), agents can be granted all of it at once. */
  toolset?: string;
  /**
   * Does the work. A thrown error becomes a result the model sees, with the error's message. To have the attempt repeated
   * instead (the network failed), throw `RetryLater`.
   */
  execute(input: z.output<Input>, context: ToolContext): Promise<ToolOutput> | ToolOutput;
}

/** What became of an attempt: it took effect (with this result), it did not, or that cannot be known. */
export type EffectCheck = { outcome: 'done'; result?: unknown } | { outcome: 'not-done' } | { outcome: 'unknown' };

/**
 * Thrown by a `once` tool that cannot tell whether it took effect: its request was sent and no answer came.
 *
 * @example
 * ```ts
 * import { defineTool, OutcomeUnknown } from 'holdfast';
 * import { z } from 'zod';
 *
 * export default defineTool({
 *   name: 'send_letter',
 *   description: 'Sends a letter on paper.',
 *   input: z.object({ to: z.string(), text: z.string() }),
 *   effect: 'once',
 *   async execute(letter) {
 *     const sent = await fetch('https://post.example/letters', { method: 'POST', body: JSON.stringify(letter) }).catch(() => undefined);
 *     if (!sent) throw new OutcomeUnknown('the post office did not answer; it may have the letter');
 *     return sent.text();
 *   },
 * });
 * ```
 */
export class OutcomeUnknown extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'OutcomeUnknown';
  }
}

/**
 * Thrown by a tool to have the attempt repeated by Temporal instead of shown to the model.
 *
 * @example
 * ```ts
 * import { RetryLater } from 'holdfast';
 *
 * export async function rate(from: string, to: string, signal: AbortSignal): Promise<unknown> {
 *   const response = await fetch(`https://rates.example/${from}/${to}`, { signal });
 *   if (response.status >= 500) throw new RetryLater(`it answered ${response.status}`, { delayMs: 2_000 });
 *   if (!response.ok) throw new Error(`there is no rate from ${from} to ${to}`); // this the model reads
 *   return response.json();
 * }
 * ```
 */
export class RetryLater extends Error {
  readonly delayMs: number | undefined;

  constructor(message: string, options: { delayMs?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RetryLater';
    this.delayMs = options.delayMs;
  }
}
