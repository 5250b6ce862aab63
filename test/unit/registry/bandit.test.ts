import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { type Arm, EXPLORATION, LEAST_EVIDENCE, mayExplore, rank } from '../../../protocol/registry/bandit';
import { betaOf, randomOf } from '../../../protocol/registry/random';
import { meanRegret, regretSvg, simulate } from '../../fixtures/bandit-simulation';

const arm = (agent: string, more: Partial<Arm> = {}): Arm => ({
  agent,
  skill: 1,
  score: 0.5,
  n: 20,
  value: 10,
  ...more,
});
const arms = fc.uniqueArray(
  fc.record({
    agent: fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/),
    skill: fc.double({ min: 0.01, max: 1, noNaN: true }),
    score: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
    n: fc.double({ min: 0, max: 500, noNaN: true }),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { selector: ({ agent }) => agent, minLength: 1, maxLength: 30 },
);
const asArms = (given: { agent: string; skill: number; score: number; n: number; part: number }[]): Arm[] =>
  given.map(({ part, ...rest }) => ({ ...rest, value: rest.n * part }));

test('the same arms and draw give the same ranking, in whatever order the arms come, and each agent once', () => {
  fc.assert(
    fc.property(arms, fc.string(), fc.nat(1_000), (given, seed, number) => {
      const known = asArms(given);
      const draw = { seed, series: seed, number, exploration: 0.5 };
      const ranking = rank(known, draw);
      const again = rank([...known].reverse(), draw);
      // Floating-point sums depend on the order; what is chosen does not.
      expect(again.agents).toEqual(ranking.agents);
      expect(again.by).toBe(ranking.by);
      if (ranking.by !== 'rule')
        expect(ranking.agents.map(({ agent }) => agent).sort()).toEqual(known.map(({ agent }) => agent).sort());
    }),
  );
});

test('with too little known the rule decides; else the one most is expected of, unless it is a trial', () => {
  const draw = { seed: 's', series: 's', number: 0 };
  expect(rank([arm('a', { n: LEAST_EVIDENCE - 1 })], draw)).toMatchObject({ by: 'rule', agents: [] });
  expect(rank([], draw)).toMatchObject({ by: 'rule' });
  const known = [arm('fair', { value: 12 }), arm('good', { value: 18 }), arm('poor', { value: 2 })];
  const best = rank(known, { ...draw, exploration: 0 });
  expect(best.by).toBe('best');
  expect(best.agents.map(({ agent }) => agent)).toEqual(['good', 'fair', 'poor']);
  // (2 · 0.5 + 18) ÷ (2 + 20)
  expect(best.agents[0]?.expected).toBeCloseTo(19 / 22, 10);
  // Whoever fits worse must do better.
  expect(rank([...known, arm('half', { value: 20, skill: 0.5 })], { ...draw, exploration: 0 }).agents[0]?.agent).toBe(
    'good',
  );
  // Reputation is what speaks for those who have done nothing of the kind.
  const strangers = [arm('known', { n: 30, value: 12 }), arm('trusted', { n: 0, value: 0, score: 0.9 })];
  expect(rank(strangers, { ...draw, exploration: 0 }).agents[0]?.agent).toBe('trusted');
});

test('never more than the part and one of the choices of a plan are trials, and over plans of one node that part', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 1, max: 500 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (series, count, exploration) => {
        const draws = Array.from({ length: count }, (_, number) => ({ seed: '', series, number, exploration }));
        const trials = draws.filter(mayExplore).length;
        expect(trials).toBeLessThanOrEqual(Math.ceil(count * exploration + 1e-9) + 1);
        expect(trials).toBeGreaterThanOrEqual(Math.floor(count * exploration - 1e-9));
      },
    ),
  );
  const single = Array.from({ length: 5_000 }, (_, plan) => ({ seed: '', series: `plan ${plan}`, number: 0 }));
  expect(single.filter(mayExplore).length / 5_000).toBeCloseTo(EXPLORATION, 1);
});

test('a trial tries others, and more often those of whom little is known', () => {
  const known = [
    arm('best', { n: 500, value: 400 }),
    arm('new', { n: 1, value: 0.5 }),
    arm('bad', { n: 500, value: 50 }),
  ];
  const firsts = Array.from({ length: 1_000 }, (_, at) => {
    const { agents } = rank(known, { seed: String(at), series: '', number: 0, exploration: 1 });
    return agents[0]?.agent;
  });
  const share = (agent: string) => firsts.filter((one) => one === agent).length / 1_000;
  expect(share('new')).toBeGreaterThan(0.1);
  expect(share('new')).toBeLessThan(0.5);
  expect(share('bad')).toBe(0);
});

test('draws of Beta have its mean and variance', () => {
  for (const [a, b] of [
    [0.5, 0.5],
    [2, 5],
    [30, 3],
  ] as const) {
    const random = randomOf(`${a} ${b}`);
    const draws = Array.from({ length: 20_000 }, () => betaOf(a, b, random));
    const mean = draws.reduce((sum, one) => sum + one, 0) / draws.length;
    const variance = draws.reduce((sum, one) => sum + (one - mean) ** 2, 0) / draws.length;
    expect(mean).toBeCloseTo(a / (a + b), 2);
    expect(variance / ((a * b) / ((a + b) ** 2 * (a + b + 1)))).toBeCloseTo(1, 1);
    expect(draws.every((one) => one >= 0 && one <= 1)).toBe(true);
  }
});

describe('simulated', () => {
  test.each([0, 1, 2, 3, 4])('it beats round-robin and the rule, with seed %i', (seed) => {
    const [learned, rule, round] = (['learned', 'rule', 'round-robin'] as const).map((how) =>
      simulate(how, `s${seed}`),
    );
    expect(learned?.successes).toBeGreaterThan((round?.successes ?? 0) * 1.2);
    expect(learned?.successes).toBeGreaterThan((rule?.successes ?? 0) * 1.1);
    expect(learned?.regret.at(-1)).toBeLessThan((round?.regret.at(-1) ?? 0) / 3);
    expect(learned?.trials).toBeLessThanOrEqual(EXPLORATION + 0.001);
    expect(simulate('learned', `s${seed}`)).toEqual(learned);
  });

  test('what it loses grows ever more slowly: half as much in the second half as in the first', () => {
    const curve = meanRegret('learned', 10, 2_000);
    const half = curve[999] ?? 0;
    expect((curve[1_999] ?? 0) - half).toBeLessThan(half / 2);
  });

  test('the picture in the docs is what the code draws; `node scripts/regret-curve.mjs` draws it', () => {
    const file = path.resolve(__dirname, '..', '..', '..', 'docs', 'images', 'regret.svg');
    expect(readFileSync(file, 'utf8')).toBe(regretSvg());
  });
});
