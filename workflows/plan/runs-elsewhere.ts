import { CancelledFailure } from '@temporalio/common';
import { CancellationScope, getExternalWorkflowHandle, proxyActivities } from '@temporalio/workflow';
import type { HoldfastActivities, RunEnd } from '../../protocol/activities';
import { AWAIT_RUNS } from '../activity-options';
import { toApplicationFailure } from '../failures';

const { awaitRuns } = proxyActivities<HoldfastActivities>(AWAIT_RUNS);

interface Waiting {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/**
 * Runs that were started before this one continued as new. They are no children of it any more: one activity looks how they ended, for
 * all of them.
 */
export class RunsElsewhere {
  private readonly waiting = new Map<string, Waiting>();

  /** As the result of a child: cancelling the scope cancels the run, whose end is waited for all the same. */
  result(workflow: string): Promise<unknown> {
    const result = new Promise((resolve, reject) => this.waiting.set(workflow, { resolve, reject }));
    CancellationScope.current().cancelRequested.catch(() => {
      if (this.waiting.has(workflow)) cancelRun(workflow);
    });
    return result;
  }

  /** Once all are known that are to be looked after. */
  watch(onBroken: (error: unknown) => void): void {
    CancellationScope.nonCancellable(() => this.lookAfterAll()).catch(onBroken);
  }

  private async lookAfterAll(): Promise<void> {
    while (this.waiting.size > 0) {
      for (const end of await awaitRuns([...this.waiting.keys()])) this.settle(end);
    }
  }

  private settle({ id, result, failure, cancelled }: RunEnd): void {
    const run = this.waiting.get(id);
    this.waiting.delete(id);
    if (failure) run?.reject(toApplicationFailure(failure));
    else if (cancelled) run?.reject(new CancelledFailure(`run "${id}" was cancelled`));
    else run?.resolve(result);
  }
}

/** One that has ended meanwhile is not there to be cancelled. */
function cancelRun(workflow: string): void {
  CancellationScope.nonCancellable(() => getExternalWorkflowHandle(workflow).cancel()).catch(() => undefined);
}
