import { CancellationScope, proxyActivities } from '@temporalio/workflow';
import type { HoldfastActivities } from '../../protocol/activities';
import type { ApprovalOutcome, ApprovalTerms } from '../../protocol/approval';
import type { Amending, PlanDifference } from '../../protocol/plan/control';
import type { PlanInput, Proposal } from '../../protocol/plan/state';
import { ADMIT } from '../activity-options';
import { failureOf } from '../failures';
import { type Amended, amend, differenceLine } from './amend';
import { type Asking, askForLater, shown, tableOf } from './approve-plan';
import { nestingOf } from './make-plan';
import type { PlanDesk } from './plan-desk';
import type { Around } from './questions';
import { failureOfRun } from './run-node';
import type { RunsElsewhere } from './runs-elsewhere';

const { admitPlan } = proxyActivities<HoldfastActivities>(ADMIT);

/**
 * Amendments, and people asked for those of a plan that people were asked for: an amended plan is another one. A question outlives the
 * Temporal run that asked it.
 */
export class Amendments {
  /** They are admitted one after the other: each changes the plan that the one before it has left. */
  private last: Promise<unknown> = Promise.resolve();
  private working = 0;
  private readonly open = new Map<CancellationScope, Proposal>();

  constructor(
    private readonly input: PlanInput,
    private readonly asking: Asking,
    private readonly elsewhere: RunsElsewhere,
    private readonly around: Around,
  ) {}

  get none(): boolean {
    return this.working === 0 && this.open.size === 0;
  }

  /** Whether each question is in safe hands. */
  get carriable(): boolean {
    return this.working === 0 && [...this.open.values()].every(({ workflow }) => workflow !== undefined);
  }

  /** Changes the plan, or asks people whether it may be changed. @throws `Plan.*` where the changed plan could not run. */
  async take(desk: PlanDesk, given: Amending): Promise<PlanDifference> {
    const asks = this.termsFor(desk, given) !== undefined;
    const { difference, nodes } = await this.inTurn(async () => {
      const amended = await this.admitted(desk, given);
      if (!asks) this.apply(desk, given, amended);
      return amended;
    });
    if (!asks) return difference;
    const proposal: Proposal = { given };
    desk.state.proposals = [...(desk.state.proposals ?? []), proposal];
    this.record(desk, given, 'propose', differenceLine(difference));
    const approval = await new Promise<string | undefined>((asked) => this.ask(desk, proposal, nodes, asked));
    return { ...difference, ...(approval !== undefined && { approval }) };
  }

  /** What people were asked before the plan continued as new. */
  resume(desk: PlanDesk): boolean {
    const { proposals = [] } = desk.state;
    for (const proposal of proposals) this.ask(desk, proposal, [], () => undefined);
    return proposals.length > 0;
  }

  withdrawAll(): void {
    for (const scope of this.open.keys()) scope.cancel();
  }

  /** What only takes away makes no new work. */
  private termsFor(desk: PlanDesk, { add = [], replace = [] }: Amending): ApprovalTerms | undefined {
    if (this.input.dryRun || add.length + replace.length === 0) return undefined;
    return desk.state.plan.approval;
  }

  private admitted(desk: PlanDesk, given: Amending): Promise<Amended> {
    const admit = (plan: unknown) => admitPlan({ plan, nesting: nestingOf(this.input), soFar: desk.soFar(Date.now()) });
    return amend(desk, given, admit);
  }

  private async inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    this.working++;
    try {
      const own = this.last.then(work);
      this.last = own.catch(() => undefined);
      return await own;
    } finally {
      this.working--;
      this.around.wake();
    }
  }

  private apply(desk: PlanDesk, given: Amending, { difference, apply }: Amended, who = ''): void {
    apply();
    this.record(desk, given, 'amend', `${differenceLine(difference)}${who}`);
  }

  private record(desk: PlanDesk, { by, reason }: Amending, action: string, detail: string): void {
    desk.record(action, { by, ...(reason !== undefined && { reason }) }, Date.now(), detail.slice(0, 500));
  }

  private ask(desk: PlanDesk, proposal: Proposal, nodes: Amended['nodes'], onAsked: (id?: string) => void): void {
    const scope = new CancellationScope();
    this.open.set(scope, proposal);
    scope
      .run(() => this.outcomeOf(desk, proposal, nodes, onAsked))
      .then(
        (outcome) => CancellationScope.nonCancellable(() => this.decided(desk, proposal, outcome)),
        (error) => {
          const failure = failureOfRun(error);
          if (failure) this.close(desk, proposal, `its approval was lost: ${failure.message}`);
          else if (scope.consideredCancelled) this.close(desk, proposal, 'the plan has ended');
          else throw error;
        },
      )
      .catch((error) => this.around.broken(error))
      .finally(() => {
        this.open.delete(scope);
        onAsked();
        this.around.wake();
      });
  }

  private outcomeOf(
    desk: PlanDesk,
    proposal: Proposal,
    nodes: Amended['nodes'],
    onAsked: (id: string) => void,
  ): Promise<ApprovalOutcome> {
    const { given, workflow } = proposal;
    const { add = [], replace = [], remove = [], by, reason } = given;
    const { name, approval = {} } = desk.state.plan;
    const title = `change the plan "${name}": ${add.length} nodes more, ${replace.length} others, ${remove.length} less?`;
    if (workflow !== undefined)
      return shown(
        this.asking,
        { id: workflow, title },
        () => this.elsewhere.result(workflow) as Promise<ApprovalOutcome>,
      );
    const told = [`By ${by}${reason === undefined ? '' : `: ${reason}`}`, '', tableOf({ nodes })];
    if (remove.length > 0) told.push('', `Without: ${remove.join(', ')}`);
    const question = { kind: 'plan' as const, title, body: told.join('\n'), arguments: { add, replace, remove } };
    // Whoever wants the change asks for it where nobody is known to have asked for the work.
    return askForLater(this.asking, approval, question, { requester: by, ...this.input }, (id) => {
      proposal.workflow = id;
      onAsked(id);
      this.around.wake();
    });
  }

  /** What has begun meanwhile is looked at again, and so is what an approver made of it. */
  private async decided(desk: PlanDesk, proposal: Proposal, { verdict, reason, edit, votes }: ApprovalOutcome) {
    if (verdict !== 'approved')
      return this.close(desk, proposal, `${verdict}${reason === undefined ? '' : `: ${reason}`}`);
    const { by, reason: why } = proposal.given;
    const given = edit ? { ...edit, by, ...(why !== undefined && { reason: why }) } : proposal.given;
    try {
      await this.inTurn(async () => {
        const amended = await this.admitted(desk, given);
        const people = votes.map((vote) => vote.by).join(', ');
        this.apply(desk, given, amended, `, approved by ${people}`);
      });
      this.forget(desk, proposal);
    } catch (error) {
      const failure = failureOf(error);
      if (!failure) throw error;
      this.close(desk, proposal, `approved, and it cannot be: ${failure.message}`);
    }
  }

  private close(desk: PlanDesk, proposal: Proposal, why: string): void {
    this.forget(desk, proposal);
    this.record(desk, proposal.given, 'refuse', why);
  }

  private forget({ state }: PlanDesk, proposal: Proposal): void {
    const left = (state.proposals ?? []).filter((one) => one !== proposal);
    if (left.length > 0) state.proposals = left;
    else delete state.proposals;
  }
}
