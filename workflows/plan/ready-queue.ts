/** A node that could run now, and what its place depends on. */
export interface Waiting {
  id: string;
  /** 1 is the most urgent. */
  priority: number;
  /** Since when it could run; ms since epoch. */
  since: number;
  tenant: string;
  /** Nodes of one lane take the same place: agent and resources. */
  lane: string;
  /** Ms since epoch. */
  deadline: number;
  /** Ms to the end of the longest way from here. */
  tail: number;
  /** The number of its arrival. */
  arrival: number;
}

/**
 * Who is next. Nodes are served by priority, then by the tenant that has had least for its share, then by deadline, then by the
 * longest way still to go, then by arrival. A node that waits moves up one priority after every `ageing` ms, to 1 at most. One whose
 * lane is full is passed by; once it has moved up, what it takes is kept for it, so that small nodes cannot starve a large one.
 */
export class ReadyQueue {
  private readonly waiting = new Map<string, Waiting>();
  private readonly levels = new Map<number, Map<string, Map<string, Heap>>>();
  private readonly level = new Map<string, number>();
  private readonly promotions = new Heap((one, other) => one.at - other.at);

  constructor(
    private readonly ageing: number,
    /** Work each tenant has had, by its share. */
    private readonly served: Record<string, number>,
  ) {}

  get size(): number {
    return this.waiting.size;
  }

  has(id: string): boolean {
    return this.waiting.has(id);
  }

  add(node: Waiting): void {
    this.waiting.set(node.id, node);
    this.place(node, node.priority);
    this.watch(node, node.priority);
  }

  remove(id: string): void {
    this.waiting.delete(id);
    this.level.delete(id);
  }

  /**
   * Takes the next node.
   * @param free whether the lane has a place beside what was kept for nodes before it.
   * @param keep keeps what the lane takes from those that come after.
   */
  take(now: number, free: (lane: string) => boolean, keep: (lane: string) => void): Waiting | undefined {
    this.promote(now);
    for (const level of [...this.levels.keys()].sort((one, other) => one - other)) {
      const tenants = this.levels.get(level) as Map<string, Map<string, Heap>>;
      for (const tenant of this.byShare(tenants.keys())) {
        for (const node of this.heads(level, tenants.get(tenant) as Map<string, Heap>)) {
          if (free(node.lane)) {
            this.remove(node.id);
            return node;
          }
          if (level < node.priority) keep(node.lane);
        }
      }
    }
    return undefined;
  }

  /** Those that have moved up, with their new priority. */
  promote(now: number): void {
    for (let next = this.promotions.peek(); next && next.at <= now; next = this.promotions.peek()) {
      this.promotions.pop();
      const node = this.waiting.get(next.id);
      if (!node || node !== next.node) continue;
      const level = this.levelAt(node, now);
      this.place(node, level);
      this.watch(node, level);
    }
  }

  private levelAt({ priority, since }: Waiting, now: number): number {
    return Math.max(1, priority - Math.max(0, Math.floor((now - since) / this.ageing)));
  }

  private watch(node: Waiting, level: number): void {
    if (level > 1)
      this.promotions.push({ id: node.id, node, at: node.since + (node.priority - level + 1) * this.ageing });
  }

  private place(node: Waiting, level: number): void {
    this.level.set(node.id, level);
    const tenants = entry(this.levels, level, () => new Map<string, Map<string, Heap>>());
    const lanes = entry(tenants, node.tenant, () => new Map<string, Heap>());
    entry(lanes, node.lane, () => new Heap(byUrgency)).push({ id: node.id, node, at: 0 });
  }

  private byShare(tenants: Iterable<string>): string[] {
    return [...tenants].sort(
      (one, other) => (this.served[one] ?? 0) - (this.served[other] ?? 0) || (one < other ? -1 : 1),
    );
  }

  /** The first of each lane, the most urgent first. */
  private heads(level: number, lanes: Map<string, Heap>): Waiting[] {
    const heads: Entry[] = [];
    for (const [lane, heap] of lanes) {
      let head = heap.peek();
      // What was taken, removed or moved up lies here still.
      while (head && (this.waiting.get(head.id) !== head.node || this.level.get(head.id) !== level)) {
        heap.pop();
        head = heap.peek();
      }
      if (head) heads.push(head);
      else lanes.delete(lane);
    }
    return heads.sort(byUrgency).map(({ node }) => node);
  }
}

interface Entry {
  id: string;
  node: Waiting;
  at: number;
}

function byUrgency({ node: one }: Entry, { node: other }: Entry): number {
  return one.deadline - other.deadline || other.tail - one.tail || one.arrival - other.arrival;
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}

/** A binary heap, the least first. */
class Heap {
  private readonly items: Entry[] = [];

  constructor(private readonly order: (one: Entry, other: Entry) => number) {}

  peek(): Entry | undefined {
    return this.items[0];
  }

  push(item: Entry): void {
    const { items } = this;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.order(items[parent] as Entry, item) <= 0) break;
      items[at] = items[parent] as Entry;
      at = parent;
    }
    items[at] = item;
  }

  pop(): void {
    const { items } = this;
    const last = items.pop();
    if (!last || items.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.order(items[child + 1] as Entry, items[child] as Entry) < 0) child++;
      if (this.order(last, items[child] as Entry) <= 0) break;
      items[at] = items[child] as Entry;
      at = child;
    }
    items[at] = last;
  }
}
