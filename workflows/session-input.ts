import { msToNumber } from '@temporalio/common';
import type { ChatOptions } from '../protocol/control';
import type { SessionInput } from '../protocol/session';
import { toApplicationFailure } from './failures';

const COUNTS = ['turns', 'toolCalls', 'tokens', 'repeatedCalls'] as const;

/**
 * The input as the session uses it. Holdfast's client has checked it; a workflow, the stock Temporal CLI or a client in another
 * language may not have, so what the loop depends on is checked again, in plain code that the sandbox can run.
 * @throws ApplicationFailure `Input.Invalid`.
 */
export function normaliseInput(input: SessionInput): SessionInput {
  if (typeof input?.agent !== 'string') throw invalid('agent: the name of an agent is needed');
  if (input.carried) return input;
  const optional = input.chat !== undefined || input.fork !== undefined;
  if (!optional && (input.input === undefined || input.input === null || input.input === ''))
    throw invalid('input: say what the agent should do');
  return {
    ...input,
    ...(input.limits && { limits: checkLimits(input.limits) }),
    ...(input.chat && { chat: checkChat(input.chat) }),
  };
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
