import type { Actor } from '../../protocol/control';
import type { SoFar } from '../../protocol/plan/admission';
import type { Adjustment } from '../../protocol/plan/control';
import type { Plan, PlanNode } from '../../protocol/plan/definition';
import { type Edge, Graph } from '../../protocol/plan/graph';
import {
  type AgentFacts,
  type Attempt,
  type Ending,
  FINAL,
  MOVES,
  type NodeProgress,
  type NodeStatus,
  type PlanState,
} from '../../protocol/plan/state';
import type { Ranking } from '../../protocol/registry/bandit';
import type { PlannedCall } from '../../protocol/session';
import { type Given, givenOf, shareUsd, taintOf } from './node-given';
import { type Choice, Places } from './places';
import { isTimed, whenDue } from './timetable';
import type { Urgency } from './urgency';
import { WaitingLine } from './waiting-line';

/** A node that begins now. */
export interface Begin extends Choice, Given {
  node: PlanNode;
  facts: AgentFacts | undefined;
  attempt: number;
  priority: number;
  /** Where content from outside came from that its inputs may hold. */
  tainted: string[];
  /** US dollars it may cost; undefined where the plan has no budget and the node says nothing. */
  budgetUsd: number | undefined;
  /** When the attempt began; ms since epoch. */
  since: number;
  /** Of an attempt that began before the plan continued as new: how far it was. */
  resumed?: Attempt;
  /** Of the plan: one that takes the node's place has no others. */
  limits?: Plan['limits'];
  /** Of the plan: what amendments of one that takes the node's place need. */
  approval?: Plan['approval'];
}

const ACTIONS_KEPT = 50;
const PLANNED_KEPT = 1_000;
/** Characters of a reason: one that names the reason of another, and so on, would grow without end. */
const REASON_KEPT = 500;

/**
 * Which nodes of a plan may run, and what follows from how they end. Plain state and no time of its own; the `taskPlan` workflow adds
 * clocks, children and people.
 */
export class PlanDesk {
  graph: Graph;
  private readonly places: Places;
  private readonly line: WaitingLine;
  /** Nodes something happens to at a certain time. */
  private timed: string[] = [];
  readonly counts: Partial<Record<NodeStatus, number>> = {};
  private readonly byStatus = new Map<NodeStatus, Set<string>>();
  /** Nodes whose approval is to be asked for. */
  readonly toAsk: string[] = [];
  /** Nodes whose runs, or whose questions to people, began before the plan continued as new. */
  readonly toResume: string[] = [];
  /** What comes after nodes that have ended since it was last looked at. */
  private readonly toLook: string[] = [];
  private looking = false;

  constructor(
    readonly state: PlanState,
    now: number,
  ) {
    this.places = new Places(state);
    for (const [id, { status, attempt }] of Object.entries(state.nodes)) {
      this.count(id, status, 1);
      if (attempt) this.toResume.push(id);
      // Was to be asked for when the plan continued as new.
      else if (status === 'waiting') this.toAsk.push(id);
    }
    this.graph = new Graph(state.plan);
    for (const id of this.toResume)
      if (this.progress(id).status === 'running') this.places.take(this.node(id), this.progress(id).agent ?? '');
    this.line = new WaitingLine(state, this.graph);
    this.replan(now);
  }

  /** After the plan has changed. */
  private replan(now: number): void {
    const { plan, nodes } = this.state;
    this.graph = new Graph(plan);
    for (const { id } of plan.nodes) {
      if (nodes[id]) continue;
      nodes[id] = { status: 'pending', since: now, attempts: 0, costUsd: 0, tokens: 0 };
      this.count(id, 'pending', 1);
    }
    const hasTime = (node: PlanNode) => isTimed(node) || nodes[node.id]?.notBefore !== undefined;
    this.timed = plan.nodes.filter(hasTime).map(({ id }) => id);
    this.line.begin(this.graph);
    for (const { id } of plan.nodes) {
      if (nodes[id]?.status === 'ready') this.line.add(id);
      else this.look(id, now);
    }
  }

  /** Nodes that begin now, as many as there are places for. */
  next(now: number): Begin[] {
    const begun: Begin[] = [];
    const { paused, ending } = this.state;
    while (!paused && !ending && !this.places.full) {
      const found = this.line.take(now, this.places);
      if (!found) break;
      begun.push(this.begin(found.id, found.tenant, now));
    }
    return begun;
  }

  private begin(id: string, tenant: string, now: number): Begin {
    const { state } = this;
    const node = this.node(id);
    const progress = this.progress(id);
    const choice = this.places.choose(node) as Choice;
    this.places.take(node, choice.agent);
    state.chosen[choice.agent] = (state.chosen[choice.agent] ?? 0) + 1;
    state.served[tenant] = (state.served[tenant] ?? 0) + 1 / (state.plan.shares?.[tenant] ?? 1);
    const budgetUsd = shareUsd(state, node);
    if (budgetUsd !== undefined) progress.held = budgetUsd;
    this.move(id, 'assigned', now);
    progress.attempts++;
    progress.startedAt ??= now;
    Object.assign(progress, { agent: choice.agent, because: choice.because });
    return { ...this.beginOf(node, choice), budgetUsd };
  }

  /** What an attempt is given that began before the plan continued as new: what it comes after is still there. */
  resume(id: string): Begin {
    const { agent = '', because = '', held: budgetUsd, attempt: resumed } = this.progress(id);
    return { ...this.beginOf(this.node(id), { agent, because }), budgetUsd, ...(resumed && { resumed }) };
  }

  private beginOf(node: PlanNode, choice: Choice): Omit<Begin, 'budgetUsd'> {
    const { state, graph } = this;
    const { attempts: attempt, since } = this.progress(node.id);
    const { priority } = this.line.urgencyOf(node.id);
    const given = { ...givenOf(state, graph, node), tainted: taintOf(state, graph, node) };
    const { limits: most, approval } = state.plan;
    const limits = node.expand && { limits: most, ...(approval && { approval }) };
    return { node, facts: state.agents[choice.agent], ...choice, attempt, priority, ...given, ...limits, since };
  }

  /** Gives a node that begins to whom what was learned prefers, of those who are free. */
  assignLearned(begin: Begin, ranking: Ranking): void {
    const { node, agent } = begin;
    const { chosen } = this.state;
    this.places.give(node, agent);
    const choice = this.places.learned(node, ranking);
    this.places.take(node, choice.agent);
    chosen[agent] = (chosen[agent] ?? 1) - 1;
    chosen[choice.agent] = (chosen[choice.agent] ?? 0) + 1;
    Object.assign(begin, choice, { facts: this.state.agents[choice.agent] });
    Object.assign(this.progress(node.id), choice);
  }

  /** @param run its workflow id; a plain call has none. */
  running(id: string, run: string | undefined, now: number): void {
    if (run !== undefined) this.progress(id).run = run;
    if (this.progress(id).status !== 'assigned') return;
    this.move(id, 'running', now);
  }

  /** How far an attempt is that another workflow works on, or nothing where the plan itself does. */
  at(id: string, attempt: Attempt | undefined): void {
    const progress = this.progress(id);
    if (attempt) progress.attempt = attempt;
    else delete progress.attempt;
  }

  /** An attempt is over. What was ended from here (cancelled, expired) only gives back its place. */
  ended(id: string, ending: Ending, now: number): void {
    const { state } = this;
    const node = this.node(id);
    const progress = this.progress(id);
    this.places.give(node, progress.agent ?? '');
    delete progress.attempt;
    progress.costUsd += ending.costUsd;
    progress.tokens += ending.tokens;
    state.spentUsd += ending.costUsd;
    state.tokens += ending.tokens;
    if (ending.planned) this.notePlanned(id, ending.planned);
    if (FINAL.has(progress.status)) return;
    if (ending.status === 'failed' && progress.attempts < node.retry.attempts && !state.ending) {
      progress.notBefore = now + node.retry.backoff * 2 ** (progress.attempts - 1);
      progress.reason = shortened(ending.reason ?? 'failed');
      if (!this.timed.includes(id)) this.timed.push(id);
      this.move(id, 'pending', now);
      return;
    }
    if (ending.status === 'done') {
      progress.output = ending.output;
      if (ending.artifact) progress.artifact = ending.artifact;
      if (ending.tainted) progress.tainted = ending.tainted;
      if (ending.recalled) progress.recalled = ending.recalled;
      delete progress.reason;
    }
    this.close(id, ending.status, now, ending.reason);
  }

  private notePlanned(node: string, calls: PlannedCall[]): void {
    this.state.planned ??= [];
    const room = Math.max(PLANNED_KEPT - this.state.planned.length, 0);
    this.state.planned.push(...calls.slice(0, room).map((call) => ({ node, ...call })));
  }

  /** Moves a node to its end, and looks at what comes after it. */
  close(id: string, status: NodeStatus, now: number, reason?: string): void {
    const progress = this.progress(id);
    this.move(id, status, now);
    progress.endedAt = now;
    if (reason !== undefined) progress.reason = shortened(reason);
    this.line.remove(id);
    const after = this.graph.after.get(id) ?? [];
    for (const { to } of after) this.toLook.push(to);
    this.lookAround(now);
    // What nothing comes after has no edge to say what its failure means.
    if (after.length === 0 && (status === 'failed' || status === 'expired') && this.state.plan.onFailure === 'fail')
      this.end('failed', `"${id}" is ${status}${reason === undefined ? '' : `: ${reason}`}`);
    this.forget(id);
    for (const { from } of this.graph.before.get(id) ?? []) this.forget(from);
  }

  /** One after the other, not within each other: what ends a node may end all that comes after it, as far as the plan goes. */
  private lookAround(now: number): void {
    if (this.looking) return;
    this.looking = true;
    try {
      for (let at = 0; at < this.toLook.length; at++) this.look(this.toLook[at] as string, now);
    } finally {
      this.toLook.length = 0;
      this.looking = false;
    }
  }

  /** Whether a node may run by now, or never will. */
  look(id: string, now: number): void {
    const progress = this.progress(id);
    if (progress.status !== 'pending') return;
    let open = 0;
    for (const edge of this.graph.before.get(id) ?? []) {
      const { status } = this.progress(edge.from);
      if (status === 'done') continue;
      if (!FINAL.has(status)) open++;
      else if (edge.onFailure !== 'continue') {
        this.broken(edge, now);
        return;
      }
    }
    const { notBefore } = this.node(id);
    const at = Math.max(progress.notBefore ?? 0, notBefore === undefined ? 0 : this.state.startedAt + notBefore);
    if (open > 0 || at > now) return;
    progress.readyAt ??= now;
    this.move(id, 'ready', now);
    if (this.node(id).approval && !progress.approved) {
      this.move(id, 'waiting', now);
      this.toAsk.push(id);
      return;
    }
    this.line.add(id);
  }

  /** Something a node comes after did not succeed. */
  private broken({ from, to, onFailure }: Edge, now: number): void {
    const { status, reason } = this.progress(from);
    const why = `"${from}" is ${status}${reason === undefined ? '' : `: ${reason}`}`;
    if (onFailure === 'fail') this.end('failed', why);
    if (onFailure === 'compensate') this.undoBefore(from);
    this.close(to, 'skipped', now, why);
  }

  /** What the failed node came after is undone, the newest first, each once. */
  private undoBefore(failed: string): void {
    const seen = reached(failed, (id) => (this.graph.before.get(id) ?? []).map(({ from }) => from));
    const known = new Set(this.state.undos.map(({ node }) => node));
    const done = [...seen].filter(
      (id) => this.node(id).undo !== undefined && this.progress(id).status === 'done' && !known.has(id),
    );
    done.sort((one, other) => (this.progress(other).endedAt ?? 0) - (this.progress(one).endedAt ?? 0));
    for (const node of done) this.state.undos.push({ node, status: 'pending' });
  }

  end(status: 'failed' | 'cancelled' | 'expired', reason: string): void {
    this.state.ending ??= { status, reason: shortened(reason) };
  }

  /** People have decided on a node's approval. */
  decided(id: string, approved: boolean, reason: string, now: number): void {
    if (this.progress(id).status !== 'waiting') return;
    if (!approved) {
      this.close(id, 'failed', now, reason);
      return;
    }
    this.progress(id).approved = true;
    this.move(id, 'ready', now);
    this.line.add(id);
  }

  /** What time has brought: nodes that may begin, are late, or have expired. @returns runs to be ended. */
  tick(now: number): string[] {
    const { plan, startedAt } = this.state;
    // Before its nodes: one that is late with the whole plan is not what the plan failed by.
    const tooLate = plan.deadline !== undefined && startedAt + plan.deadline <= now;
    if (tooLate) this.end('expired', 'its deadline has passed');
    const expired: string[] = [];
    let late = false;
    for (const id of tooLate ? this.graph.nodes.keys() : this.timed) {
      const node = this.node(id);
      const progress = this.progress(id);
      if (!node || FINAL.has(progress.status)) continue;
      const deadline = Math.min(node.deadline ?? Number.POSITIVE_INFINITY, plan.deadline ?? Number.POSITIVE_INFINITY);
      if (startedAt + deadline <= now) {
        const busy = progress.status === 'running' || progress.status === 'assigned';
        this.close(id, 'expired', now, `not done within ${deadline} ms`);
        if (busy) expired.push(id);
        continue;
      }
      if (node.softDeadline !== undefined && startedAt + node.softDeadline <= now && !progress.late) {
        progress.late = true;
        progress.priority = Math.max(1, this.line.priorityOf(id) - 1);
        late = true;
      }
      this.look(id, now);
    }
    // Once for all of them: thousands may be late at the same moment.
    if (late) this.line.reorder();
    return expired;
  }

  /** When time brings something; ms since epoch. */
  nextWake(): number {
    const { plan, startedAt } = this.state;
    const end = plan.deadline === undefined ? Number.POSITIVE_INFINITY : startedAt + plan.deadline;
    const dues = this.timed.map((id) => whenDue(this.node(id), this.progress(id), startedAt, () => this.isFree(id)));
    return Math.min(end, ...dues);
  }

  /** Whether all it comes after has ended. */
  private isFree(id: string): boolean {
    return (this.graph.before.get(id) ?? []).every(({ from }) => FINAL.has(this.progress(from).status));
  }

  /** Changed by an operator or by lateness; what a node comes after is as urgent as itself. */
  setPriority(id: string, priority: number): void {
    this.progress(id).priority = priority;
    this.line.reorder();
  }

  urgencyOf(id: string): Urgency & { tailMs: number } {
    return this.line.urgencyOf(id);
  }

  /** What an operator says of a node that has not ended. */
  change({ node: id, priority, agent, softDeadline, deadline }: Omit<Adjustment, 'action' | 'by'>): void {
    const node = this.node(id);
    if (agent !== undefined) {
      node.agent = agent;
      delete node.needs;
    }
    if (softDeadline !== undefined) {
      node.softDeadline = softDeadline;
      delete this.progress(id).late;
    }
    if (deadline !== undefined) node.deadline = deadline;
    if (isTimed(node) && !this.timed.includes(id)) this.timed.push(id);
    this.setPriority(id, priority ?? this.line.priorityOf(id));
  }

  /** The plan as it is from now on. @param changed nodes that have not begun and are not what they were. */
  amend(plan: Plan, agents: PlanState['agents'], changed: readonly string[], now: number): void {
    for (const id of changed) {
      this.line.remove(id);
      this.count(id, this.progress(id).status, -1);
      delete this.state.nodes[id];
    }
    Object.assign(this.state, { plan, agents: { ...this.state.agents, ...agents } });
    this.replan(now);
  }

  /** Another way to go after a failure: what did not succeed stays in the plan, and counts for nothing. */
  goAnotherWay(plan: Plan, agents: PlanState['agents'], now: number): void {
    for (const progress of Object.values(this.state.nodes)) if (progress.status !== 'done') progress.replaced = true;
    delete this.state.ending;
    this.amend(plan, agents, [], now);
  }

  soFar(now: number): SoFar {
    const { nodes, spentUsd, startedAt } = this.state;
    const over = Object.keys(nodes).filter((id) => FINAL.has(this.progress(id).status));
    return { over, spentUsd, elapsedMs: now - startedAt };
  }

  /** A node that did not succeed, or waits for its retry, once more; what was skipped because of it too. */
  retry(id: string, now: number): void {
    delete this.state.ending;
    const skipped = (one: string) => {
      const after = (this.graph.after.get(one) ?? []).map(({ to }) => to);
      return after.filter((to) => this.progress(to).status === 'skipped');
    };
    for (const one of [id, ...reached(id, skipped)]) {
      const progress = this.progress(one);
      this.move(one, 'pending', now);
      progress.attempts = 0;
      // Whoever has it run again after its time is over has said that it may take longer.
      const { deadline } = this.node(one);
      if (deadline !== undefined && this.state.startedAt + deadline <= now) delete this.node(one).deadline;
      for (const key of ['notBefore', 'reason', 'endedAt', 'run'] as const) delete progress[key];
    }
    for (const node of this.graph.nodes.keys()) this.look(node, now);
  }

  /** What has not begun is over. */
  closeWaiting(status: 'cancelled' | 'expired' | 'skipped', reason: string, now: number): void {
    for (const [id, { status: is }] of Object.entries(this.state.nodes)) {
      if (!FINAL.has(is) && is !== 'running' && is !== 'assigned') this.close(id, status, now, reason);
    }
  }

  closeAll(status: 'cancelled', reason: string, now: number): void {
    this.closeWaiting(status, reason, now);
    for (const [id, { status: is }] of Object.entries(this.state.nodes))
      if (!FINAL.has(is)) this.close(id, status, now, reason);
  }

  /** So many nodes at most, by what they are, in this order. What it costs does not depend on the size of the plan. */
  firstOf(order: readonly NodeStatus[], count: number): string[] {
    const found: string[] = [];
    for (const status of order) {
      for (const id of this.byStatus.get(status) ?? []) {
        if (found.length >= count) return found;
        found.push(id);
      }
    }
    return found;
  }

  get over(): boolean {
    return Object.entries(this.counts).every(([status, count]) => count === 0 || FINAL.has(status as NodeStatus));
  }

  record(action: string, { by, reason }: Actor, at: number, detail?: string): void {
    const { actions } = this.state;
    actions.push({ action, by, at, ...(reason !== undefined && { reason }), ...(detail !== undefined && { detail }) });
    actions.splice(0, actions.length - ACTIONS_KEPT);
  }

  node(id: string): PlanNode {
    return this.graph.nodes.get(id) as PlanNode;
  }

  progress(id: string): NodeProgress {
    return this.state.nodes[id] as NodeProgress;
  }

  /** Outputs nobody needs any more are let go: they would be carried from run to run. */
  private forget(id: string): void {
    const { plan, replans = 0 } = this.state;
    // Another way to the goal may start from it.
    if (plan.replan > replans) return;
    const followers = this.graph.after.get(id) ?? [];
    if (followers.length === 0 || id === plan.output || this.node(id).undo !== undefined) return;
    if (!followers.every(({ to }) => FINAL.has(this.progress(to).status))) return;
    delete this.progress(id).output;
    delete this.progress(id).artifact;
  }

  private move(id: string, status: NodeStatus, now: number): void {
    const progress = this.progress(id);
    if (!MOVES[progress.status].includes(status))
      throw new Error(`node ${id} cannot become ${status}: it is ${progress.status}`);
    this.count(id, progress.status, -1);
    this.count(id, status, 1);
    Object.assign(progress, { status, since: now });
  }

  private count(id: string, status: NodeStatus, by: 1 | -1): void {
    this.counts[status] = (this.counts[status] ?? 0) + by;
    const same = this.byStatus.get(status) ?? new Set();
    this.byStatus.set(status, same);
    if (by > 0) same.add(id);
    else same.delete(id);
  }
}

/** Everything one comes to from a node, step by step; not itself. */
function reached(from: string, next: (id: string) => string[]): Set<string> {
  const seen = new Set<string>();
  const way = [from];
  for (let id = way.pop(); id !== undefined; id = way.pop()) {
    for (const other of next(id)) {
      if (seen.has(other)) continue;
      seen.add(other);
      way.push(other);
    }
  }
  return seen;
}

function shortened(reason: string): string {
  return reason.length > REASON_KEPT ? `${reason.slice(0, REASON_KEPT - 1)}…` : reason;
}
