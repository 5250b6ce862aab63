import type { EdgePolicy, Plan, PlanNode } from './definition';

/** One node comes after another. */
export interface Edge {
  from: string;
  to: string;
  onFailure: EdgePolicy;
}

const DEFAULT_ESTIMATE_MS = 60_000;

export function estimateOf(node: Pick<PlanNode, 'estimate'>): number {
  return node.estimate ?? DEFAULT_ESTIMATE_MS;
}

/** What a node comes after, each other node once: the edges it names, and those its inputs imply. */
export function edgesInto(node: PlanNode, plan: Pick<Plan, 'onFailure'>): Edge[] {
  const policies = new Map<string, EdgePolicy>();
  const note = (from: string, said: EdgePolicy | undefined) => {
    if (said !== undefined || !policies.has(from)) policies.set(from, said ?? plan.onFailure);
  };
  for (const edge of node.after) note(edge.node, 'onFailure' in edge ? edge.onFailure : undefined);
  for (const { from, onFailure } of Object.values(node.inputs ?? {})) note(from, onFailure);
  return [...policies].map(([from, onFailure]) => ({ from, to: node.id, onFailure }));
}

/** The nodes of a plan with what comes before and after each, in the order they are written. */
export class Graph {
  readonly nodes: ReadonlyMap<string, PlanNode>;
  readonly before = new Map<string, Edge[]>();
  readonly after = new Map<string, Edge[]>();
  /** Edges from nodes the plan does not have. */
  readonly dangling: Edge[] = [];

  constructor(plan: Pick<Plan, 'nodes' | 'onFailure'>) {
    this.nodes = new Map(plan.nodes.map((node) => [node.id, node]));
    for (const { id } of plan.nodes) this.after.set(id, []);
    for (const node of plan.nodes) {
      const edges = edgesInto(node, plan);
      this.before.set(node.id, edges);
      for (const edge of edges) {
        const followers = this.after.get(edge.from);
        if (followers) followers.push(edge);
        else this.dangling.push(edge);
      }
    }
  }

  /** Every node after all it comes after (Kahn 1962); shorter than the plan when there is a cycle. */
  order(): string[] {
    const missing = new Map(
      [...this.before].map(([id, edges]) => [id, edges.filter((edge) => this.nodes.has(edge.from)).length]),
    );
    const order = [...missing].flatMap(([id, left]) => (left === 0 ? [id] : []));
    for (let at = 0; at < order.length; at++) {
      for (const { to } of this.after.get(order[at] as string) ?? []) {
        const left = (missing.get(to) ?? 0) - 1;
        missing.set(to, left);
        if (left === 0) order.push(to);
      }
    }
    return order;
  }

  /** The nodes of one cycle, each before the next and the last before the first; undefined where there is none. */
  cycle(): string[] | undefined {
    const placed = new Set(this.order());
    const start = [...this.nodes.keys()].find((id) => !placed.has(id));
    if (start === undefined) return undefined;
    // What Kahn's order leaves over has something left over before it: walking back must come round.
    const way: string[] = [];
    const seen = new Map<string, number>();
    for (let id = start; ; ) {
      const again = seen.get(id);
      if (again !== undefined) return way.slice(again).reverse();
      seen.set(id, way.length);
      way.push(id);
      id = this.before.get(id)?.find(({ from }) => this.nodes.has(from) && !placed.has(from))?.from as string;
    }
  }

  /**
   * Milliseconds from the start of each node to the end of the longest way that begins with it, by the estimates.
   * @param order as `order()` gives it, of a plan without cycles.
   */
  tails(order = this.order()): Map<string, number> {
    const tails = new Map<string, number>();
    for (const id of order.toReversed()) {
      const rest = Math.max(0, ...(this.after.get(id) ?? []).map(({ to }) => tails.get(to) ?? 0));
      tails.set(id, estimateOf(this.nodes.get(id) as PlanNode) + rest);
    }
    return tails;
  }

  /** The nodes of the longest way through the plan, by the estimates. */
  criticalPath(): string[] {
    const tails = this.tails();
    const longest = (ids: string[]) =>
      ids.reduce<string | undefined>(
        (best, id) => (best === undefined || (tails.get(id) ?? 0) > (tails.get(best) ?? 0) ? id : best),
        undefined,
      );
    const path: string[] = [];
    let id = longest([...this.nodes.keys()]);
    while (id !== undefined) {
      path.push(id);
      id = longest((this.after.get(id) ?? []).map(({ to }) => to));
    }
    return path;
  }

  /** How many nodes are on the way with the most of them. */
  depth(order = this.order()): number {
    const depths = new Map<string, number>();
    let deepest = 0;
    for (const id of order) {
      const before = (this.before.get(id) ?? []).map(({ from }) => depths.get(from) ?? 0);
      const depth = Math.max(0, ...before) + 1;
      depths.set(id, depth);
      deepest = Math.max(deepest, depth);
    }
    return deepest;
  }
}
