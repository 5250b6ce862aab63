import { setTimeout as sleep } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { withHeartbeat } from '../../activities/heartbeat';

/** Work of a second, that tells something and may be aborted. */
const work = () =>
  withHeartbeat(async ({ signal, tell }) => {
    tell({ at: 'work' });
    await sleep(1_000, undefined, { signal });
    return 'done';
  });

async function heartbeatsOf(isLocal: boolean): Promise<unknown[]> {
  const environment = new MockActivityEnvironment({ isLocal });
  const heard: unknown[] = [];
  environment.on('heartbeat', (details) => heard.push(details));
  expect(await environment.run(work)).toBe('done');
  return heard;
}

test('an activity shows that it is alive from its first moment on, with what it tells', async () => {
  const heard = await heartbeatsOf(false);
  expect(heard.length).toBeGreaterThanOrEqual(2);
  expect(new Set(heard.map((one) => JSON.stringify(one)))).toEqual(new Set(['{"at":"work"}']));
});

test('a local activity has no heartbeat: the SDK would log each as an error', async () => {
  expect(await heartbeatsOf(true)).toEqual([]);
});

test.each([true, false])('a cancellation aborts the work (local: %s)', async (isLocal) => {
  const environment = new MockActivityEnvironment({ isLocal });
  const ended = environment.run(work);
  environment.cancel();
  await expect(ended).rejects.toMatchObject({ name: 'AbortError' });
});
