import { ApplicationFailure } from '@temporalio/common';
import type { WorkflowInterceptors } from '@temporalio/workflow';
import { ASK_AGAIN } from '../protocol/names';

type Internals = NonNullable<WorkflowInterceptors['internals']>[number];
type Activation = Parameters<NonNullable<Internals['activate']>>[0]['activation'];

/**
 * Keeps a run replayable that is asked a question by a worker that does not have it. Such a query brings the history up to the
 * present, and the SDK (1.23, `find_end_index_of_next_wft_seq`) lets the workflow go on by events whose workflow task has not begun
 * yet. An update or a signal that comes with that task would then be handled after those events; every replay handles it before them,
 * and fails. So a run does not go ahead for a query: the query fails, and the run is loaded anew. See
 * `docs/decisions/2026-11-21-queries-ahead.md`.
 */
class QueryAhead implements Internals {
  private events = 0;
  private bytes = 0;

  activate: NonNullable<Internals['activate']> = (input, next) => {
    const { activation, batchIndex } = input;
    if (batchIndex === 0 && isWork(activation)) this.look(activation);
    next(input);
  };

  private look({ historyLength, historySizeBytes }: Activation): void {
    const events = Number(historyLength ?? 0);
    const bytes = Number(historySizeBytes ?? 0);
    // The start of every workflow task says how large the history is by then; events that came without one have no such word.
    const ahead = this.events > 0 && events > this.events && bytes <= this.bytes && bytes > 0;
    if (ahead) throw ApplicationFailure.create({ type: ASK_AGAIN, message: `${ASK_AGAIN}: the run is being loaded` });
    this.events = events;
    this.bytes = bytes;
  }
}

function isWork({ jobs }: Activation): boolean {
  return jobs?.some((job) => !job.queryWorkflow && !job.removeFromCache) ?? false;
}

/** What every workflow of the bundle runs under, the user's too. */
export const interceptors = (): WorkflowInterceptors => ({ internals: [new QueryAhead()] });
