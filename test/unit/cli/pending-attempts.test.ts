import { pendingAttempts } from '../../../apps/cli/follow/pending-attempts';

const NOW = 1_700_000_000_000;
const at = (ms: number) => ({ seconds: { toNumber: () => Math.floor(ms / 1_000) }, nanos: (ms % 1_000) * 1e6 });

test('a failing call that waits for its next attempt', () => {
  const activity = {
    activityId: '7',
    activityType: { name: 'invokeModel' },
    attempt: 3,
    nextAttemptScheduleTime: at(NOW + 8_250),
    lastFailure: { message: 'slow down', applicationFailureInfo: { type: 'Model.RateLimited' } },
  };
  expect(pendingAttempts([activity], NOW)).toEqual([
    {
      activityId: '7',
      activity: 'invokeModel',
      attempt: 3,
      nextInMs: 8_250,
      code: 'Model.RateLimited',
      message: 'slow down',
    },
  ]);
});

test('one that runs again, after a lost worker', () => {
  const activity = { attempt: 2, lastFailure: { message: 'heartbeat', timeoutFailureInfo: {} } };
  expect(pendingAttempts([activity], NOW)).toEqual([
    { activityId: '', activity: 'activity', attempt: 2, nextInMs: null, code: 'Timeout', message: 'heartbeat' },
  ]);
  const past = { ...activity, nextAttemptScheduleTime: { seconds: 5, nanos: 0 } };
  expect(pendingAttempts([past], NOW)[0]?.nextInMs).toBeNull();
});

test('first attempts are no news', () => {
  expect(pendingAttempts([{ attempt: 1 }, { attempt: 1, lastFailure: { message: 'x' } }, {}], NOW)).toEqual([]);
});
