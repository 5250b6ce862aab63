import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { ProviderError } from '../../../activities/providers/provider';
import { toFailure } from '../../../activities/to-failure';
import { FAILURE, type FailureCode, HoldfastError, isFailureCode, isRetryable } from '../../../protocol/failures';

const half = (): number => 0.5;
const failureOf = (error: unknown, attempt = 1): ApplicationFailure =>
  toFailure(error, attempt, half) as ApplicationFailure;

/** Milliseconds before the first three further attempts, at the middle of the jitter; null: never tried again. */
const DELAYS: Record<string, [number, number, number] | null> = {
  transient: [750, 1_500, 3_000],
  throttled: [1_500, 3_000, 6_000],
  bug: [1_500, 3_000, 6_000],
  invalid: null,
  denied: null,
  'needs-human': null,
};

describe('every code has one verdict', () => {
  test.each(Object.keys(FAILURE) as FailureCode[])('%s', (code) => {
    const delays = code.startsWith('Storage.') ? [3_750, 7_500, 15_000] : (DELAYS[FAILURE[code]] ?? null);
    const failures = [1, 2, 3].map((attempt) => failureOf(new HoldfastError(code, 'why'), attempt));
    expect(failures.map(({ type }) => type)).toEqual([code, code, code]);
    expect(failures.map(({ nonRetryable }) => nonRetryable)).toEqual(Array(3).fill(delays === null));
    expect(failures.map(({ nextRetryDelay }) => nextRetryDelay)).toEqual(delays ?? Array(3).fill(undefined));
    expect(isRetryable(code)).toBe(delays !== null);
  });
});

describe('the delay', () => {
  test('is the vendor’s own wish where it has one', () => {
    expect(failureOf(new ProviderError('Model.RateLimited', 'slow down', { retryAfterMs: 12_345 }))).toMatchObject({
      nextRetryDelay: 12_345,
    });
  });

  test('of a failure that is not tried again is never set, whatever the vendor says', () => {
    expect(failureOf(new ProviderError('Model.Auth', 'no', { retryAfterMs: 1 })).nextRetryDelay).toBeUndefined();
  });

  test.each([10, 100, 5_000])('is at most a minute at attempt %d', (attempt) => {
    expect(failureOf(new HoldfastError('Model.Overloaded', 'busy'), attempt).nextRetryDelay).toBe(45_000);
  });

  test('is spread over its upper half, so that a fleet does not return at once', () => {
    const error = new HoldfastError('Model.RateLimited', 'busy');
    expect(toFailure(error, 1, () => 0)).toMatchObject({ nextRetryDelay: 1_000 });
    expect(toFailure(error, 1, () => 1)).toMatchObject({ nextRetryDelay: 2_000 });
  });
});

describe('anything without a code is a bug: tried again until a mended worker arrives', () => {
  test.each([
    ['an error', new TypeError('x is undefined'), 'TypeError: x is undefined'],
    ['a text', 'oops', 'oops'],
    ['nothing', undefined, 'undefined'],
    ['an object', { a: 1 }, '[object Object]'],
    ['an error with a code that is not ours', Object.assign(new Error('x'), { code: 'ENOENT' }), 'Error: x'],
  ])('%s', (_what, thrown, message) => {
    expect(failureOf(thrown)).toMatchObject({ type: 'Internal.Bug', nonRetryable: false, message });
  });

  test('its cause tells where, in at most 5 kB: the server cuts the failures of pending activities', () => {
    const error = new Error('x'.repeat(100_000), { cause: new Error('y'.repeat(100_000)) });
    const { message, cause } = failureOf(error);
    expect(message).toHaveLength(1_500);
    expect(cause?.stack).toMatch(/^Error: x+/);
    expect((cause?.message.length ?? 0) + (cause?.stack?.length ?? 0)).toBeLessThan(5_000);
    expect(cause?.cause).toBeUndefined();
  });
});

describe('what crosses to the workflow', () => {
  test('hint and details, without the causes: those may be of any size, and hold what must not be recorded', () => {
    const cause = new Error('body: …');
    const failure = failureOf(
      new HoldfastError('Model.ContextTooLong', 'too long', { hint: 'less', cause, details: { contextTokens: 9 } }),
    );
    expect(failure.details).toEqual([{ hint: 'less', contextTokens: 9 }]);
    expect(failure.cause).toBeUndefined();
  });

  test('an error of another copy of the package is known by its shape', () => {
    const foreign = Object.assign(new Error('no key'), { name: 'HoldfastError', code: 'Model.MissingKey' });
    expect(failureOf(foreign)).toMatchObject({ type: 'Model.MissingKey', nonRetryable: true, message: 'no key' });
  });

  test.each([ApplicationFailure.retryable('x'), new CancelledFailure('x')])(
    '%s is Temporal’s own and passes',
    (error) => {
      expect(toFailure(error, 1)).toBe(error);
    },
  );
});

test.each([['toString'], ['__proto__'], [''], [undefined], [null], [{}]])('%p is no code', (code) => {
  expect(isFailureCode(code)).toBe(false);
});

describe('errors of the file system', () => {
  const system = (code: string, syscall: string) =>
    Object.assign(new Error(`${code}: no, ${syscall}`), { code, syscall });

  test.each([
    ['ENOSPC', 'write', 'Storage.Full'],
    ['EDQUOT', 'fsync', 'Storage.Full'],
    ['EROFS', 'mkdir', 'Storage.ReadOnly'],
    ['EACCES', 'open', 'Storage.ReadOnly'],
    ['EACCES', 'connect', 'Internal.Bug'],
    ['EIO', 'read', 'Internal.Bug'],
  ])('%s while it would %s is %s, and tried again', (code, syscall, type) => {
    expect(failureOf(system(code, syscall))).toMatchObject({ type, nonRetryable: false });
  });
});
