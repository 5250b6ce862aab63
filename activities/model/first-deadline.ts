import { activityInfo } from '@temporalio/activity';
import { HoldfastError } from '../../protocol/failures';
import type { FirstCall } from '../resolve-agent';

/** A timer may fire a moment before the clock says so. */
const TIMER_SLACK_MS = 5;

/** The deadline of a run whose workflow does not know it yet. */
export interface FirstDeadline {
  leftMs(): number;
  passed(): boolean;
  failure(cause: unknown): HoldfastError;
}

/**
 * An agent's own deadline is unknown to its run until the first reply pins the agent, so the first call keeps it: it ends in time,
 * and is not tried again after it. Undefined where there is none, or where the run was given one, which its workflow keeps.
 */
export function firstDeadline({ agent, options }: FirstCall): FirstDeadline | undefined {
  const { deadline } = agent.limits;
  if (deadline === undefined || options.limits?.deadline !== undefined) return undefined;
  // The clock is asked once, and then time is measured: it may be set back, here or between this machine and the server's.
  const spentMs = Math.max(Date.now() - activityInfo().scheduledTimestampMs, 0);
  const at = performance.now() + deadline - spentMs;
  return {
    leftMs: () => Math.max(at - performance.now(), 1),
    passed: () => performance.now() >= at - TIMER_SLACK_MS,
    failure: (cause) => new HoldfastError('Limit.Deadline', `the deadline of ${deadline} ms passed`, { cause }),
  };
}
