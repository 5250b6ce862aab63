import fc from 'fast-check';
import { countRepeats, loopOf, NO_REPEATS } from '../../../workflows/loop-breaker';
import { drive } from '../../fixtures/drive';
import { call, marked, result } from '../../fixtures/messages';

const ALLOWED = 3;
const FOR_EVER = { turns: 1_000_000, toolCalls: 1_000_000, repeatedCalls: ALLOWED };

/** A model that repeats a cycle of calls for ever, and a world that answers each call the same every time. */
function goRound(cycle: number[]) {
  const answers = Array.from({ length: 400 }, (_, turn) => [
    call(`c${turn}`, 'slow', { n: cycle[turn % cycle.length] }),
  ]);
  return drive({ limits: FOR_EVER, answers });
}

test('a session of a model that repeats any cycle of calls ends, as a loop', async () => {
  const cycles = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(cycles, async (cycle) => {
      const { end, session } = await goRound(cycle);
      expect(end).toMatchObject({ kind: 'ended', stop: { reason: 'repeated-call' } });
      // One time round to see it all, and then so many replies that bring nothing new.
      expect(session.progress.turns).toBeLessThanOrEqual(cycle.length + 4 * ALLOWED + 4);
    }),
    { numRuns: 60 },
  );
});

test.each([
  [[1], 'the same tool call was made 4 times in a row', 4],
  [[1, 2], 'the same 2 replies alternated 4 times in a row', 8],
  [[1, 2, 3], 'the same 3 replies alternated 4 times in a row', 12],
  [[1, 2, 3, 4], 'the same 4 replies alternated 4 times in a row', 16],
  [[1, 2, 3, 4, 5], '13 replies in a row repeated earlier calls with the same results', 19],
])('a cycle of %j is named', async (cycle, detail, turns) => {
  const { end, session } = await goRound(cycle);
  expect(end).toMatchObject({ stop: { detail } });
  expect(session.progress.turns).toBe(turns);
});

test('the same calls whose results change are progress', async () => {
  let n = 0;
  const answers = [...Array.from({ length: 60 }, (_, turn) => [call(`c${turn}`, 'slow', { n: turn % 5 })]), 'done'];
  const { end } = await drive({
    limits: FOR_EVER,
    answers,
    runTool: async (spec, { callId }) => marked(result(callId, `state ${++n}`, spec.name)),
  });
  expect(end).toMatchObject({ stop: { reason: 'completed' } });
});

test('what is carried stays small, and a carried loop goes on being counted', () => {
  let repeats = NO_REPEATS;
  for (let turn = 0; turn < 500; turn++) {
    const results = [result('x', `r${turn}`, 'slow')];
    repeats = JSON.parse(JSON.stringify(countRepeats(repeats, [call('x', 'slow', { turn })], results)));
  }
  expect(JSON.stringify(repeats).length).toBeLessThan(1_500);
  expect(loopOf(repeats, ALLOWED)).toBeUndefined();
  for (let turn = 0; turn < 8; turn++) repeats = countRepeats(repeats, [call('x', 'slow', { n: turn % 2 })]);
  expect(loopOf(repeats, ALLOWED)).toContain('the same 2 replies');
});
