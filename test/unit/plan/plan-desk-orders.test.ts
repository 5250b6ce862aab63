import { type PlanDefinition, planSchema } from '../../../protocol/plan/definition';
import type { PlanState } from '../../../protocol/plan/state';
import { type Begin, PlanDesk } from '../../../workflows/plan/plan-desk';
import { nodesPage, planDetails, resultOf, viewOf } from '../../../workflows/plan/plan-view';

/** What people and clocks do to a plan, and how it is told. */

const facts = (capabilities: string[] = [], costUsd: number | null = null) => ({
  revision: 'r',
  capabilities,
  costUsd,
});

function deskOf(
  more: Omit<PlanDefinition, 'name'>,
  agents: PlanState['agents'] = { worker: facts(), other: facts() },
): PlanDesk {
  const plan = planSchema.parse({ name: 'p', agent: 'worker', ...more });
  const fresh = { nodes: {}, chosen: {}, served: {}, actions: [], undos: [] };
  return new PlanDesk({ plan, agents, startedAt: 0, spentUsd: 0, tokens: 0, ...fresh }, 0);
}

const node = (id: string, more: Partial<PlanDefinition['nodes'][number]> = {}) => ({ id, goal: `do ${id}`, ...more });
const spent = { costUsd: 0, tokens: 0 };
const done = (output: unknown = 'x') => ({ status: 'done' as const, output, ...spent });
const failed = { status: 'failed' as const, reason: 'no', ...spent };
const ids = (begun: Begin[]) => begun.map(({ node: { id } }) => id);
const statuses = (desk: PlanDesk) =>
  Object.fromEntries(Object.entries(desk.state.nodes).map(([id, { status }]) => [id, status]));

test('a node that failed is run again with what was skipped for it, as often as at first', () => {
  const desk = deskOf({
    nodes: [node('a'), node('b', { after: ['a'] }), node('c', { after: ['b'] })],
    onFailure: 'skip',
  });
  desk.next(1);
  desk.ended('a', failed, 2);
  expect(statuses(desk)).toEqual({ a: 'failed', b: 'skipped', c: 'skipped' });
  desk.retry('a', 3);
  expect(statuses(desk)).toEqual({ a: 'ready', b: 'pending', c: 'pending' });
  expect(desk.progress('a')).toMatchObject({ attempts: 0 });
  expect(desk.progress('a')).not.toHaveProperty('reason');
  const [again] = desk.next(4);
  expect(again).toMatchObject({ attempt: 1, node: { id: 'a' } });
  desk.ended('a', done(), 5);
  expect(ids(desk.next(6))).toEqual(['b']);
});

test('a node that expired and is run again has the time it needs', () => {
  const desk = deskOf({ nodes: [node('a', { deadline: 10 }), node('b', { deadline: 50 })], onFailure: 'skip' });
  desk.next(1);
  expect(desk.tick(20)).toEqual(['a']);
  desk.ended('a', { ...failed, status: 'cancelled' }, 21);
  desk.retry('a', 30);
  expect(ids(desk.next(31))).toEqual(['a']);
  expect(desk.tick(40)).toEqual([]);
  expect(desk.tick(60)).toEqual(['b']);
  expect(statuses(desk)).toEqual({ a: 'assigned', b: 'expired' });
});

test('a plan that was to end for a failure goes on when that is run again', () => {
  const desk = deskOf({ nodes: [node('a'), node('b', { after: ['a'] })] });
  desk.next(1);
  desk.ended('a', failed, 2);
  expect(desk.state.ending).toEqual({ status: 'failed', reason: '"a" is failed: no' });
  expect(desk.next(3)).toEqual([]);
  desk.retry('a', 4);
  expect(desk.state.ending).toBeUndefined();
  expect(ids(desk.next(5))).toEqual(['a']);
});

test('the last failure of all ends a plan that says so, whatever it comes after', () => {
  const desk = deskOf({ nodes: [node('a')] });
  desk.next(1);
  desk.ended('a', { status: 'failed', ...spent }, 2);
  expect(desk.state.ending).toEqual({ status: 'failed', reason: '"a" is failed' });
});

test('who does it, by when, and how urgent: changed for what has not begun', () => {
  const desk = deskOf(
    { nodes: [node('a', { needs: ['x'], softDeadline: 5 }), node('b')], limits: { parallel: 1 } },
    {
      worker: facts(['x']),
      other: facts(),
    },
  );
  desk.tick(10);
  expect(desk.progress('a')).toMatchObject({ late: true, priority: 2 });
  desk.change({ node: 'a', agent: 'other', softDeadline: 100, deadline: 200, priority: 5 });
  expect(desk.progress('a')).not.toHaveProperty('late');
  expect(ids(desk.next(11))).toEqual(['b']);
  desk.ended('b', done(), 12);
  expect(desk.next(13)).toMatchObject([{ agent: 'other', because: 'named by the plan' }]);
  expect(desk.nextWake()).toBe(100);
  expect(desk.tick(200)).toEqual(['a']);
});

test('what waits for its time or for others wakes the plan when it can begin, and not before', () => {
  const desk = deskOf({ nodes: [node('a'), node('b', { after: ['a'], notBefore: 500 })] });
  desk.next(1);
  expect(desk.nextWake()).toBe(Number.POSITIVE_INFINITY);
  desk.ended('a', done(), 2);
  expect(desk.nextWake()).toBe(500);
  expect(desk.next(499)).toEqual([]);
  desk.tick(500);
  expect(ids(desk.next(500))).toEqual(['b']);
});

test('the deadline of the plan ends what has not begun and what runs', () => {
  const desk = deskOf({ nodes: [node('a'), node('b', { after: ['a'] })], deadline: 50 });
  desk.next(1);
  expect(desk.nextWake()).toBe(50);
  expect(desk.tick(50)).toEqual(['a']);
  expect(desk.state.ending).toEqual({ status: 'expired', reason: 'its deadline has passed' });
  expect(statuses(desk)).toEqual({ a: 'expired', b: 'skipped' });
});

test('people decide once: a no fails the node, and what comes too late changes nothing', () => {
  const desk = deskOf({ nodes: [node('a', { approval: true }), node('b', { approval: true })] });
  expect(desk.toAsk).toEqual(['a', 'b']);
  desk.decided('a', false, 'its approval was denied: no', 1);
  desk.decided('a', true, '', 2);
  desk.decided('b', true, '', 3);
  expect(statuses(desk)).toEqual({ a: 'failed', b: 'ready' });
  expect(desk.state.ending?.reason).toBe('"a" is failed: its approval was denied: no');
});

test('what was asked for when it continued as new is asked for again', () => {
  const desk = deskOf({ nodes: [node('a', { approval: true })] });
  expect(new PlanDesk(JSON.parse(JSON.stringify(desk.state)), 5).toAsk).toEqual(['a']);
});

test('a run that begins after its node was ended changes nothing; its end gives back what it took', () => {
  const desk = deskOf({
    nodes: [node('a', { resources: { gpu: 1 } }), node('b', { resources: { gpu: 1 } })],
    limits: { resources: { gpu: 1 } },
  });
  expect(ids(desk.next(1))).toEqual(['a']);
  desk.close('a', 'cancelled', 2, 'by ana');
  desk.running('a', 'p/a', 3);
  expect(desk.progress('a')).toMatchObject({ status: 'cancelled', reason: 'by ana' });
  expect(desk.next(4)).toEqual([]);
  desk.ended('a', { ...done(), costUsd: 0.5, tokens: 7 }, 5);
  expect(desk.state).toMatchObject({ spentUsd: 0.5, tokens: 7 });
  expect(ids(desk.next(6))).toEqual(['b']);
});

test('tenants get their shares of equally urgent nodes', () => {
  const nodes = ['a', 'b'].flatMap((tenant) =>
    Array.from({ length: 20 }, (_, at) => node(`${tenant}${at}`, { tenant })),
  );
  const desk = deskOf({ nodes, shares: { a: 3 }, limits: { parallel: 1 } });
  const first: string[] = [];
  for (let now = 1; first.length < 16; now++)
    for (const {
      node: { id },
    } of desk.next(now)) {
      first.push(id.slice(0, 1));
      desk.ended(id, done(), now);
    }
  expect(first.filter((tenant) => tenant === 'a')).toHaveLength(12);
});

test('an amendment replaces what has not begun and leaves the rest; the oldest orders are forgotten', () => {
  const desk = deskOf({ nodes: [node('a'), node('b', { after: ['a'] }), node('c', { after: ['a'] })] });
  desk.next(1);
  const plan = planSchema.parse({
    name: 'p',
    agent: 'worker',
    nodes: [node('a'), node('b', { goal: 'other', after: ['a'] }), node('d', { after: ['b'] })],
  });
  desk.amend(plan, {}, ['b', 'c'], 2);
  expect(statuses(desk)).toEqual({ a: 'assigned', b: 'pending', d: 'pending' });
  desk.ended('a', done(), 3);
  expect(desk.next(4)).toMatchObject([{ node: { id: 'b', goal: 'other' } }]);
  for (let at = 0; at < 60; at++) desk.record('pause', { by: 'ana', ...(at === 59 && { reason: 'why' }) }, at);
  expect(desk.state.actions).toHaveLength(50);
  expect(desk.state.actions.at(-1)).toEqual({ action: 'pause', by: 'ana', at: 59, reason: 'why' });
});

test('a plan without budget gives its nodes none; an agent’s own limit and other nodes’ are kept from what is shared', () => {
  const free = deskOf({ nodes: [node('a')] });
  expect(free.next(1)).toMatchObject([{ budgetUsd: undefined }]);
  const nodes = [
    node('a', { agent: 'dear', retry: { attempts: 2 } }),
    node('b'),
    node('c', { after: ['b'], budgetUsd: 1 }),
  ];
  const shared = deskOf({ nodes, budgetUsd: 10 }, { worker: facts(), dear: facts([], 2) });
  const budgets = Object.fromEntries(shared.next(1).map((begin) => [begin.node.id, begin.budgetUsd]));
  // 10 less what both attempts at a may cost, and 1 for c.
  expect(budgets).toEqual({ a: 2, b: 5 });
});

describe('as it is told', () => {
  const around = { status: 'running' as const, waitsFor: [{ id: 'p/ask-1', title: 'start "a"?' }] };

  test('in the Web UI: what runs first, how it stands, what waits, where it is long how much more there is', () => {
    const desk = deskOf({
      goal: 'a goal',
      nodes: Array.from({ length: 40 }, (_, at) => node(`n${at}`)),
      budgetUsd: 2,
      limits: { parallel: 3 },
    });
    desk.next(1);
    desk.ended('n0', failed, 2);
    const text = planDetails(desk, around);
    expect(text).toMatch(
      /^\*\*p\*\* v1 · running: "n0" is failed: no · 0 of 40 done · \$0\.0000 of \$2\.00\n\na goal\n/,
    );
    expect(text).toMatch(/waits for approval\*\* `p\/ask-1`: start "a"\?/);
    expect(text).toMatch(/- ▶ `n1` · worker\n- ▶ `n2` · worker\n- ✗ `n0` · worker: no\n- · `n3`\n/);
    expect(text).toMatch(/… and 10 more$/);
  });

  test('as a view and in pages', () => {
    const desk = deskOf({ nodes: [node('a'), node('b', { after: ['a'] })] });
    desk.state.paused = { by: 'ana' };
    expect(viewOf(desk, around)).toMatchObject({
      goal: null,
      reason: null,
      budgetUsd: null,
      paused: { by: 'ana' },
      criticalPath: ['a', 'b'],
    });
    const { nodes, total } = nodesPage(desk, 1, 5);
    expect([total, nodes]).toMatchObject([2, [{ id: 'b', after: ['a'], status: 'pending' }]]);
  });

  test('its result: one answer of one end, else by node; one that is too large is left out and said so', () => {
    const two = deskOf({ nodes: [node('a'), node('b')] });
    two.next(1);
    two.ended('a', done({ n: 1 }), 2);
    two.ended('b', failed, 3);
    expect(resultOf(two, 'failed', 'why')).toMatchObject({
      output: { a: { n: 1 }, b: null },
      missing: [{ node: 'b', status: 'failed', reason: 'no' }],
      reason: 'why',
    });
    const named = deskOf({ nodes: [node('a'), node('b', { after: ['a'] })], output: 'a' });
    named.next(1);
    named.ended('a', done('x'.repeat(600_000)), 2);
    expect(resultOf(named, 'completed')).toMatchObject({
      output: null,
      tooLarge: true,
      missing: [{ node: 'b', reason: 'ready' }],
    });
  });
});
