import fc from 'fast-check';
import {
  addOutcome,
  addRating,
  fade,
  HALF_LIFE_MS,
  KINDS_KEPT,
  kindOf,
  newStanding,
  type Outcome,
  reputationOf,
  WEIGHTS,
} from '../../../protocol/registry/standing';

const outcome = (more: Partial<Outcome> = {}): Outcome => ({
  agent: 'ada',
  kind: 'code',
  success: true,
  ms: 60_000,
  usd: 0.1,
  ...more,
});
const partOf = (standing: ReturnType<typeof newStanding>, part: string, now = standing.at) =>
  reputationOf(standing, now).parts.find((one) => one.part === part);

test('whoever nothing is known of stands at one half; the weights are all there is', () => {
  const { score, parts } = reputationOf(undefined, 0);
  expect(score).toBeCloseTo(0.5, 10);
  expect(parts.map(({ value, evidence }) => [value, evidence])).toEqual(parts.map(() => [0.5, 0]));
  expect(Object.values(WEIGHTS).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 10);
});

test('each part is what speaks for it and one, of all there is and two; the score is their weighted sum', () => {
  const standing = newStanding(0);
  for (const success of [true, true, true, false]) addOutcome(standing, outcome({ success }), 0);
  addRating(standing, 5, false, 0);
  addRating(standing, 3, false, 0);
  addRating(standing, undefined, true, 0);
  // As long and as dear as expected: half as quick, half as thrifty as can be.
  const expected = {
    success: (3 + 1) / (4 + 2),
    rating: (1 + 0.5 + 1) / (2 + 2),
    speed: (1.5 + 1) / (3 + 2),
    thrift: (1.5 + 1) / (3 + 2),
    conduct: (3 + 1) / (4 + 2),
  };
  for (const [part, value] of Object.entries(expected))
    expect([part, partOf(standing, part)?.value]).toEqual([part, value]);
  const { score, counts } = reputationOf(standing, 0);
  const sum = Object.entries(expected).reduce((all, [part, value]) => all + WEIGHTS[part as 'success'] * value, 0);
  expect(score).toBeCloseTo(sum, 10);
  expect(counts).toEqual({ outcomes: 4, ratings: 2, violations: 1 });
  // Quick and cheap work counts more, and only where it is done.
  addOutcome(standing, outcome({ ms: 0, usd: 0, success: false }), 0);
  expect(partOf(standing, 'speed')?.value).toBe(expected.speed);
  addOutcome(standing, outcome({ ms: 0, usd: 0 }), 0);
  expect(partOf(standing, 'speed')?.value).toBeGreaterThan(expected.speed);
});

test('it fades: after the half-life everything counts half, whether it was brought up to date meanwhile or not', () => {
  const standing = newStanding(0);
  for (let at = 0; at < 8; at++) addOutcome(standing, outcome(), 0);
  addRating(standing, 5, true, 0);
  const later = HALF_LIFE_MS * 2;
  const lazily = reputationOf(standing, later);
  for (const at of [0.5, 1, 1.7]) fade(standing, HALF_LIFE_MS * at);
  const stepwise = reputationOf(standing, later);
  expect(lazily.parts.find(({ part }) => part === 'success')?.evidence).toBeCloseTo(2, 3);
  for (const [at, part] of lazily.parts.entries()) expect(stepwise.parts[at]?.value).toBeCloseTo(part.value, 3);
  // What happened stays known; clocks that go back change nothing.
  expect(lazily.counts).toEqual({ outcomes: 8, ratings: 1, violations: 1 });
  const before = structuredClone(standing);
  fade(standing, 0);
  expect(standing).toEqual(before);
});

test('a violation is worth nothing to the choice, even where the work was done', () => {
  const standing = newStanding(0);
  addOutcome(standing, outcome({ violation: true }), 0);
  expect(standing.kinds.code).toMatchObject({ n: 1, success: 1, value: 0 });
  addOutcome(standing, outcome({ ms: 0, usd: 0 }), 0);
  expect(standing.kinds.code?.value).toBe(1);
});

test('kinds are bounded: the one with least behind it gives way, never the newest', () => {
  const standing = newStanding(0);
  for (let at = 0; at < KINDS_KEPT; at++)
    for (let times = 0; times <= at; times++) addOutcome(standing, outcome({ kind: `kind-${at}` }), 0);
  addOutcome(standing, outcome({ kind: 'new' }), 0);
  expect(Object.keys(standing.kinds)).toHaveLength(KINDS_KEPT);
  expect(standing.kinds.new).toBeDefined();
  expect(standing.kinds['kind-0']).toBeUndefined();
  expect(kindOf(['b', 'a'])).toBe(kindOf(['a', 'b']));
  expect(kindOf()).toBe('');
});

test('whatever happens, every part and the score stay between 0 and 1', () => {
  const event = fc.record({
    success: fc.boolean(),
    ms: fc.double({ min: 0, max: 1e9, noNaN: true }),
    usd: fc.double({ min: 0, max: 1e6, noNaN: true }),
    violation: fc.constantFrom(true as const, undefined),
    stars: fc.integer({ min: 1, max: 5 }),
    wait: fc.integer({ min: 0, max: HALF_LIFE_MS * 3 }),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      const standing = newStanding(0);
      let now = 0;
      for (const { stars, wait, violation, ...rest } of events) {
        now += wait;
        addOutcome(standing, outcome({ ...rest, ...(violation && { violation }) }), now);
        addRating(standing, stars, violation === true, now);
      }
      const { score, parts } = reputationOf(standing, now);
      for (const figure of [score, ...parts.map(({ value }) => value)]) {
        expect(figure).toBeGreaterThanOrEqual(-1e-3);
        expect(figure).toBeLessThanOrEqual(1 + 1e-3);
      }
    }),
  );
});
