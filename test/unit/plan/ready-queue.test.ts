import fc from 'fast-check';
import { ReadyQueue, type Waiting } from '../../../workflows/plan/ready-queue';

const AGEING = 100;

/** The rule as it is written, looked up among all that wait; slow and plain. */
class Oracle {
  readonly waiting: Waiting[] = [];

  constructor(private readonly served: Record<string, number>) {}

  take(now: number, capacity: Record<string, number>): Waiting | undefined {
    const level = ({ priority, since }: Waiting) =>
      Math.max(1, priority - Math.max(0, Math.floor((now - since) / AGEING)));
    const share = ({ tenant }: Waiting) => this.served[tenant] ?? 0;
    const sorted = [...this.waiting].sort(
      (one, other) =>
        level(one) - level(other) ||
        share(one) - share(other) ||
        (one.tenant < other.tenant ? -1 : one.tenant > other.tenant ? 1 : 0) ||
        one.deadline - other.deadline ||
        other.tail - one.tail ||
        one.arrival - other.arrival,
    );
    const kept: Record<string, number> = {};
    const asked = new Set<string>();
    for (const node of sorted) {
      const group = `${level(node)} ${node.tenant} ${node.lane}`;
      if ((capacity[node.lane] ?? 0) - (kept[node.lane] ?? 0) >= 1) {
        this.waiting.splice(this.waiting.indexOf(node), 1);
        return node;
      }
      // One place is kept for the first of its lane, not for all of them.
      if (level(node) < node.priority && !asked.has(group)) kept[node.lane] = (kept[node.lane] ?? 0) + 1;
      asked.add(group);
    }
    return undefined;
  }
}

const action = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      priority: fc.integer({ min: 1, max: 5 }),
      tenant: fc.constantFrom('a', 'b', 'c'),
      lane: fc.constantFrom('x', 'y'),
      deadline: fc.constantFrom(500, 900, Number.POSITIVE_INFINITY),
      tail: fc.nat(3),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('free' as const), lane: fc.constantFrom('x', 'y') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 150 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), which: fc.nat() }) },
);

test('serves in exactly the order of the rule, whatever comes, waits, leaves and is full', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 150 }), (actions) => {
      const served: Record<string, number> = {};
      const capacity: Record<string, number> = { x: 2, y: 1 };
      const queue = new ReadyQueue(AGEING, served);
      const oracle = new Oracle(served);
      let now = 0;
      let arrival = 0;
      for (const each of actions) {
        if (each.kind === 'add') {
          const { kind: _kind, ...more } = each;
          const node = { id: `n${arrival}`, since: now, arrival: arrival++, ...more };
          queue.add(node);
          oracle.waiting.push(node);
        } else if (each.kind === 'wait') now += each.ms;
        else if (each.kind === 'free') capacity[each.lane] = (capacity[each.lane] ?? 0) + 1;
        else if (each.kind === 'remove') {
          const [gone] = oracle.waiting.splice(each.which % Math.max(oracle.waiting.length, 1), 1);
          if (gone) queue.remove(gone.id);
        } else {
          const kept: Record<string, number> = {};
          const expected = oracle.take(now, capacity);
          const taken = queue.take(
            now,
            (lane) => (capacity[lane] ?? 0) - (kept[lane] ?? 0) >= 1,
            (lane) => {
              kept[lane] = (kept[lane] ?? 0) + 1;
            },
          );
          expect(taken?.id).toBe(expected?.id);
          if (!taken) continue;
          capacity[taken.lane] = (capacity[taken.lane] ?? 0) - 1;
          served[taken.tenant] = (served[taken.tenant] ?? 0) + 1;
        }
        expect(queue.size).toBe(oracle.waiting.length);
      }
    }),
    { numRuns: 500 },
  );
});

test('1,000 that wait are served in the exact order, and tenants get their shares', () => {
  const served: Record<string, number> = {};
  const shares: Record<string, number> = { a: 3, b: 1 };
  const queue = new ReadyQueue(1e12, served);
  for (let at = 0; at < 1_000; at++) {
    const tenant = at % 2 === 0 ? 'a' : 'b';
    queue.add({
      id: `n${at}`,
      priority: 3,
      since: 0,
      tenant,
      lane: 'x',
      deadline: Number.POSITIVE_INFINITY,
      tail: 0,
      arrival: at,
    });
  }
  const first: string[] = [];
  for (let at = 0; at < 400; at++) {
    const taken = queue.take(
      0,
      () => true,
      () => undefined,
    ) as Waiting;
    served[taken.tenant] = (served[taken.tenant] ?? 0) + 1 / (shares[taken.tenant] ?? 1);
    first.push(taken.tenant);
  }
  const part = first.filter((tenant) => tenant === 'a').length / first.length;
  expect(Math.abs(part - 0.75)).toBeLessThan(0.05);
});
