import { setHandler } from '@temporalio/workflow';
import type { Actor } from '../../protocol/control';
import type { Adjustment, Amending, PlanDifference } from '../../protocol/plan/control';
import { checkActor, refuse } from '../check-update';
import { adjustUpdate, amendUpdate, pauseUpdate, resumeUpdate } from '../messages';
import { checkAdjustment, checkAmending, checkProposals } from './check-plan-control';
import type { PlanDesk } from './plan-desk';

/** The plan as people have to do with it. */
export interface Managed {
  /** Undefined while it is only just being planned. */
  readonly desk: PlanDesk | undefined;
  /** Nothing can be changed any more. */
  readonly finishing: boolean;
  /** Whether an attempt at the node is still there. */
  isWorkedOn(node: string): boolean;
  /** Ends the attempt at the node. */
  cancel(node: string): void;
  /** Changes the plan, or asks people whether it may be changed. */
  amend(given: Amending): Promise<PlanDifference>;
  /** Something has happened. */
  wake(): void;
}

/** What people may do while a plan runs. Every move is checked by its validator: what is refused leaves no trace. */
export class PlanPeople {
  constructor(private readonly plan: Managed) {}

  handle(): void {
    setHandler(pauseUpdate, (actor) => this.pause(actor), { validator: (actor) => this.checkPause(actor, true) });
    setHandler(resumeUpdate, (actor) => this.resume(actor), { validator: (actor) => this.checkPause(actor, false) });
    setHandler(adjustUpdate, (given) => this.adjust(given), { validator: (given) => this.checkAdjusting(given) });
    setHandler(amendUpdate, (given) => this.plan.amend(given), {
      validator: (given) => {
        checkAmending(this.plan.desk?.state, given);
        checkProposals(this.desk.state);
        this.checkOpen();
      },
    });
  }

  /** The validators have seen to it that the plan is there. */
  private get desk(): PlanDesk {
    return this.plan.desk as PlanDesk;
  }

  private checkOpen(): void {
    if (this.plan.finishing) refuse('Plan.Illegal', 'it has ended', 'Submit what is left as a plan of its own.');
  }

  private checkAdjusting(given: Adjustment): void {
    checkAdjustment(this.plan.desk?.state, given);
    this.checkOpen();
    // Two attempts at one node would be taken for each other.
    if (given.action === 'retry' && this.plan.isWorkedOn(given.node))
      refuse('Plan.Illegal', `the run of "${given.node}" is still being ended`, 'Try again in a moment.');
  }

  private checkPause(actor: Actor, pause: boolean): void {
    checkActor(actor);
    if (!this.plan.desk) refuse('Plan.Illegal', 'it is only just being planned');
    this.checkOpen();
    if (pause === (this.desk.state.paused !== undefined))
      refuse('Plan.Illegal', pause ? 'it is paused already' : 'it is not paused');
  }

  private pause(actor: Actor): void {
    this.desk.state.paused = { by: actor.by, ...(actor.reason !== undefined && { reason: actor.reason }) };
    this.record('pause', actor);
    this.plan.wake();
  }

  private resume(actor: Actor): void {
    delete this.desk.state.paused;
    this.record('resume', actor);
    this.plan.wake();
  }

  private adjust(given: Adjustment): void {
    const { desk, plan } = this;
    const { node, action, by, reason } = given;
    const now = Date.now();
    this.record(action, given, node);
    const why = `by ${by}${reason === undefined ? '' : `: ${reason}`}`;
    if (action === 'retry') desk.retry(node, now);
    else if (action === 'skip') desk.close(node, 'skipped', now, why);
    else if (action === 'cancel') {
      desk.close(node, 'cancelled', now, why);
      plan.cancel(node);
    } else desk.change(given);
    plan.wake();
  }

  private record(action: string, { by, reason }: Actor, detail?: string): void {
    this.desk.record(action, { by, ...(reason !== undefined && { reason }) }, Date.now(), detail);
  }
}
