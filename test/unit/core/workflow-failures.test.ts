import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  RetryState,
  TimeoutFailure,
  TimeoutType,
} from '@temporalio/common';
import type { ToolEffect } from '../../../protocol/tool';
import { failureOf, toApplicationFailure, toolFailure } from '../../../workflows/failures';
import { toolSpec } from '../../fixtures/agents';

const byActivity = (cause: Error | undefined): ActivityFailure =>
  new ActivityFailure('activity failed', 'tool.act', 'a1', RetryState.MAXIMUM_ATTEMPTS_REACHED, 'worker', cause);
const application = (type: string | undefined): ApplicationFailure =>
  ApplicationFailure.create({ message: 'why', ...(type !== undefined && { type }) });
const timeout = new TimeoutFailure('too slow', undefined, TimeoutType.START_TO_CLOSE);
const lost = new TimeoutFailure('no heartbeat', undefined, TimeoutType.HEARTBEAT);

describe('what the model is told of a tool activity that gave no result', () => {
  test.each<[string, ToolEffect, Error | undefined, string, RegExp]>([
    ['a timeout of a read', 'read', timeout, 'timed-out', /1000 ms after 3 attempts/],
    ['a timeout of an idempotent tool', 'idempotent', timeout, 'timed-out', /1000 ms/],
    [
      'workers lost under a read',
      'read',
      lost,
      'timed-out',
      /^The worker that ran it was lost.* 3 attempts are used up\..*not be at fault\.$/,
    ],
    ['workers lost under an idempotent tool', 'idempotent', lost, 'timed-out', /lost.*may have taken effect/],
    ['a timeout of what may run once', 'once', timeout, 'outcome-unknown', /may or may not/],
    [
      'a worker that shut down under what may run once',
      'once',
      application('WorkerShutdown'),
      'outcome-unknown',
      /may or may not/,
    ],
    [
      'a bug of a worker under what may run once',
      'once',
      application('Internal.Bug'),
      'outcome-unknown',
      /may or may not/,
    ],
    ['anything unheard of under what may run once', 'once', undefined, 'outcome-unknown', /may or may not/],
    ['a refusal before anything ran', 'once', application('Workspace.Invalid'), 'failed', /why/],
    ['a wish for another attempt that was the last', 'once', application('Tool.RetryLater'), 'failed', /why/],
    ['a worker that shut down under a read, again and again', 'read', application('WorkerShutdown'), 'failed', /why/],
    ['no cause at all', 'read', undefined, 'failed', /activity failed/],
  ])('%s', (_what, effect, cause, outcome, text) => {
    expect(toolFailure(toolSpec('act', { effect }), byActivity(cause))).toMatchObject({
      outcome,
      text: expect.stringMatching(text),
    });
  });
});

describe('a classified failure', () => {
  const failure = { code: 'Model.Auth' as const, message: 'refused', hint: 'Check the key.', details: { status: 401 } };
  const child = (cause: Error): ChildWorkflowFailure =>
    new ChildWorkflowFailure(
      'default',
      { workflowId: 'w', runId: 'r' },
      'agentSession',
      RetryState.NON_RETRYABLE_FAILURE,
      cause,
    );

  test.each<[string, Error]>([
    ['of an activity', byActivity(toApplicationFailure(failure))],
    ['of a child workflow', child(toApplicationFailure(failure))],
    ['of the workflow itself', toApplicationFailure(failure)],
  ])('%s is the same on the other side', (_what, error) => {
    expect(failureOf(error)).toEqual(failure);
  });

  test('without a hint has none', () => {
    expect(failureOf(application('Model.Auth'))).toEqual({ code: 'Model.Auth', message: 'why', details: {} });
  });

  test.each<[string, unknown]>([
    ['another type', application('Other')],
    ['no type', application(undefined)],
    ['a timeout', byActivity(timeout)],
    ['a plain error', new TypeError('x')],
    ['nothing', undefined],
  ])('is not found in %s', (_what, error) => {
    expect(failureOf(error)).toBeUndefined();
  });

  test('is never tried again by Temporal: whoever threw it knew', () => {
    expect(toApplicationFailure(failure)).toMatchObject({ type: 'Model.Auth', nonRetryable: true });
  });
});
