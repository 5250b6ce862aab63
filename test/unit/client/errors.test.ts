import {
  NamespaceNotFoundError,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import {
  ApplicationFailure,
  CancelledFailure,
  RetryState,
  TerminatedFailure,
  TimeoutFailure,
  TimeoutType,
} from '@temporalio/common';
import { runFailure, toClientError } from '../../../client/errors';
import { HoldfastError } from '../../../protocol/failures';

/** As grpc-js makes them. */
function grpcError(code: number, details: string): Error {
  return Object.assign(new Error(details), { code, details, metadata: {} });
}

const unavailable = grpcError(14, 'connection refused');

describe('a request the server did not answer as wished', () => {
  test.each<[string, unknown, string, RegExp]>([
    ['an unknown run', new WorkflowNotFoundError('gone', 'my-run', undefined), 'Run.Unknown', /no run "my-run"/],
    ['an unknown namespace', new NamespaceNotFoundError('prod'), 'Server.NamespaceUnknown', /"prod"/],
    ['an unknown schedule', new ScheduleNotFoundError('gone', 'my-run'), 'Schedule.Unknown', /no schedule "my-run"/],
    ['a schedule that is there', new ScheduleAlreadyRunning('there', 'my-run'), 'Schedule.Exists', /"my-run" already/],
    ['no server', unavailable, 'Server.Unreachable', /connection refused/],
    ['no server, wrapped by the client', new Error('Failed', { cause: unavailable }), 'Server.Unreachable', /refused/],
    [
      'no worker to answer a query',
      grpcError(4, 'query timed out before a worker could process it'),
      'Server.Unreachable',
      /no worker answers for "my-run"/,
    ],
    [
      'no worker seen for a while',
      grpcError(9, 'no poller seen for task queue recently, worker may be down'),
      'Server.Unreachable',
      /no poller/,
    ],
    ['no answer in time', grpcError(4, 'Deadline exceeded'), 'Server.Unreachable', /Deadline/],
    [
      'missing search attributes',
      grpcError(3, 'Namespace has no search attribute HoldfastAgent'),
      'Server.AttributesMissing',
      /HoldfastAgent/,
    ],
    ['a key the server refuses', grpcError(16, 'invalid api key'), 'Server.Denied', /invalid api key/],
    ['an account without the right', grpcError(7, 'Request unauthorized.'), 'Server.Denied', /unauthorized/],
    ['a bad list filter', grpcError(3, 'invalid query'), 'Input.Invalid', /invalid query/],
  ])('%s', (_what, error, code, message) => {
    const mapped = toClientError(error, 'my-run');
    expect(mapped).toMatchObject({ name: 'HoldfastError', code, message: expect.stringMatching(message) });
    expect(mapped.cause).toBe(error);
  });

  test('an error with a code passes unchanged', () => {
    const error = new HoldfastError('Input.Invalid', 'x');
    expect(toClientError(error, 'my-run')).toBe(error);
  });

  test('an error nobody knows stays what it is', () => {
    const error = new TypeError('x');
    expect(toClientError(error, 'my-run')).toBe(error);
    expect(toClientError('text', 'my-run')).toMatchObject({ message: 'text' });
  });
});

describe('a run that gave no result', () => {
  const failed = (cause: Error) =>
    new WorkflowFailedError('Workflow execution failed', cause, RetryState.NON_RETRYABLE_FAILURE);

  test('with a code of ours: the same code, hint and details', () => {
    const cause = ApplicationFailure.create({
      type: 'Model.Auth',
      message: 'the key was refused',
      details: [{ hint: 'Check it.', status: 401 }],
    });
    expect(runFailure(failed(cause), 'my-run')).toMatchObject({
      code: 'Model.Auth',
      message: 'the key was refused',
      hint: 'Check it.',
      details: { status: 401, id: 'my-run' },
    });
  });

  test('without details', () => {
    expect(runFailure(failed(ApplicationFailure.create({ type: 'Model.Auth', message: 'm' })), 'my-run')).toMatchObject(
      {
        code: 'Model.Auth',
        hint: undefined,
        details: { id: 'my-run' },
      },
    );
  });

  test('cancelled is a result of its own', () => {
    expect(runFailure(failed(new CancelledFailure('x')), 'my-run')).toBeUndefined();
  });

  test.each<[string, Error, RegExp]>([
    ['terminated', new TerminatedFailure('by an operator'), /"my-run" was terminated: by an operator/],
    ['timed out', new TimeoutFailure('too long', undefined, TimeoutType.START_TO_CLOSE), /timed out: too long/],
    ['failed with a code that is not ours', ApplicationFailure.create({ type: 'Other', message: 'm' }), /failed: m/],
  ])('%s', (_what, cause, message) => {
    expect(runFailure(failed(cause), 'my-run')).toMatchObject({
      code: 'Run.Failed',
      message: expect.stringMatching(message),
      hint: expect.stringContaining('my-run'),
    });
  });

  test('because the server could not be asked', () => {
    expect(runFailure(unavailable, 'my-run')).toMatchObject({ code: 'Server.Unreachable' });
  });
});
