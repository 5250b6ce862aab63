import { isCancellation, proxySinks, workflowInfo } from '@temporalio/workflow';
import type { Ending } from '../protocol/plan/state';
import type { RegistrySinks } from '../protocol/registry/reports';
import { kindOf } from '../protocol/registry/standing';
import type { SessionResult } from '../protocol/session';
import { failureOf } from './failures';
import { outcomeOf } from './plan/node-outcome';
import type { Session } from './session';

const { holdfastRegistry } = proxySinks<RegistrySinks>();

/** How a run comes to its end. */
interface RunOutcome {
  ended(result: SessionResult): void;
  failed(error: unknown): void;
}

/**
 * Tells the registry how a run does that was started by itself: its parent, where it has one, knows better what it was for, and a chat
 * has no one end. Beside the history, by the worker: it costs the run no event and no workflow task.
 */
export function tellOutcome({ given, progress, inbox }: Session): RunOutcome | undefined {
  if (given.parent !== undefined || given.dryRun || inbox) return undefined;
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const id = `${workflowId}/${firstExecutionRunId}`;
  const { agent } = given;
  if (!given.carried) holdfastRegistry.began(id, agent);
  const tell = (ending: Ending | undefined) => {
    const ms = Date.now() - progress.startedAt;
    const outcome = ending ? outcomeOf({ agent, node: {} }, ending, ms, kindOf()) : null;
    holdfastRegistry.ended(id, agent, outcome);
  };
  return {
    ended: ({ stopReason, detail = '', costUsd, usage }) => {
      const spent = { costUsd, tokens: usage.inputTokens + usage.outputTokens };
      if (stopReason === 'completed') tell({ status: 'done', ...spent });
      // Somebody else has ended it.
      else if (stopReason === 'cancelled' || stopReason === 'stopped') tell(undefined);
      else tell({ status: 'failed', reason: `${stopReason}: ${detail}`, ...spent });
    },
    failed: (error) => {
      const failure = isCancellation(error) ? undefined : failureOf(error);
      const { costUsd } = progress;
      tell(failure && { status: 'failed', reason: `${failure.code}: ${failure.message}`, costUsd, tokens: 0 });
    },
  };
}
