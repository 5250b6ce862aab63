import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { ApprovalOutcome } from '../../protocol/approval';
import type { NodeProgress, PlanInput } from '../../protocol/plan/state';
import { type Asking, askForLater, shown } from './approve-plan';
import type { PlanDesk } from './plan-desk';
import { failureOfRun } from './run-node';
import type { RunsElsewhere } from './runs-elsewhere';

/** What the plan around it does. */
export interface Around {
  /** Something has happened. */
  wake(): void;
  /** A bug. */
  broken(error: unknown): void;
}

/** People asked whether nodes may begin. A question outlives the Temporal run that asked it. */
export class Questions {
  readonly asking: Asking;
  /** Nodes people are asked about, as they were when they were asked. */
  private readonly open = new Map<CancellationScope, { id: string; about: NodeProgress }>();

  constructor(
    private readonly input: PlanInput,
    private readonly elsewhere: RunsElsewhere,
    private readonly around: Around,
  ) {
    this.asking = { asked: input.carried?.asked ?? 0, waitsFor: [] };
  }

  get none(): boolean {
    return this.open.size === 0;
  }

  /** Whether each is in safe hands, and still wanted. */
  carriable(desk: PlanDesk): boolean {
    return [...this.open].every(([scope, { about }]) => about.attempt && this.isWanted(desk, scope));
  }

  ask(desk: PlanDesk, id: string): void {
    if (this.input.dryRun) {
      desk.decided(id, true, '', Date.now());
      this.around.wake();
      return;
    }
    const scope = new CancellationScope();
    const about = desk.progress(id);
    this.open.set(scope, { id, about });
    const decide = (approved: boolean, why: string) => {
      if (this.isWanted(desk, scope)) desk.decided(id, approved, why, Date.now());
    };
    scope
      .run(() => this.outcomeOf(desk, id))
      .finally(() => {
        delete about.attempt;
      })
      .then(
        ({ verdict, reason }) =>
          decide(verdict === 'approved', `its approval was ${verdict}${reason ? `: ${reason}` : ''}`),
        (error) => {
          const failure = failureOfRun(error);
          if (failure) decide(false, `its approval was lost: ${failure.message}`);
          else if (!isCancellation(error)) this.around.broken(error);
          else if (!scope.consideredCancelled) decide(false, 'its approval was cancelled');
        },
      )
      .finally(() => {
        this.open.delete(scope);
        this.around.wake();
      });
  }

  /** What nobody waits for any more is not asked. */
  withdraw(desk: PlanDesk): void {
    for (const scope of this.open.keys()) if (!this.isWanted(desk, scope)) scope.cancel();
  }

  withdrawAll(): void {
    for (const scope of this.open.keys()) scope.cancel();
  }

  /** Asked now, or before the plan continued as new. */
  private outcomeOf(desk: PlanDesk, id: string): Promise<ApprovalOutcome> {
    const { goal, approval = {} } = desk.node(id);
    const title = `start "${id}": ${goal.slice(0, 100)}`;
    const about = desk.progress(id);
    const before = about.attempt?.workflow;
    if (before !== undefined)
      return shown(this.asking, { id: before, title }, () => this.elsewhere.result(before) as Promise<ApprovalOutcome>);
    return askForLater(this.asking, approval, { kind: 'plan', title }, this.input, (workflow) => {
      about.attempt = { workflow, costUsd: 0, tokens: 0 };
      this.around.wake();
    });
  }

  /** Whether the node still waits for this answer: it may have been skipped, or be another one by now. */
  private isWanted({ state }: PlanDesk, scope: CancellationScope): boolean {
    const { id, about } = this.open.get(scope) ?? {};
    return id !== undefined && state.nodes[id] === about && about?.status === 'waiting';
  }
}
