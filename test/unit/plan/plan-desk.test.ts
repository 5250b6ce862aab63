import fc from 'fast-check';
import { type PlanDefinition, planSchema } from '../../../protocol/plan/definition';
import { FINAL, type PlanState } from '../../../protocol/plan/state';
import { type Begin, PlanDesk } from '../../../workflows/plan/plan-desk';

const facts = (capabilities: string[] = [], costUsd: number | null = null) => ({
  revision: 'r',
  capabilities,
  costUsd,
});

function stateOf(definition: PlanDefinition, agents: PlanState['agents'] = { worker: facts() }): PlanState {
  const plan = planSchema.parse(definition);
  const fresh = { nodes: {}, chosen: {}, served: {}, actions: [], undos: [] };
  return { plan, agents, startedAt: 0, spentUsd: 0, tokens: 0, ...fresh };
}

const done = (output: unknown = 'x', costUsd = 0) => ({ status: 'done' as const, output, costUsd, tokens: 1 });
const failed = { status: 'failed' as const, reason: 'no', costUsd: 0, tokens: 0 };
const ids = (begun: Begin[]) => begun.map(({ node }) => node.id);
const policy = fc.constantFrom('fail' as const, 'skip' as const, 'continue' as const, 'compensate' as const);

const story = fc.record({
  size: fc.integer({ min: 1, max: 25 }),
  edges: fc.array(fc.tuple(fc.nat(24), fc.nat(24), policy), { maxLength: 60 }),
  parallel: fc.integer({ min: 1, max: 6 }),
  slots: fc.integer({ min: 1, max: 3 }),
  endings: fc.infiniteStream(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 9 }))),
});

test('whatever ends how, and continues as new when: order, limits and attempts hold, and all comes to an end', () => {
  fc.assert(
    fc.property(story, ({ size, edges, parallel, slots, endings }) => {
      const nodes = Array.from({ length: size }, (_, at) => ({
        id: `n${at}`,
        goal: 'g',
        undo: 'u',
        after: edges
          .filter(([from, to]) => to === at && from < at)
          .filter(([from], index, all) => all.findIndex(([one]) => one === from) === index)
          .map(([from, , onFailure]) => ({ node: `n${from}`, onFailure })),
        retry: { attempts: 1 + (at % 3), backoff: 1 },
        ...(at % 4 === 0 && { resources: { gpu: 1 } }),
      }));
      const state = stateOf({ name: 'p', agent: 'worker', nodes, limits: { parallel, resources: { gpu: slots } } });
      let desk = new PlanDesk(state, 0);
      const running = new Map<string, Begin>();
      const chance = endings[Symbol.iterator]();
      let now = 0;
      for (let step = 0; !desk.over || running.size > 0; step++) {
        expect(step).toBeLessThan(2_000);
        now += 1;
        desk.tick(now);
        if (desk.state.ending) desk.closeWaiting('skipped', 'over', now);
        for (const begin of desk.next(now)) {
          const { node, attempt } = begin;
          expect(running.has(node.id)).toBe(false);
          expect(attempt).toBeLessThanOrEqual(node.retry.attempts);
          for (const { from, onFailure } of desk.graph.before.get(node.id) ?? []) {
            const { status } = desk.progress(from);
            expect(status === 'done' || (onFailure === 'continue' && FINAL.has(status))).toBe(true);
          }
          running.set(node.id, begin);
        }
        expect(running.size).toBeLessThanOrEqual(parallel);
        const gpus = [...running.values()].filter(({ node }) => node.resources).length;
        expect(gpus).toBeLessThanOrEqual(slots);
        const [which, how] = chance.next().value as [number, number];
        if (how === 8) {
          // It continues as new while runs go on: each is found again with what it was given, and is not begun once more.
          for (const id of running.keys()) {
            desk.running(id, `p/${id}`, now);
            desk.at(id, { workflow: `p/${id}`, costUsd: 0, tokens: 0 });
          }
          desk = new PlanDesk(JSON.parse(JSON.stringify(desk.state)), now);
          expect([...desk.toResume].sort()).toEqual([...running.keys()].sort());
          for (const id of desk.toResume.splice(0)) {
            const { inputs, attempt, agent } = running.get(id) as Begin;
            expect(desk.resume(id)).toMatchObject({ inputs, attempt, agent, resumed: { workflow: `p/${id}` } });
          }
        }
        const ending = [...running.keys()][which % Math.max(running.size, 1)];
        if (ending !== undefined) {
          running.delete(ending);
          desk.ended(ending, how < 3 ? failed : done(ending), now);
        } else if (how === 9) desk = new PlanDesk(JSON.parse(JSON.stringify(desk.state)), now);
        const counted: Record<string, number> = {};
        for (const { status } of Object.values(desk.state.nodes)) counted[status] = (counted[status] ?? 0) + 1;
        for (const [status, count] of Object.entries(desk.counts))
          expect([status, count]).toEqual([status, counted[status] ?? 0]);
      }
      const undone = desk.state.undos.map(({ node }) => node);
      expect(new Set(undone).size).toBe(undone.length);
      for (const node of undone) expect(desk.progress(node).status).toBe('done');
    }),
    { numRuns: 200 },
  );
});

test('priority, its inheritance, and the longest way decide who is next', () => {
  const nodes = [
    { id: 'short', goal: 'g' },
    { id: 'long', goal: 'g', estimate: '10m' },
    { id: 'lends', goal: 'g' },
    { id: 'urgent', goal: 'g', after: ['lends'], priority: 1 },
  ];
  const desk = new PlanDesk(stateOf({ name: 'p', agent: 'worker', nodes, limits: { parallel: 1 } }), 0);
  const order: string[] = [];
  for (let now = 1; !desk.over; now++) {
    for (const id of ids(desk.next(now))) {
      order.push(id);
      desk.ended(id, done(), now);
    }
  }
  expect(order).toEqual(['lends', 'urgent', 'long', 'short']);
});

test('a node gets the parts it asks for, an equal share of the money left, and the taint of what it is given', () => {
  const nodes = [
    { id: 'a', goal: 'g', budgetUsd: 1 },
    { id: 'b', goal: 'g', inputs: { first: { from: 'a', path: '/list/0' }, none: { from: 'a', path: '/nope' } } },
    { id: 'c', goal: 'g', after: ['b'] },
  ];
  const desk = new PlanDesk(stateOf({ name: 'p', agent: 'worker', budgetUsd: 5, nodes }), 0);
  const [a] = desk.next(1);
  expect(a?.budgetUsd).toBe(1);
  desk.ended('a', { ...done({ list: ['one', 'two'] }, 0.5), tainted: ['web'] }, 2);
  const [b] = desk.next(3);
  expect(b).toMatchObject({ inputs: { first: 'one', none: null }, tainted: ['web'], budgetUsd: 2.25 });
  desk.ended('b', done('b', 1), 4);
  expect(desk.next(5)[0]).toMatchObject({ inputs: { b: 'b' }, budgetUsd: 3.5, tainted: [] });
});

test('agents are chosen as the plan says, in equal shares where in turn', () => {
  const agents = { one: facts(['x']), two: facts(['x']), three: facts(['y']) };
  const nodes = Array.from({ length: 100 }, (_, at) => ({ id: `n${at}`, goal: 'g', needs: ['x'] }));
  const desk = new PlanDesk(stateOf({ name: 'p', nodes, assign: 'round-robin', limits: { parallel: 3 } }, agents), 0);
  const chosen: Record<string, number> = {};
  for (let now = 1; !desk.over; now++)
    for (const { node, agent, because } of desk.next(now)) {
      chosen[agent] = (chosen[agent] ?? 0) + 1;
      expect(because).toContain('round-robin');
      desk.ended(node.id, done(), now);
    }
  expect(chosen).toEqual({ one: 50, two: 50 });
});

test('deadlines: late is marked and more urgent, over is expired; what must wait waits', () => {
  const nodes = [
    { id: 'later', goal: 'g', notBefore: 1_000 },
    { id: 'late', goal: 'g', softDeadline: 500, deadline: 2_000 },
  ];
  const desk = new PlanDesk(stateOf({ name: 'p', agent: 'worker', nodes }), 0);
  expect(ids(desk.next(1))).toEqual(['late']);
  expect(desk.nextWake()).toBe(500);
  expect(desk.tick(500)).toEqual([]);
  expect(desk.progress('late')).toMatchObject({ late: true, priority: 2 });
  expect(desk.nextWake()).toBe(1_000);
  desk.tick(1_000);
  expect(ids(desk.next(1_000))).toEqual(['later']);
  expect(desk.tick(2_000)).toEqual(['late']);
  expect(desk.progress('late').status).toBe('expired');
  // Its run ends after that, and changes nothing.
  desk.ended('late', done(), 2_100);
  expect(desk.progress('late').status).toBe('expired');
  expect(() => desk.close('late', 'done', 2_200)).toThrow('cannot become');
});

test('a long chain whose first node fails is skipped to its end, and run again; reasons stay short', () => {
  const nodes = Array.from({ length: 10_000 }, (_, at) => ({
    id: `n${at}`,
    goal: 'g',
    after:
      at === 0 ? [] : [{ node: `n${at - 1}`, onFailure: at === 9_999 ? ('compensate' as const) : ('skip' as const) }],
  }));
  const desk = new PlanDesk(stateOf({ name: 'p', agent: 'worker', nodes }), 0);
  desk.next(1);
  desk.ended('n0', failed, 2);
  expect(desk.counts).toMatchObject({ failed: 1, skipped: 9_999, pending: 0 });
  expect(desk.progress('n9999').reason?.length).toBeLessThanOrEqual(500);
  desk.retry('n0', 3);
  expect(desk.counts).toMatchObject({ ready: 1, pending: 9_999, skipped: 0 });
});

test('thousands of nodes that are late at the same moment are put in order once', () => {
  const nodes = Array.from({ length: 5_000 }, (_, at) => ({ id: `n${at}`, goal: 'g', softDeadline: 1_000 }));
  const desk = new PlanDesk(stateOf({ name: 'p', agent: 'worker', nodes }), 0);
  const from = performance.now();
  desk.tick(1_000);
  // Put in order for each of them this takes half a minute.
  expect(performance.now() - from).toBeLessThan(3_000);
  expect(desk.progress('n4999')).toMatchObject({ late: true, priority: 2 });
  expect(desk.urgencyOf('n0').priority).toBe(2);
});

test('where whoever made the plan has read from outside, every task may say what that said', () => {
  const desk = new PlanDesk(
    { ...stateOf({ name: 'p', agent: 'worker', nodes: [{ id: 'a', goal: 'g' }] }), tainted: ['web'] },
    0,
  );
  expect(desk.next(1)[0]).toMatchObject({ tainted: ['web'] });
});

test.each(['constructor', 'toString', 'valueOf', 'hasOwnProperty'])(
  'no node is called %s, as every object has that',
  (id) => {
    expect(planSchema.safeParse({ name: 'p', nodes: [{ id, goal: 'g' }] }).success).toBe(false);
  },
);
