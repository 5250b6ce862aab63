import { askRun } from '../../../client/ask-run';
import { ASK_AGAIN } from '../../../protocol/names';

/** https://grpc.io/docs/guides/status-codes/ */
const DEADLINE_EXCEEDED = 4;

const grpc = (details: string) => Object.assign(new Error(details), { code: DEADLINE_EXCEEDED, details, metadata: {} });
const unanswered = () =>
  new Error('Failed to query Workflow', { cause: grpc('query timed out before a worker could process it') });
const loading = () => new Error(`${ASK_AGAIN}: the run is being loaded`);

/** A query that fails in these ways before it is answered. */
function question(...failures: Error[]) {
  const ask = jest.fn(async () => {
    const failure = failures.shift();
    if (failure) throw failure;
    return 'answer';
  });
  return ask;
}

test('what no worker came to in time is asked again, of the run there is by now', async () => {
  const ask = question(unanswered());
  expect(await askRun(ask)).toBe('answer');
  expect(ask).toHaveBeenCalledTimes(2);
});

test('once: where there is no worker, whoever asks is told', async () => {
  const ask = question(unanswered(), unanswered(), unanswered());
  await expect(askRun(ask)).rejects.toThrow('Failed to query Workflow');
  expect(ask).toHaveBeenCalledTimes(2);
});

test('a run that is just being loaded is asked until it is', async () => {
  const ask = question(loading(), loading(), unanswered(), loading());
  expect(await askRun(ask)).toBe('answer');
  expect(ask).toHaveBeenCalledTimes(5);
});

test.each([
  ['a deadline of the caller’s own', grpc('Deadline exceeded after 0.1s')],
  ['a refusal', new Error('there is no such run')],
])('%s is the caller’s to know at once', async (_, error) => {
  const ask = question(error);
  await expect(askRun(ask)).rejects.toBe(error);
  expect(ask).toHaveBeenCalledTimes(1);
});
