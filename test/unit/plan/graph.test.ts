import fc from 'fast-check';
import { type PlanDefinition, planSchema } from '../../../protocol/plan/definition';
import { Graph } from '../../../protocol/plan/graph';

function planOf(nodes: PlanDefinition['nodes'], more: Partial<PlanDefinition> = {}) {
  return planSchema.parse({ name: 'test', agent: 'worker', ...more, nodes });
}
const node = <More extends object>(id: string, after: string[] = [], more = {} as More) => ({
  id,
  goal: `do ${id}`,
  after,
  ...more,
});

/** Edges only go from lower to higher numbers: no cycle. */
const dag = fc
  .integer({ min: 1, max: 30 })
  .chain((size) =>
    fc.tuple(fc.constant(size), fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 80 })),
  )
  .map(([size, pairs]) =>
    Array.from({ length: size }, (_, at) =>
      node(`n${at}`, [...new Set(pairs.filter(([one, other]) => other === at && one < at).map(([one]) => `n${one}`))], {
        estimate: 1 + ((at * 7919) % 13),
      }),
    ),
  );

test('the order has every node once, after all it comes after', () => {
  fc.assert(
    fc.property(dag, (nodes) => {
      const graph = new Graph(planOf(nodes));
      const order = graph.order();
      expect([...order].sort()).toEqual(nodes.map(({ id }) => id).sort());
      const place = new Map(order.map((id, at) => [id, at]));
      for (const { id, after } of nodes)
        for (const before of after) expect(place.get(before)).toBeLessThan(place.get(id) as number);
      expect(graph.cycle()).toBeUndefined();
    }),
  );
});

test('a cycle is told as a way round it', () => {
  fc.assert(
    fc.property(dag, fc.nat(), fc.nat(), (nodes, one, other) => {
      const [from, to] = [one % nodes.length, other % nodes.length];
      const closed = nodes.map((each, at) =>
        at === Math.min(from, to) ? { ...each, after: [...each.after, `n${Math.max(from, to)}`] } : each,
      );
      const graph = new Graph(planOf(closed));
      const cycle = graph.cycle();
      if (!cycle) {
        expect(graph.order()).toHaveLength(nodes.length);
        return;
      }
      for (const [at, id] of cycle.entries()) {
        const before = cycle[(at + cycle.length - 1) % cycle.length];
        expect(graph.before.get(id)?.map((edge) => edge.from)).toContain(before);
      }
    }),
  );
  expect(new Graph(planOf([node('a', ['c']), node('b', ['a']), node('c', ['b'])])).cycle()).toHaveLength(3);
  expect(new Graph(planOf([node('a', ['a'])])).cycle()).toEqual(['a']);
});

test('the critical path is the longest way, as trying all ways finds it', () => {
  fc.assert(
    fc.property(
      dag.filter((nodes) => nodes.length <= 12),
      (nodes) => {
        const graph = new Graph(planOf(nodes));
        const estimate = (id: string) => nodes.find((each) => each.id === id)?.estimate as number;
        const longest = (id: string): number =>
          estimate(id) + Math.max(0, ...(graph.after.get(id) ?? []).map(({ to }) => longest(to)));
        const best = Math.max(...nodes.map(({ id }) => longest(id)));
        const path = graph.criticalPath();
        expect(path.reduce((sum, id) => sum + estimate(id), 0)).toBe(best);
        for (const [at, id] of path.slice(1).entries())
          expect(graph.before.get(id)?.map(({ from }) => from)).toContain(path[at]);
        expect(graph.depth()).toBeLessThanOrEqual(nodes.length);
      },
    ),
  );
});

test('inputs are edges too, and a policy that is said counts before one that is not', () => {
  const plan = planOf(
    [
      node('a'),
      node('b', ['a'], { inputs: { x: { from: 'a', onFailure: 'continue' } } }),
      { id: 'c', goal: 'c', after: [{ node: 'b', onFailure: 'compensate' as const }], inputs: { y: { from: 'a' } } },
    ],
    { onFailure: 'skip' },
  );
  const graph = new Graph(plan);
  expect(graph.before.get('b')).toEqual([{ from: 'a', to: 'b', onFailure: 'continue' }]);
  expect(graph.before.get('c')).toEqual([
    { from: 'b', to: 'c', onFailure: 'compensate' },
    { from: 'a', to: 'c', onFailure: 'skip' },
  ]);
});
