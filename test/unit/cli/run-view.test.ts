import type { Carried } from '../../../apps/cli/follow/run-view';
import { runView } from '../../../apps/cli/follow/run-view';
import { HoldfastError } from '../../../protocol/failures';

const lost = new HoldfastError('Server.Unreachable', 'gone');

/** A carrier whose server answers as the test says. */
function carrier(describe: () => Promise<unknown>, more: { gone?: () => boolean; recover?: () => void } = {}) {
  const recovered = jest.fn(more.recover);
  const withDeadline = <T>(_deadline: number, work: () => Promise<T>): Promise<T> => work();
  const get = () => ({
    state: () => Promise.reject(new Error('no worker')),
    transcript: async () => ({ messages: [] }),
  });
  const holdfast = { temporal: { withDeadline, workflow: { getHandle: () => ({ describe }) } }, get };
  const fake = {
    link: { holdfast },
    get gone() {
      return more.gone?.() ?? false;
    },
    recover: async () => recovered(),
  };
  return { carrier: fake as unknown as Carried, recovered };
}

function view(of: Carried, signal = new AbortController().signal) {
  const onLost = jest.fn();
  return { ...runView(of, 'run-1', { signal, onLost }), onLost };
}

const running = { status: { name: 'RUNNING' }, raw: { pendingActivities: [] } };

test('a run is described', async () => {
  const answers = [running, { status: { name: 'COMPLETED' }, raw: {} }];
  const { describe } = view(carrier(async () => answers.shift()).carrier);
  await expect(describe()).resolves.toEqual({ open: true, pending: [] });
  await expect(describe()).resolves.toEqual({ open: false, pending: [] });
});

test('a query without an answer is no error: there is no worker', async () => {
  const { state, transcript } = view(carrier(async () => running).carrier);
  await expect(state()).resolves.toBeUndefined();
  await expect(transcript(0)).resolves.toEqual({ messages: [] });
});

test('a lost connection is found again, and told once', async () => {
  let failures = 2;
  const { carrier: of, recovered } = carrier(async () => {
    if (failures-- > 0) throw lost;
    return running;
  });
  const { describe, onLost } = view(of);
  await expect(describe()).resolves.toMatchObject({ open: true });
  expect([recovered.mock.calls.length, onLost.mock.calls.length]).toEqual([2, 1]);
});

test('that the server of the home is gone is seen while a request hangs', async () => {
  let gone = false;
  let asked = 0;
  const describe = () => (asked++ === 0 ? new Promise(() => undefined) : Promise.resolve(running));
  const { carrier: of, recovered } = carrier(describe, {
    gone: () => gone,
    recover: () => {
      gone = false;
    },
  });
  setTimeout(() => {
    gone = true;
  }, 50);
  await expect(view(of).describe()).resolves.toMatchObject({ open: true });
  expect(recovered).toHaveBeenCalledTimes(1);
});

test('whoever left does not wait for it', async () => {
  const leaving = new AbortController();
  leaving.abort();
  const { carrier: of, recovered } = carrier(() => Promise.reject(lost));
  await expect(view(of, leaving.signal).describe()).rejects.toBe(lost);
  expect(recovered).not.toHaveBeenCalled();
});

test('any other failure is one', async () => {
  const unknown = new HoldfastError('Run.Unknown', 'there is no such run');
  const { carrier: of, recovered } = carrier(() => Promise.reject(unknown));
  await expect(view(of).describe()).rejects.toBe(unknown);
  expect(recovered).not.toHaveBeenCalled();
});
