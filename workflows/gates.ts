import type { Limits } from '../protocol/agent';
import type { SessionProgress, StopReason } from '../protocol/session';
import { loopOf } from './loop-breaker';

export interface Stop {
  reason: StopReason;
  detail: string;
}

/** Whether a limit forbids the next model call. Cost and deadline are also enforced while a call runs. */
export function stopBeforeTurn(progress: SessionProgress, limits: Limits, now: number): Stop | undefined {
  const { usage } = progress;
  const tokens = usage.inputTokens + usage.outputTokens;
  const since = progress.exchange ?? { turns: 0, startedAt: progress.startedAt };
  const turns = progress.turns - since.turns;
  if (limits.deadline !== undefined && now - since.startedAt >= limits.deadline) return deadlinePassed(limits);
  if (turns >= limits.turns) {
    return { reason: 'max-turns', detail: `${turns} of ${limits.turns} turns used` };
  }
  if (limits.tokens !== undefined && tokens >= limits.tokens) {
    return { reason: 'max-tokens', detail: `${tokens} of ${limits.tokens} tokens used` };
  }
  if (limits.costUsd !== undefined && progress.costUsd >= limits.costUsd) {
    return { reason: 'max-cost', detail: `$${progress.costUsd} of $${limits.costUsd} spent` };
  }
  return undefined;
}

export function deadlinePassed({ deadline }: Limits): Stop {
  return { reason: 'deadline', detail: `the deadline of ${deadline} ms passed` };
}

/** Whether a limit forbids running the calls of a reply. */
export function stopBeforeTools(progress: SessionProgress, limits: Limits, calls: number): Stop | undefined {
  const used = progress.toolCalls - (progress.exchange?.toolCalls ?? 0);
  if (used + calls > limits.toolCalls) {
    return {
      reason: 'max-tool-calls',
      detail: `${used} of ${limits.toolCalls} tool calls used, ${calls} more asked for`,
    };
  }
  const loop = loopOf(progress.repeats, limits.repeatedCalls);
  return loop === undefined ? undefined : { reason: 'repeated-call', detail: loop };
}
