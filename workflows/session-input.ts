import { msToNumber } from '@temporalio/common';
import type { ChatOptions } from '../protocol/control';
import type { Fork, SessionInput } from '../protocol/session';
import { toApplicationFailure } from './failures';

const COUNTS = ['turns', 'toolCalls', 'tokens', 'repeatedCalls'] as const;
/** They become search attributes, which the server takes as short texts only. */
const TEXTS = ['tenant', 'parent'] as const;
const LONGEST_TEXT = 1_000;

/**
 * The input as the session uses it. Holdfast's client has checked it; a workflow, the stock Temporal CLI or a client in another
 * language may not have, so what the loop depends on is checked again, in plain code that the sandbox can run.
 * @throws ApplicationFailure `Input.Invalid`.
 */
export function normaliseInput(input: SessionInput, continued: boolean): SessionInput {
  if (typeof input?.agent !== 'string') throw invalid('agent: the name of an agent is needed');
  if (input.carried && !continued) throw invalid('carried: only a session that continues as new carries something');
  if (input.carried) return input;
  for (const name of TEXTS) {
    const text: unknown = input[name];
    if (text !== undefined && (typeof text !== 'string' || text.length > LONGEST_TEXT))
      throw invalid(`${name}: not a text of at most ${LONGEST_TEXT} characters`);
  }
  if (input.fork !== undefined) checkFork(input.fork);
  const optional = input.chat !== undefined || input.fork !== undefined;
  if (!optional && isEmpty(input.input)) throw invalid('input: say what the agent should do');
  return {
    ...input,
    ...(input.limits && { limits: checkLimits(input.limits) }),
    ...(input.chat && { chat: checkChat(input.chat) }),
  };
}

function isEmpty(input: unknown): boolean {
  return input === undefined || input === null || (typeof input === 'string' && input.trim() === '');
}

type GivenLimits = NonNullable<SessionInput['limits']>;

/** @returns the limits, the deadline in milliseconds. */
export function checkLimits(limits: GivenLimits): GivenLimits {
  const { costUsd, deadline } = limits;
  for (const name of COUNTS) {
    const value: unknown = limits[name];
    if (value !== undefined && !(Number.isInteger(value) && Number(value) > 0))
      throw invalid(`limits.${name}: not a positive whole number`);
  }
  if (costUsd !== undefined && !(typeof costUsd === 'number' && costUsd > 0))
    throw invalid('limits.costUsd: not a positive number');
  return deadline === undefined ? limits : { ...limits, deadline: milliseconds('limits.deadline', deadline) };
}

function checkFork(fork: Partial<Fork>): void {
  if (typeof fork !== 'object' || fork === null)
    throw invalid('fork: an object is needed, e.g. {"id": "RUN", "at": 4}');
  const { id, at } = fork;
  if (typeof id !== 'string' || id === '' || id.length > LONGEST_TEXT) throw invalid('fork.id: not the id of a run');
  if (!Number.isInteger(at) || Number(at) < 1) throw invalid('fork.at: not a positive whole number');
}

function checkChat(chat: ChatOptions): ChatOptions {
  if (typeof chat !== 'object') throw invalid('chat: an object is needed, e.g. {"chat": {}}');
  const { idleTimeout, expiresAfter } = chat;
  return {
    ...chat,
    ...(idleTimeout !== undefined && { idleTimeout: milliseconds('chat.idleTimeout', idleTimeout) }),
    ...(expiresAfter !== undefined && { expiresAfter: milliseconds('chat.expiresAfter', expiresAfter) }),
  };
}

function milliseconds(name: string, duration: unknown): number {
  try {
    const ms = msToNumber(duration as number);
    if (ms > 0) return ms;
  } catch {
    // Said below, with what would be right.
  }
  throw invalid(`${name}: not a duration: ${JSON.stringify(duration)}; write e.g. "10m"`);
}

function invalid(message: string) {
  return toApplicationFailure({
    code: 'Input.Invalid',
    message,
    hint: 'See SessionOptions for what a run may be given.',
  });
}
