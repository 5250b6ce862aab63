import { condition, patched, setCurrentDetails } from '@temporalio/workflow';
import type { Amending, PlanDifference } from '../../protocol/plan/control';
import { PLANNER } from '../../protocol/plan/planner';
import type { NodesPage, PlanInput, PlanResult, PlanState, PlanStatus, PlanView } from '../../protocol/plan/state';
import { Alarm } from '../alarm';
import { Amendments } from './amendments';
import type { Asking } from './approve-plan';
import { Attempts } from './attempts';
import { HistoryGrowth } from './history-growth';
import { planAnew } from './plan-anew';
import { PlanDesk } from './plan-desk';
import { type Managed, PlanPeople } from './plan-people';
import { nodesPage, planDetails, resultOf, viewOf } from './plan-view';
import { Questions } from './questions';
import { RunsElsewhere } from './runs-elsewhere';
import { undoNodes } from './undo-nodes';

/** Plans that were begun before let what runs come to its end first. */
const CARRIES_RUNS = 'plan-carries-runs';

/** A plan at work: children, clocks and people around the desk that decides. */
export class PlanRun implements Managed {
  desk: PlanDesk | undefined;
  private readonly attempts: Attempts;
  /** Runs and questions that began before the plan continued as new. */
  private readonly elsewhere = new RunsElsewhere();
  private readonly alarm = new Alarm('a node of the plan is due');
  /** Something has happened since the desk was last asked. */
  private awake = false;
  /** Nothing new starts: the plan is about to continue as new. */
  private draining = false;
  private readonly growth = new HistoryGrowth();
  private readonly questions: Questions;
  private readonly amendments: Amendments;
  readonly people = new PlanPeople(this);
  /** Nothing can be changed any more: what was done is being undone, or it is over. */
  finishing = false;
  /** How it ended; the view outlives the run. */
  over: PlanResult['status'] | undefined;
  private broken: unknown;

  constructor(private readonly given: PlanInput) {
    const around = { wake: () => this.wake(), broken: (error: unknown) => this.breakDown(error) };
    this.questions = new Questions(given, this.elsewhere, around);
    this.amendments = new Amendments(given, this.asking, this.elsewhere, around);
    this.attempts = new Attempts(this.elsewhere, {
      ...around,
      // What waits for it to be in safe hands.
      moved: () => {
        if (this.draining) this.wake();
      },
    });
  }

  isWorkedOn(node: string): boolean {
    return this.attempts.has(node);
  }

  cancel(node: string): void {
    this.attempts.cancel(node);
  }

  amend(given: Amending): Promise<PlanDifference> {
    return this.amendments.take(this.known, given);
  }

  /** What it has asked of people. */
  get asking(): Asking {
    return this.questions.asking;
  }

  wake(): void {
    this.awake = true;
  }

  private breakDown(error: unknown): void {
    this.broken ??= error;
    this.awake = true;
  }

  /** What a plan says of its account holds where whoever submitted it said nothing. */
  get input(): PlanInput {
    const account = this.given.account ?? this.desk?.state.plan.account;
    return account === undefined ? this.given : { ...this.given, account };
  }

  get state(): PlanState {
    return this.known.state;
  }

  get spentUsd(): number {
    return this.desk?.state.spentUsd ?? 0;
  }

  private get known(): PlanDesk {
    if (!this.desk) throw new Error('the plan is not there yet');
    return this.desk;
  }

  begin(state: PlanState): void {
    this.desk = new PlanDesk(state, Date.now());
    this.growth.begin();
  }

  /** What began before the plan continued as new goes on. */
  private resume(): void {
    const desk = this.known;
    const ids = desk.toResume.splice(0);
    for (const id of ids) {
      if (desk.progress(id).status === 'waiting') this.questions.ask(desk, id);
      else this.attempts.start(desk, desk.resume(id), this.input);
    }
    const proposed = this.amendments.resume(desk);
    if (ids.length > 0 || proposed) this.elsewhere.watch((error) => this.breakDown(error));
  }

  view(): PlanView | null {
    return this.desk ? viewOf(this.desk, this.around) : null;
  }

  nodes(from?: number, count?: number | null, outputs?: boolean): NodesPage {
    return this.desk ? nodesPage(this.desk, from, count, outputs) : { nodes: [], from: 0, total: 0 };
  }

  /** Runs what can run, until all has ended or the history has grown. */
  async toEnd(): Promise<PlanResult | 'rollover'> {
    const desk = this.known;
    this.resume();
    for (;;) {
      this.awake = false;
      this.alarm.rang = false;
      const now = Date.now();
      for (const id of desk.tick(now)) this.attempts.cancel(id);
      if (desk.state.ending) {
        this.endAll(now);
        this.amendments.withdrawAll();
      }
      this.questions.withdraw(desk);
      this.draining = this.rolloverDue;
      if (!this.draining) this.startNext(now);
      if (this.broken) throw this.broken;
      setCurrentDetails(planDetails(desk, this.around));
      if (desk.over && this.idle) {
        if (await this.replanned()) continue;
        return this.finish();
      }
      if (this.draining && this.still) return 'rollover';
      const wake = desk.nextWake();
      if (Number.isFinite(wake)) this.alarm.set(wake);
      await condition(() => this.awake || this.alarm.rang || this.broken !== undefined);
    }
  }

  /** Whether there is another way to go where a failure would end the plan. */
  private async replanned(): Promise<boolean> {
    const desk = this.known;
    const { ending, plan, replans = 0 } = desk.state;
    if (ending?.status !== 'failed' || replans >= plan.replan) return false;
    desk.state.replans = replans + 1;
    setCurrentDetails(planDetails(desk, this.around));
    const added = await planAnew(this.input, desk, ending.reason, this.asking);
    // Unless somebody helped meanwhile.
    if (!added) return desk.state.ending === undefined;
    desk.record('replan', { by: this.input.planner ?? PLANNER, reason: ending.reason }, Date.now(), added.join(' '));
    return true;
  }

  /** Nothing runs, and nobody is asked anything. */
  private get idle(): boolean {
    return this.attempts.none && this.amendments.none && this.questions.none;
  }

  /** Whether the plan may continue as new at this moment. */
  get still(): boolean {
    return this.idle || this.carriable;
  }

  /** What still runs goes on by itself, and is found again by the next Temporal run. */
  private get carriable(): boolean {
    const elsewhere = this.attempts.carriable(this.known);
    const asked = this.questions.carriable(this.known) && this.amendments.carriable;
    return elsewhere && asked && patched(CARRIES_RUNS);
  }

  /** Ends whatever runs, and waits until it has ended: nothing else would end it. */
  async quieten(): Promise<void> {
    this.attempts.cancelAll();
    this.questions.withdrawAll();
    this.amendments.withdrawAll();
    await condition(() => this.idle);
  }

  private startNext(now: number): void {
    const desk = this.known;
    for (const id of desk.toAsk.splice(0)) this.questions.ask(desk, id);
    for (const begin of desk.next(now)) this.attempts.start(desk, begin, this.input);
  }

  /** Nothing new starts; what runs is ended, except after a failure: what is nearly done is not thrown away. */
  private endAll(now: number): void {
    const desk = this.known;
    const { status, reason } = desk.state.ending as NonNullable<PlanState['ending']>;
    desk.closeWaiting(status === 'failed' ? 'skipped' : status, reason, now);
    if (status !== 'failed') this.attempts.cancelAll();
  }

  private async finish(): Promise<PlanResult> {
    this.finishing = true;
    await this.undo();
    const { ending } = this.state;
    const failed = Object.values(this.state.nodes).filter((node) => node.status === 'failed' && !node.replaced).length;
    const status = ending?.status ?? 'completed';
    const reason =
      ending?.reason ?? (failed > 0 ? `${failed} nodes failed, and the plan went on without them` : undefined);
    this.over = status;
    const result = resultOf(this.known, status, reason);
    setCurrentDetails(planDetails(this.known, { status, waitsFor: [] }));
    return result;
  }

  /** For who looks at it later: nothing of it runs any more. */
  endNodes(reason: string): void {
    this.desk?.closeAll('cancelled', reason, Date.now());
  }

  async undo(): Promise<void> {
    if (this.desk && !this.input.dryRun) await undoNodes(this.desk, this.input);
  }

  private get around(): { status: PlanStatus; waitsFor: { id: string; title: string }[] } {
    const { waitsFor } = this.asking;
    const { state } = this.known;
    const idle = this.attempts.none;
    const status = state.paused && idle ? 'paused' : waitsFor.length > 0 && idle ? 'waiting' : 'running';
    return { status: this.over ?? status, waitsFor };
  }

  private get rolloverDue(): boolean {
    return this.attempts.begun >= (this.input.rolloverNodes ?? Number.POSITIVE_INFINITY) || this.growth.isLarge;
  }
}
