import fc from 'fast-check';
import { handOverWith, type RunOne } from '../../../workflows/hand-over';
import { HAND_OVER_LIMITS, type HandOverLimits } from '../../../workflows/hand-over-breaker';

const LIMITS = { ...HAND_OVER_LIMITS, most: 200 };
const NAMES = ['a', 'b', 'c', 'd', 'e'];

/** Agents that do what a script says, for ever. */
function play(behave: (agent: string, input: string, number: number) => { to: string; message: string }) {
  return async (limits: Required<HandOverLimits> = LIMITS) => {
    const runOne: RunOne = async (agent, input, number) => ({
      run: `job/${number}-${agent}`,
      result: { output: behave(agent, input, number), stopReason: 'completed', costUsd: 0.5 },
    });
    return handOverWith(NAMES, 'do it', limits, runOne);
  };
}

test('two agents that hand it to each other, in ever new words, are broken', async () => {
  const end = await play((agent, _, n) => ({ to: agent === 'a' ? 'b' : 'a', message: `yours, for the ${n}th time` }))();
  expect(end).toMatchObject({
    stopReason: 'ping-pong',
    detail: 'b → a → b for the 4th time in a row',
    output: 'yours, for the 7th time',
    costUsd: 3.5,
  });
  expect(end.trail.map(({ agent }) => agent).join('')).toBe('abababa');
});

test('an agent that is handed the same again and again is no progress, however it is spaced and spelt', async () => {
  const words = ['Please see to it.', ' please  SEE to it. ', 'PLEASE see\nto it.'];
  const end = await play((_, __, n) => ({
    to: NAMES[n % 2 === 1 ? 1 : n % 5] as string,
    message: words[n % 3] ?? '',
  }))();
  expect(end.stopReason).toBe('no-progress');
  expect(end.detail).toMatch(/was handed the same text 3 times/);
});

test('who answers ends it; a run that stops at a limit ends it with what it said', async () => {
  const done = await play((agent) =>
    agent === 'c' ? { to: 'nobody', message: '42' } : { to: 'c', message: 'yours' },
  )();
  expect(done).toMatchObject({ stopReason: 'completed', output: '42' });
  expect(done.detail).toBeUndefined();
  const stopped = await handOverWith(NAMES, 'x', LIMITS, async () => ({
    run: 'r',
    result: { output: null, stopReason: 'max-cost', detail: '$1 of $1 spent', costUsd: 1 },
  }));
  expect(stopped).toMatchObject({
    stopReason: 'agent-stopped',
    output: null,
    detail: 'a stopped: max-cost ($1 of $1 spent)',
  });
});

const agentName = fc.constantFrom(...NAMES);

test('any circle of agents is broken, whatever they write; of up to four of them as such', async () => {
  const circles = fc.uniqueArray(agentName, { minLength: 2, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(circles, async (circle) => {
      const next = (agent: string) => circle[(circle.indexOf(agent) + 1) % circle.length] as string;
      const end = await play((agent, _, n) => ({ to: next(agent), message: `news ${n}` }))();
      const isCounted = circle.length <= 4;
      expect(end.stopReason).toBe(isCounted ? 'ping-pong' : 'max-hand-overs');
      // The start may lie outside the circle.
      if (isCounted) expect(end.trail.length).toBeLessThanOrEqual(circle.length * (LIMITS.rounds + 1) + 1);
    }),
  );
});

test('any agents at all come to an end within the hand-overs allowed, and to the same end again', async () => {
  const step = fc.record({
    to: fc.oneof(agentName, agentName, fc.constant('nobody')),
    message: fc.string({ maxLength: 3 }),
  });
  const bounds = fc.record({
    most: fc.integer({ min: 1, max: 40 }),
    rounds: fc.integer({ min: 1, max: 9 }),
    repeats: fc.integer({ min: 1, max: 9 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), bounds, async (steps, limits) => {
      const run = () => play((_, __, n) => steps[n % steps.length] as { to: string; message: string })(limits);
      const end = await run();
      expect(end.trail.length).toBeLessThanOrEqual(limits.most + 1);
      expect(await run()).toEqual(end);
    }),
    { numRuns: 500 },
  );
});
