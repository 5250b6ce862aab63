import type { JsonSchema } from '../../../protocol/json';
import type { ToolMessage } from '../../../protocol/messages';

/** A tool the simulated model wants to use. */
export interface ToolUse {
  name: string;
  arguments: Record<string, unknown>;
}

/** A call of the last reply and what came of it; without a result when the conversation holds none. */
export interface Outcome extends ToolUse {
  result: ToolMessage | undefined;
}

/** What a rule may look at; the same request gives the same situation. */
export interface Situation {
  /** The text of the last user message. */
  task: string;
  /** All that users said, oldest first. */
  heard: string;
  /** Input schemas of the agent's tools by name. */
  tools: ReadonlyMap<string, JsonSchema>;
  /** JSON Schema the final answer must satisfy. */
  outputSchema?: JsonSchema;
}

/** What a rule does next: calls tools and keeps a state for when their results are there, or answers. */
export type Step<State> = { say: string; calls: ToolUse[]; state: State } | { answer: string };

/**
 * One thing the simulated model can do. A rule holds nothing between calls: what it needs to go on is `state`, plain JSON
 * that travels in the reply itself (see `notes.ts`), so a conversation that lost its early messages loses no work.
 */
export interface Rule<State> {
  readonly name: string;
  /** The first step; undefined when the rule has nothing to say to this task. */
  start(situation: Situation): Step<State> | undefined;
  /** The step after the calls of the last one. */
  next(state: State, outcomes: Outcome[], situation: Situation): Step<State>;
}

/** Starts every text the simulated model writes, so that nobody takes it for a model's. */
export const LABEL = '[simulated]';

export function labelled(text: string): string {
  return `${LABEL} ${text}`;
}

/** A result's first line, short enough for a sentence. */
export function shortReason(result: ToolMessage | undefined): string {
  if (result === undefined) return 'no result';
  return `${result.outcome}: ${oneLine(result.content, 160)}`;
}

/** Text on one line, cut to `limit` characters, never inside a surrogate pair. */
export function oneLine(text: string, limit: number): string {
  const line = text
    .slice(0, limit * 4 + 100)
    .replace(/\s+/g, ' ')
    .trim();
  return line.length <= limit ? line : `${line.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** A result's JSON value; undefined when it is no JSON or was not successful. */
export function jsonOf(result: ToolMessage | undefined): unknown {
  if (result?.outcome !== 'ok' || result.mediaType !== 'application/json') return undefined;
  try {
    return JSON.parse(result.content);
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
