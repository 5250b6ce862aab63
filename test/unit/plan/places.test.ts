import { because, type Candidate, fitOf, preferred, type Strategy } from '../../../protocol/plan/assign';
import { type Plan, type PlanDefinition, planSchema } from '../../../protocol/plan/definition';
import type { AgentFacts, PlanState } from '../../../protocol/plan/state';
import type { Ranking } from '../../../protocol/registry/bandit';
import { randomOf } from '../../../protocol/registry/random';
import { Places } from '../../../workflows/plan/places';

const facts = (more: Partial<AgentFacts> = {}): AgentFacts => ({
  revision: 'r',
  capabilities: ['code'],
  costUsd: null,
  ...more,
});
const NODE = { id: 'n', goal: 'g', needs: ['code'] };

function placesOf(agents: Record<string, AgentFacts>, more: Partial<PlanDefinition> = {}) {
  const plan: Plan = planSchema.parse({ name: 'p', nodes: [NODE], limits: { parallel: 200 }, ...more });
  const state = { plan, agents, chosen: {} } as unknown as PlanState;
  return { plan, state, places: new Places(state), node: plan.nodes[0] as Plan['nodes'][number] };
}

/** Each takes a random time, so that who is free is random too; whoever is done gives back its place. */
function shares(assign: Strategy, count: number, agents: Record<string, AgentFacts>): Record<string, number> {
  const { state, places, node } = placesOf(agents, { assign });
  const random = randomOf(`shares ${assign}`);
  const given: Record<string, number> = {};
  const running: { agent: string; until: number }[] = [];
  for (let at = 0; at < count; at++) {
    for (const one of running.splice(0)) {
      if (one.until > at) running.push(one);
      else places.give(node, one.agent);
    }
    const agent = places.choose(node)?.agent as string;
    places.take(node, agent);
    state.chosen[agent] = (state.chosen[agent] ?? 0) + 1;
    given[agent] = (given[agent] ?? 0) + 1;
    running.push({ agent, until: at + 1 + Math.floor(random() * 50) });
  }
  return given;
}

const equal = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`a${at}`, facts()]));

test.each(['round-robin', 'least-loaded', 'capability'] as const)(
  '10,000 seeded assignments by %s: every agent that is as good has its share within 5 %%',
  (assign) => {
    const given = shares(assign, 10_000, equal);
    for (const agent of Object.keys(equal))
      expect([agent, Math.abs((given[agent] ?? 0) / 1_000 - 1) < 0.05]).toEqual([agent, true]);
  },
);

test('the one that fits best, has least to do, is more important, or whose turn it is', () => {
  const agents = {
    exact: facts({ priority: 5 }),
    first: facts({ capabilities: ['script'], priority: 1 }),
    other: facts({ capabilities: ['cook'], priority: 1 }),
  };
  const related = { code: { script: 0.5 } };
  const chosenBy = (assign: Strategy, busy: string[] = []) => {
    const { places, node } = placesOf(agents, { assign, related, limits: { perAgent: { first: 2 } } });
    for (const agent of busy) places.take(node, agent);
    return places.choose(node);
  };
  expect(chosenBy('capability')).toEqual({
    agent: 'exact',
    because: 'capability: has all it needs, 0 running, chosen 0 times, of 2 free',
  });
  expect(chosenBy('priority')).toMatchObject({
    agent: 'first',
    because: expect.stringContaining('priority 1, fits 50 %'),
  });
  // The important one has enough to do: the next one.
  expect(chosenBy('priority', ['first', 'first'])).toMatchObject({ agent: 'exact' });
  expect(chosenBy('least-loaded', ['exact'])).toMatchObject({ agent: 'first' });
  expect(fitOf(['code', 'cook'], { capabilities: ['script', 'cook'] }, related)).toBe(0.5);
  expect(fitOf(['code', 'sing'], { capabilities: ['script', 'cook'] }, related)).toBe(0);
});

test('what was learned counts where whom it prefers is free; else the rule, which says why', () => {
  const { places, node } = placesOf(equal, { assign: 'learned', limits: { perAgent: { a3: 1 } } });
  const ranked = (agent: string) => ({ agent, score: 0.9, expected: 0.9, n: 12 });
  const ranking: Ranking = { by: 'best', evidence: 40, agents: ['stranger', 'a3', 'a4'].map(ranked) };
  expect(places.learned(node, ranking)).toEqual({
    agent: 'a3',
    because: 'learned: does best, 90 % expected of 12.0 attempts, of 10 free',
  });
  places.take(node, 'a3');
  expect(places.learned(node, ranking)).toMatchObject({ agent: 'a4' });
  expect(places.learned(node, { by: 'rule', evidence: 3, agents: [] })).toEqual({
    agent: 'a0',
    because:
      'learned: too little is known (3.0 attempts); capability: has all it needs, 0 running, chosen 0 times, of 9 free',
  });
  expect(places.learned(node, { ...ranking, agents: [ranked('stranger')] }).because).toContain('are busy; capability');
});

test('nobody who is paused is chosen, whatever the strategy', () => {
  const { places, node } = placesOf({ a: facts({ paused: true, priority: 1 }), b: facts() });
  for (const assign of ['capability', 'round-robin', 'least-loaded', 'priority', 'learned'] as const) {
    const paused = { a: facts({ paused: true, priority: 1 }), b: facts() };
    expect([assign, shares(assign, 10, paused)]).toEqual([assign, { b: 10 }]);
  }
  expect(places.learned(node, { by: 'rule', evidence: 0, agents: [] }).agent).toBe('b');
});

test('a plan that is amended is looked at anew', () => {
  const { state, places, plan, node } = placesOf({ a: facts() });
  expect(places.choose(node)?.agent).toBe('a');
  Object.assign(state, { plan: { ...plan }, agents: { b: facts() } });
  expect(places.choose(node)?.agent).toBe('b');
});

test('why: in one line', () => {
  const one: Candidate = { agent: 'a', skill: 0.756, priority: 2, running: 3, chosen: 4 };
  expect(because(one, 'priority', 7)).toBe('priority: priority 2, fits 76 %, 3 running, chosen 4 times, of 7 free');
  expect(preferred([], 'capability')).toBeUndefined();
});
