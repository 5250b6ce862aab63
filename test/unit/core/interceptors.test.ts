import { interceptors } from '../../../workflows/interceptors';

type Job = { resolveActivity?: object; doUpdate?: object; queryWorkflow?: object; removeFromCache?: object };

/** What reaches the workflow of activations `[events, bytes, job]`; the message where one is refused. */
function activate(...activations: [events: number, bytes: number, job: Job, batch?: number][]): (number | string)[] {
  const [guard] = interceptors().internals ?? [];
  return activations.map(([historyLength, historySizeBytes, job, batchIndex = 0]) => {
    let reached = 'nothing';
    const activation = { historyLength, historySizeBytes, jobs: [job] } as never;
    try {
      guard?.activate?.({ activation, batchIndex }, () => {
        reached = 'reached';
      });
    } catch (error) {
      return (error as Error).message;
    }
    return reached;
  });
}

const resolve = { resolveActivity: {} };
const update = { doUpdate: {} };
const query = { queryWorkflow: {} };

test('tasks with a start of their own follow each other, with queries in between', () => {
  const given: Parameters<typeof activate> = [
    [3, 300, resolve],
    [9, 1_000, resolve],
    [9, 1_000, query],
    // Local activities come in the same task.
    [9, 1_000, resolve],
    [15, 2_000, update],
    [15, 2_000, update, 1],
    [15, 2_000, { removeFromCache: {} }],
  ];
  expect(activate(...given)).toEqual(given.map(() => 'reached'));
});

test('events that came for a query are refused, however often; the task that has a start of its own is not', () => {
  const refused = expect.stringMatching(/^Query\.AskAgain: /);
  expect(
    activate(
      [3, 300, resolve],
      [9, 1_000, resolve],
      [14, 1_000, resolve],
      [14, 1_000, query],
      [14, 1_000, update],
      [15, 1_200, update],
    ),
  ).toEqual(['reached', 'reached', refused, 'reached', refused, 'reached']);
});

test('a server that does not say how large a history is makes no difference', () => {
  expect(activate([3, 0, resolve], [9, 0, resolve], [15, 0, update])).toEqual(Array(3).fill('reached'));
});
