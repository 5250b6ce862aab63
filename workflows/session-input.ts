import { msToNumber } from '@temporalio/common';
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
  if (input.input === undefined || input.input === null || input.input === '')
    throw invalid('input: say what the agent should do');
  if (!input.limits) return input;
  const { costUsd, deadline } = input.limits;
  for (const name of COUNTS) {
    const value: unknown = input.limits[name];
    if (value !== undefined && !(Number.isInteger(value) && Number(value) > 0))
      throw invalid(`limits.${name}: not a positive whole number`);
  }
  if (costUsd !== undefined && !(typeof costUsd === 'number' && costUsd > 0))
    throw invalid('limits.costUsd: not a positive number');
  return deadline === undefined ? input : { ...input, limits: { ...input.limits, deadline: milliseconds(deadline) } };
}

function milliseconds(deadline: unknown): number {
  try {
    const ms = msToNumber(deadline as number);
    if (ms > 0) return ms;
  } catch {
    // Said below, with what would be right.
  }
  throw invalid(`limits.deadline: not a duration: ${JSON.stringify(deadline)}; write e.g. "10m"`);
}

function invalid(message: string) {
  return toApplicationFailure({
    code: 'Input.Invalid',
    message,
    hint: 'See SessionOptions for what a run may be given.',
  });
}
