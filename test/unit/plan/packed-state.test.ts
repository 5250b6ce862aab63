import { planSchema } from '../../../protocol/plan/definition';
import type { NodeProgress, PlanState } from '../../../protocol/plan/state';
import { packed, unpacked } from '../../../workflows/plan/packed-state';

const at = 1_700_000_000_000;

function stateOf(count: number): PlanState {
  const nodes = Array.from({ length: count }, (_, one) => ({
    id: `n${one}`,
    goal: `N${one}`,
    after: one < 2 ? [] : [`n${one - 1}`, `n${one - 2}`],
  }));
  const plan = planSchema.parse({ name: 'p', agent: 'worker', nodes });
  const done = (one: number): NodeProgress => ({
    ...{ status: 'done', since: at + one, attempts: 1, costUsd: 1e-5, tokens: 12, readyAt: at + one },
    ...{ startedAt: at + one, endedAt: at + one, agent: 'worker', because: 'named by the plan' },
  });
  const progress = Object.fromEntries(nodes.map(({ id }, one) => [id, done(one)]));
  const rest = { chosen: { worker: count }, served: { '': count }, undos: [], actions: [] };
  return { plan, agents: {}, nodes: progress, startedAt: at, spentUsd: 1, tokens: 5, ...rest };
}

test('nothing is lost, whatever a node has', () => {
  const state = stateOf(6);
  const [first, second] = state.plan.nodes as [PlanState['plan']['nodes'][number], PlanState['plan']['nodes'][number]];
  Object.assign(first, { retry: { attempts: 3, backoff: 10 }, deadline: 5_000, after: [] });
  Object.assign(second, { after: [{ node: 'n0', onFailure: 'skip' }] });
  const made = { status: 'done', output: { nodes: [] }, costUsd: 1, tokens: 2 } as const;
  Object.assign(state.nodes.n1 as object, {
    status: 'running',
    attempt: { workflow: 'p/n1', costUsd: 0, tokens: 0, made },
  });
  Object.assign(state.nodes.n2 as object, {
    output: { text: 'ü', list: [null, 0, false] },
    tainted: ['web'],
    late: true,
  });
  Object.assign(state.nodes.n3 as object, {
    status: 'pending',
    notBefore: at + 5_000,
    reason: 'it failed',
    attempts: 2,
  });
  delete state.nodes.n3?.endedAt;
  expect(unpacked(JSON.parse(JSON.stringify(packed(state))))).toEqual(state);
});

test('ten thousand nodes take a third of the room, and less than a payload may have', () => {
  const state = stateOf(10_000);
  const small = JSON.stringify(packed(state)).length;
  expect(small).toBeLessThan(JSON.stringify(state).length / 2.5);
  expect(small).toBeLessThan(1_500_000);
  expect(unpacked(JSON.parse(JSON.stringify(packed(state))))).toEqual(state);
});
