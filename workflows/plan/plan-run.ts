import {
  CancellationScope,
  condition,
  patched,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Actor } from '../../protocol/control';
import type { Adjustment } from '../../protocol/plan/control';
import { PLANNER } from '../../protocol/plan/planner';
import type {
  Attempt,
  NodesPage,
  PlanInput,
  PlanResult,
  PlanState,
  PlanStatus,
  PlanView,
} from '../../protocol/plan/state';
import { Alarm } from '../alarm';
import { checkActor, refuse } from '../check-update';
import { adjustUpdate, amendUpdate, pauseUpdate, resumeUpdate } from '../messages';
import { Amendments } from './amendments';
import type { Asking } from './approve-plan';
import { checkAdjustment, checkAmending, checkProposals } from './check-plan-control';
import { withAgent } from './node-agent';
import { planAnew } from './plan-anew';
import { type Begin, PlanDesk } from './plan-desk';
import { nodesPage, planDetails, resultOf, viewOf } from './plan-view';
import { Questions } from './questions';
import { runNode } from './run-node';
import { RunsElsewhere } from './runs-elsewhere';
import { undoNodes } from './undo-nodes';

/** Plans that were begun before let what runs come to its end first. */
const CARRIES_RUNS = 'plan-carries-runs';

/** By how much a history grows at least before it is too large. The server ends one of 50 MB or 51,200 events. */
const GROWN_BYTES = 1_000_000;
const GROWN_EVENTS = 1_000;

/** A plan at work: children, clocks and people around the desk that decides. */
export class PlanRun {
  private desk: PlanDesk | undefined;
  private readonly scopes = new Map<string, CancellationScope>();
  /** Runs and questions that began before the plan continued as new. */
  private readonly elsewhere = new RunsElsewhere();
  private readonly alarm = new Alarm('a node of the plan is due');
  /** Something has happened since the desk was last asked. */
  private awake = false;
  /** Nothing new starts: the plan is about to continue as new. */
  private draining = false;
  /** How large the history was when the plan was there. */
  private from = { historySize: 0, historyLength: 0 };
  private readonly questions: Questions;
  private readonly amendments: Amendments;
  /** Nothing can be changed any more: what was done is being undone, or it is over. */
  private finishing = false;
  /** How it ended; the view outlives the run. */
  over: PlanResult['status'] | undefined;
  private broken: unknown;
  private began = 0;

  constructor(private readonly given: PlanInput) {
    const around = { wake: () => this.wake(), broken: (error: unknown) => this.breakDown(error) };
    this.questions = new Questions(given, this.elsewhere, around);
    this.amendments = new Amendments(given, this.asking, this.elsewhere, around);
  }

  /** What it has asked of people. */
  get asking(): Asking {
    return this.questions.asking;
  }

  private wake(): void {
    this.awake = true;
  }

  private breakDown(error: unknown): void {
    this.broken ??= error;
    this.awake = true;
  }

  /** What a plan says of its account holds where whoever submitted it said nothing. */
  private get input(): PlanInput {
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
    this.asking.asked = Math.max(this.asking.asked, state.asked);
    this.desk = new PlanDesk(state, Date.now());
    const { historySize, historyLength } = workflowInfo();
    this.from = { historySize, historyLength };
  }

  /** What began before the plan continued as new goes on. */
  private resume(): void {
    const desk = this.known;
    const ids = desk.toResume.splice(0);
    for (const id of ids) {
      if (desk.progress(id).status === 'waiting') this.questions.ask(desk, id);
      else this.start(desk.resume(id));
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
      for (const id of desk.tick(now)) this.scopes.get(id)?.cancel();
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
      if (this.draining && this.still) return this.rollOver();
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
    return this.scopes.size === 0 && this.amendments.none && this.questions.none;
  }

  /** Whether the plan may continue as new at this moment. */
  get still(): boolean {
    return this.idle || this.carriable;
  }

  /** What still runs goes on by itself, and is found again by the next Temporal run. */
  private get carriable(): boolean {
    const { nodes } = this.state;
    const elsewhere = [...this.scopes.keys()].every((id) => nodes[id]?.status === 'running' && nodes[id].attempt);
    const asked = this.questions.carriable(this.known) && this.amendments.carriable;
    return elsewhere && asked && patched(CARRIES_RUNS);
  }

  /** Ends whatever runs, and waits until it has ended: nothing else would end it. */
  async quieten(): Promise<void> {
    for (const scope of this.scopes.values()) scope.cancel();
    this.questions.withdrawAll();
    this.amendments.withdrawAll();
    await condition(() => this.idle);
  }

  private rollOver(): 'rollover' {
    this.state.asked = this.asking.asked;
    return 'rollover';
  }

  private startNext(now: number): void {
    const desk = this.known;
    for (const id of desk.toAsk.splice(0)) this.questions.ask(desk, id);
    for (const begin of desk.next(now)) this.start(begin);
  }

  private start(begin: Begin): void {
    const { id } = begin.node;
    const desk = this.known;
    const scope = new CancellationScope();
    this.scopes.set(id, scope);
    if (!begin.resumed) this.began++;
    const told = {
      running: (run?: string) => desk.running(id, run, Date.now()),
      at: (attempt: Attempt | undefined) => {
        desk.at(id, attempt);
        // What waits for it to be in safe hands.
        if (this.draining) this.wake();
      },
      elsewhere: (workflow: string) => this.elsewhere.result(workflow),
    };
    scope
      .run(() => withAgent(desk, begin, this.input, () => runNode(begin, this.input, told)))
      .then(
        (ending) => {
          // Where the whole plan is cancelled its end is not this node's.
          desk.ended(id, ending, Date.now());
        },
        (error) => this.breakDown(error),
      )
      .finally(() => {
        this.scopes.delete(id);
        this.wake();
      });
  }

  /** Nothing new starts; what runs is ended, except after a failure: what is nearly done is not thrown away. */
  private endAll(now: number): void {
    const desk = this.known;
    const { status, reason } = desk.state.ending as NonNullable<PlanState['ending']>;
    desk.closeWaiting(status === 'failed' ? 'skipped' : status, reason, now);
    if (status !== 'failed') for (const scope of this.scopes.values()) scope.cancel();
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

  /** What people may do. Every move is checked by its validator: what is refused leaves no trace. */
  handlePeople(): void {
    const wake = () => this.wake();
    setHandler(
      pauseUpdate,
      (actor) => {
        this.state.paused = { by: actor.by, ...(actor.reason !== undefined && { reason: actor.reason }) };
        this.record('pause', actor);
        wake();
      },
      { validator: (actor) => this.checkPause(actor, true) },
    );
    setHandler(
      resumeUpdate,
      (actor) => {
        delete this.state.paused;
        this.record('resume', actor);
        wake();
      },
      { validator: (actor) => this.checkPause(actor, false) },
    );
    setHandler(adjustUpdate, (given) => this.adjust(given), {
      validator: (given) => this.checkAdjusting(given),
    });
    setHandler(amendUpdate, (given) => this.amendments.take(this.known, given), {
      validator: (given) => {
        checkAmending(this.desk?.state, given);
        checkProposals(this.state);
        this.checkOpen();
      },
    });
  }

  private checkOpen(): void {
    if (this.finishing) refuse('Plan.Illegal', 'it has ended', 'Submit what is left as a plan of its own.');
  }

  private checkAdjusting(given: Adjustment): void {
    checkAdjustment(this.desk?.state, given);
    this.checkOpen();
    // Two attempts at one node would be taken for each other.
    if (given.action === 'retry' && this.scopes.has(given.node))
      refuse('Plan.Illegal', `the run of "${given.node}" is still being ended`, 'Try again in a moment.');
  }

  private checkPause(actor: Actor, pause: boolean): void {
    checkActor(actor);
    if (!this.desk) refuse('Plan.Illegal', 'it is only just being planned');
    this.checkOpen();
    if (pause === (this.state.paused !== undefined))
      refuse('Plan.Illegal', pause ? 'it is paused already' : 'it is not paused');
  }

  private adjust(given: Adjustment): void {
    const desk = this.known;
    const { node, action, by, reason } = given;
    const now = Date.now();
    this.record(action, given, node);
    const why = `by ${by}${reason === undefined ? '' : `: ${reason}`}`;
    if (action === 'retry') desk.retry(node, now);
    else if (action === 'skip') desk.close(node, 'skipped', now, why);
    else if (action === 'cancel') {
      desk.close(node, 'cancelled', now, why);
      this.scopes.get(node)?.cancel();
    } else desk.change(given);
    this.awake = true;
  }

  private record(action: string, { by, reason }: Actor, detail?: string): void {
    this.known.record(action, { by, ...(reason !== undefined && { reason }) }, Date.now(), detail);
  }

  private get around(): { status: PlanStatus; waitsFor: { id: string; title: string }[] } {
    const { waitsFor } = this.asking;
    const { state } = this.known;
    const idle = this.scopes.size === 0;
    const status = state.paused && idle ? 'paused' : waitsFor.length > 0 && idle ? 'waiting' : 'running';
    return { status: this.over ?? status, waitsFor };
  }

  private get rolloverDue(): boolean {
    if (this.began >= (this.input.rolloverNodes ?? Number.POSITIVE_INFINITY)) return true;
    const { continueAsNewSuggested, historySize, historyLength } = workflowInfo();
    if (!continueAsNewSuggested) return false;
    // What is carried along may be as large as the server suggests by itself: then the plan would do nothing but continue as new.
    return (
      historySize - this.from.historySize >= GROWN_BYTES || historyLength - this.from.historyLength >= GROWN_EVENTS
    );
  }
}
