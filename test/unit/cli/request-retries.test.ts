import type { GrpcRetryOptions } from '@temporalio/client';
import * as client from '@temporalio/client';
import { requestRetries } from '../../../apps/cli/request-retries';

type Status = Parameters<GrpcRetryOptions['retryableDecider']>[1];
const UNAVAILABLE = { code: 14, details: 'gone' } as Status;
const NOT_FOUND = { code: 5, details: 'no' } as Status;

jest.mock('@temporalio/client', () => ({
  ...jest.requireActual<typeof client>('@temporalio/client'),
  makeGrpcRetryInterceptor: jest.fn(),
}));

function made() {
  const retries = requestRetries();
  const options = jest.mocked(client.makeGrpcRetryInterceptor).mock.lastCall?.[0] as GrpcRetryOptions;
  return { ...retries, ...options };
}

test('a request is tried again for about a second', () => {
  const { retryableDecider, delayFunction } = made();
  expect([1, 2, 3, 4].map((attempt) => retryableDecider(attempt, UNAVAILABLE))).toEqual([true, true, true, false]);
  expect([1, 2, 3].map((attempt) => delayFunction(attempt, UNAVAILABLE))).toEqual([100, 200, 400]);
  expect(retryableDecider(1, NOT_FOUND)).toBe(false);
});

test('closing waits for the retry under way, and there is no further one', async () => {
  const { retryableDecider, delayFunction, settle } = made();
  const started = Date.now();
  const delay = delayFunction(2, UNAVAILABLE);
  await settle();
  expect(Date.now() - started).toBeGreaterThanOrEqual(delay);
  expect(retryableDecider(1, UNAVAILABLE)).toBe(false);
});

test('nothing waits when nothing was tried again', async () => {
  const started = Date.now();
  await made().settle();
  expect(Date.now() - started).toBeLessThan(50);
});
