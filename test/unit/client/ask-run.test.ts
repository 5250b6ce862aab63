import { askRun } from '../../../client/ask-run';
import { ASK_AGAIN } from '../../../protocol/names';

/** Queries of which each is answered, or not, when the test says so. */
function questions() {
  const asked: { answer(value: string): void; fail(error: Error): void }[] = [];
  const ask = () => new Promise<string>((answer, fail) => asked.push({ answer, fail }));
  return { asked, ask };
}

/** https://grpc.io/docs/guides/status-codes/ */
const DEADLINE_EXCEEDED = 4;
const tooLate = () =>
  Object.assign(new Error('query timed out'), { code: DEADLINE_EXCEEDED, details: '', metadata: {} });

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

test('what is answered at once is asked once, and leaves no timer', async () => {
  const { asked, ask } = questions();
  const answer = askRun(ask);
  asked[0]?.answer('now');
  expect(await answer).toBe('now');
  expect(asked).toHaveLength(1);
  expect(jest.getTimerCount()).toBe(0);
});

test('what is not answered soon is asked again, and whoever answers first counts', async () => {
  const { asked, ask } = questions();
  const late = askRun(ask);
  await jest.advanceTimersByTimeAsync(3_000);
  expect(asked).toHaveLength(2);
  asked[1]?.answer('by the run there is now');
  expect(await late).toBe('by the run there is now');

  const slow = askRun(ask);
  await jest.advanceTimersByTimeAsync(9_000);
  expect(asked).toHaveLength(5);
  asked[2]?.answer('by the first after all');
  expect(await slow).toBe('by the first after all');
});

test('an earlier question that came too late does not end the waiting for the later ones', async () => {
  const { asked, ask } = questions();
  const answer = askRun(ask);
  await jest.advanceTimersByTimeAsync(9_000);
  asked[0]?.fail(tooLate());
  asked[1]?.fail(tooLate());
  await jest.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(3);
  asked[2]?.answer('at last');
  expect(await answer).toBe('at last');
});

test.each([
  ['the last question that came too late', 9_000, tooLate()],
  ['a deadline of the caller’s own', 0, tooLate()],
  ['a refusal', 0, new Error('no such query')],
])('%s is the caller’s to know', async (_, ms, error) => {
  const { asked, ask } = questions();
  const answer = askRun(ask).catch((failure: Error) => failure);
  await jest.advanceTimersByTimeAsync(ms);
  asked.at(-1)?.fail(error);
  expect(await answer).toBe(error);
});

test('a refusal of any question ends it', async () => {
  const { asked, ask } = questions();
  const answer = askRun(ask).catch((failure: Error) => failure.message);
  await jest.advanceTimersByTimeAsync(3_000);
  asked[0]?.fail(new Error('there is no such run'));
  expect(await answer).toBe('there is no such run');
});

test('a run that was just being loaded is asked again after a moment', async () => {
  const { asked, ask } = questions();
  const answer = askRun(ask);
  asked[0]?.fail(new Error(`${ASK_AGAIN}: the run is being loaded`));
  await jest.advanceTimersByTimeAsync(50);
  asked[1]?.answer('loaded');
  expect(await answer).toBe('loaded');
});
