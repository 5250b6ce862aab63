import type { PlanNode } from '../../protocol/plan/definition';
import type { Graph } from '../../protocol/plan/graph';
import type { NodeProgress, PlanState } from '../../protocol/plan/state';
import type { Places } from './places';
import { ReadyQueue } from './ready-queue';
import { inherited, ownPriority, type Urgency } from './urgency';

/** Nodes whose turn has come, in the order in which they are served. */
export class WaitingLine {
  private readonly queue: ReadyQueue;
  private arrivals = 0;
  private tails = new Map<string, number>();
  private urgency = new Map<string, Urgency>();
  private lanes: Map<string, PlanNode> | undefined;

  constructor(
    private readonly state: PlanState,
    private graph: Graph,
  ) {
    this.queue = new ReadyQueue(state.plan.ageing, state.served);
  }

  /** With nobody in it, of the plan as it is now. */
  begin(graph: Graph): void {
    for (const id of this.graph.nodes.keys()) this.queue.remove(id);
    this.graph = graph;
    this.tails = graph.tails();
    this.lanes = undefined;
    this.urgency = inherited(graph, this.state);
  }

  add(id: string): void {
    const node = this.nodeOf(id);
    const { readyAt = 0 } = this.progressOf(id);
    const { priority, deadline, tailMs: tail } = this.urgencyOf(id);
    const tenant = node.tenant ?? '';
    const lane = laneOf(node);
    this.queue.add({ id, priority, since: readyAt, tenant, lane, deadline, tail, arrival: this.arrivals++ });
  }

  remove(id: string): void {
    this.queue.remove(id);
  }

  /** The next for whom there is a place. What a large one that has moved up needs is kept for it. */
  take(now: number, places: Places): { id: string; tenant: string } | undefined {
    const kept = new Map<string, number>();
    const keep = (lane: string) => {
      for (const [name, amount] of Object.entries(this.laneNode(lane).resources ?? {}))
        kept.set(name, (kept.get(name) ?? 0) + amount);
    };
    return this.queue.take(now, (lane) => places.fits(this.laneNode(lane), kept), keep);
  }

  /** After a node has become more or less urgent, or somebody else's. */
  reorder(): void {
    this.lanes = undefined;
    this.urgency = inherited(this.graph, this.state);
    for (const id of this.graph.nodes.keys()) {
      if (!this.queue.has(id)) continue;
      this.queue.remove(id);
      this.add(id);
    }
  }

  priorityOf(id: string): number {
    return ownPriority(this.nodeOf(id), this.progressOf(id), this.state);
  }

  /** Its own, or that of the most urgent it comes before; and how far it is from there to the end of the plan. */
  urgencyOf(id: string): Urgency & { tailMs: number } {
    const { priority, deadline } = this.urgency.get(id) ?? { priority: 3, deadline: Number.POSITIVE_INFINITY };
    return { priority, deadline, tailMs: this.tails.get(id) ?? 0 };
  }

  /** Any node of the lane: all take the same. */
  private laneNode(lane: string): PlanNode {
    this.lanes ??= new Map([...this.graph.nodes.values()].map((node) => [laneOf(node), node]));
    return this.lanes.get(lane) as PlanNode;
  }

  private nodeOf(id: string): PlanNode {
    return this.graph.nodes.get(id) as PlanNode;
  }

  private progressOf(id: string): NodeProgress {
    return this.state.nodes[id] as NodeProgress;
  }
}

/** Nodes that need the same: who, and what of the resources. */
function laneOf({ agent, needs, resources }: PlanNode): string {
  return JSON.stringify([agent, needs, resources && Object.entries(resources).sort()]);
}
