import { setTimeout as sleep } from 'node:timers/promises';
import { type WorkflowHandle, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { HoldfastError, isFailureCode } from '../protocol/failures';
import { checkPayload } from './checks';
import { toClientError } from './errors';

/**
 * Asks something of a running session and waits until it is durably accepted.
 * @throws HoldfastError with the code of the refusal, e.g. `Control.Illegal`; `Input.TooLarge`, `Run.Ended`, `Run.Unknown`, `Server.*`.
 */
export async function update<Answer>(
  handle: WorkflowHandle,
  name: string,
  asked: object,
  id?: string,
): Promise<Answer> {
  checkPayload(asked);
  try {
    const options = { args: [asked] as [object], ...(id !== undefined && { updateId: id }) };
    return await untilProcessed(() => handle.executeUpdate<Answer, [object]>(name, options));
  } catch (error) {
    throw updateFailure(error, handle.workflowId);
  }
}

/** What the server calls an update that came with a task which a worker completed without it. */
const UNPROCESSED = 'UnprocessedUpdate';
const TRIES = 6;
const FIRST_PAUSE_MS = 100;

/**
 * Asks again what no worker came to: such an update left no trace in the history. Seen once while workers were killed; the server's
 * words put the blame on an old worker.
 */
export async function untilProcessed<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (!isUnprocessed(error) || attempt === TRIES) throw error;
      await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1));
    }
  }
}

function isUnprocessed(error: unknown): boolean {
  return (
    error instanceof WorkflowUpdateFailedError &&
    error.cause instanceof ApplicationFailure &&
    error.cause.type === UNPROCESSED
  );
}

export function updateFailure(error: unknown, id: string): Error {
  if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
    const { type, message, details } = error.cause;
    if (isFailureCode(type)) {
      const { hint, ...rest } = (details?.[0] ?? {}) as { hint?: string };
      return new HoldfastError(type, message, {
        ...(hint !== undefined && { hint }),
        details: { ...rest, id },
        cause: error,
      });
    }
  }
  if (isUnprocessed(error)) {
    return new HoldfastError(
      'Server.Unreachable',
      `no worker came to what was asked of "${id}"; nothing was recorded`,
      {
        hint: 'Ask again, under the same id.',
        cause: error,
      },
    );
  }
  if (isOver(error)) {
    return new HoldfastError('Run.Ended', `run "${id}" has ended`, {
      hint: `Take it up where it ended: holdfast runs fork ${id}`,
      cause: error,
    });
  }
  return toClientError(error, id);
}

/** The server gives one status for a run that never was and one that is over; only its words tell them apart. */
function isOver(error: unknown): boolean {
  if (!(error instanceof WorkflowNotFoundError)) return false;
  return /already completed/i.test(`${error.message} ${(error.cause as Error | undefined)?.message ?? ''}`);
}
