import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  RetryState,
  TimeoutFailure,
  TimeoutType,
} from '@temporalio/common';
import type { EffectInput } from '../../../protocol/effect';
import type { ToolMessage } from '../../../protocol/messages';
import { effect } from '../../../workflows/effect';

const mockActivity = jest.fn();
const mockAsk = jest.fn();
const mockBury = jest.fn();
const mockPauses: number[] = [];

jest.mock('@temporalio/workflow', () => ({
  ...jest.requireActual<object>('@temporalio/workflow'),
  workflowInfo: () => ({ workflowId: 'effect/pay/1', searchAttributes: {}, typedSearchAttributes: {} }),
  scheduleActivity: (type: string, ...rest: unknown[]) => mockActivity(type, ...rest),
  sleep: async (ms: number) => void mockPauses.push(ms),
  setCurrentDetails: () => undefined,
  upsertMemo: () => undefined,
  upsertSearchAttributes: () => undefined,
  CancellationScope: { nonCancellable: (work: () => unknown) => work() },
}));
jest.mock('../../../workflows/ask-approval', () => ({
  approvalIdOf: (run: string, number: number) => `${run}/ask-${number}`,
  askApproval: (...given: unknown[]) => mockAsk(...given),
}));
jest.mock('../../../workflows/bury', () => ({ bury: (...given: unknown[]) => mockBury(...given) }));
jest.mock('../../../workflows/search-attributes', () => ({ recordEffect: () => undefined }));

/** An effect that takes place once: what is done when nobody knows whether it did. */

beforeEach(() => {
  for (const mock of [mockActivity, mockAsk, mockBury]) mock.mockReset();
  mockPauses.length = 0;
});

const call = {
  callId: 'c',
  name: 'pay',
  arguments: { to: 'bo' },
  idempotencyKey: 'k',
  agent: 'clerk',
  firstRunId: 'f',
  session: 'run',
};
const inputOf = (more: object = {}, checks = true): EffectInput =>
  ({
    tool: { name: 'pay', effect: 'once', timeoutMs: 1_000, maxAttempts: 1, ...(checks && { checks: true }) },
    call,
    run: 'run',
    approval: {},
    ...more,
  }) as unknown as EffectInput;
const failed = (cause: Error) =>
  new ActivityFailure('Activity task failed', 'tool.pay', '1', RetryState.MAXIMUM_ATTEMPTS_REACHED, undefined, cause);
const lost = failed(new TimeoutFailure('lost', undefined, TimeoutType.HEARTBEAT));
const message = (outcome: ToolMessage['outcome'], content = 'x') =>
  ({ role: 'tool', callId: 'c', name: 'pay', outcome, content }) as ToolMessage;
const later = failed(ApplicationFailure.create({ type: 'Tool.RetryLater', message: 'busy' }));

/** What attempts and looks come to, in turn; a look that finds nothing else does not know. */
function world(attempts: (Error | ToolMessage)[], looks: (Error | object)[] = []): void {
  mockActivity.mockImplementation(async (type: string) => {
    const next = type === 'tool.pay' ? attempts.shift() : (looks.shift() ?? { outcome: 'unknown' });
    if (next instanceof Error) throw next;
    return next;
  });
}
const says = (...answers: object[]) => {
  for (const one of answers) mockAsk.mockResolvedValueOnce({ verdict: 'approved', votes: [{ by: 'ana' }], ...one });
};

test('what it answered is its result, a failure of its own too', async () => {
  world([message('ok', 'paid')]);
  expect(await effect(inputOf())).toMatchObject({ outcome: 'ok', content: 'paid' });
  world([failed(ApplicationFailure.create({ type: 'Tool.Failed', message: 'no such account' }))]);
  expect(await effect(inputOf())).toMatchObject({ outcome: 'failed', content: 'no such account' });
  expect(mockAsk).not.toHaveBeenCalled();
});

test('what nobody knows the tool itself is asked about', async () => {
  world([lost], [{ outcome: 'done', message: message('ok', 'it was paid') }]);
  expect(await effect(inputOf())).toMatchObject({ outcome: 'ok', content: 'it was paid' });
  // It did nothing: once more, after a pause.
  world([message('timed-out'), message('ok')], [{ outcome: 'not-done' }]);
  expect(await effect(inputOf())).toMatchObject({ outcome: 'ok' });
  expect(mockPauses).toEqual([500]);
});

test.each<[object, ToolMessage['outcome'], RegExp, boolean]>([
  [{ answer: 'done', reason: 'seen it' }, 'ok', /^Done, as ana found out: seen it\.$/, false],
  [{ answer: 'done' }, 'ok', /^Done, as ana found out\.$/, false],
  [{ answer: 'abandon' }, 'outcome-unknown', /^Given up by ana\. It may or may not/, true],
  [{ verdict: 'expired', votes: [], reason: 'nobody came' }, 'outcome-unknown', /^Given up: nobody came\. /, true],
])('else people are: %j', async (said, outcome, content, kept) => {
  world([lost]);
  says(said);
  expect(await effect(inputOf({ requester: 'bo', tenant: 't', agent: 'clerk' }, false))).toMatchObject({
    outcome,
    content: expect.stringMatching(content),
  });
  const [id, request, run] = mockAsk.mock.calls[0] ?? [];
  expect([id, run]).toEqual(['effect/pay/1/ask-1', 'run']);
  expect(request).toMatchObject({
    title: 'pay: outcome unknown',
    requester: 'bo',
    tenant: 't',
    arguments: { to: 'bo' },
  });
  expect(mockBury).toHaveBeenCalledTimes(kept ? 1 : 0);
});

test('it is done once more where they say that it did not happen', async () => {
  world([lost, message('ok', 'paid')]);
  says({ answer: 'retry' });
  expect(await effect(inputOf({}, false))).toMatchObject({ outcome: 'ok', content: 'paid' });
});

test('attempts that do nothing are repeated a few times; then people are asked, or the run goes on without it', async () => {
  const looks = () => Array.from({ length: 6 }, () => ({ outcome: 'not-done' }));
  world(Array(6).fill(later), looks());
  says({ answer: 'abandon' });
  expect(await effect(inputOf())).toMatchObject({
    outcome: 'failed',
    content: 'Given up by ana. It did not take effect.',
  });
  expect(mockPauses).toEqual([500, 1_000, 2_000, 4_000, 8_000]);
  expect(mockAsk.mock.calls[0]?.[1].title).toBe('pay: cannot be done');
  world(Array(6).fill(later), looks());
  expect(await effect(inputOf({ skips: true }))).toMatchObject({ outcome: 'unavailable' });
  expect(mockAsk).toHaveBeenCalledTimes(1);
});

test('one that is taken up again looks first what became of it, and has its dead letter already', async () => {
  world([], [{ outcome: 'done', message: message('ok', 'it was') }]);
  expect(await effect(inputOf({ again: true }))).toMatchObject({ content: 'it was' });
  world([lost], [failed(new Error('down')), { outcome: 'unknown' }]);
  says({ answer: 'abandon' });
  await effect(inputOf({ again: true }));
  expect(mockBury).not.toHaveBeenCalled();
});

test('one that is cancelled says whether it took effect, as far as that can be known', async () => {
  const cancelled = () => new CancelledFailure('cancelled');
  world([message('cancelled')], [{ outcome: 'done', message: message('ok', 'paid') }]);
  expect(await effect(inputOf())).toMatchObject({ content: 'paid' });
  world([cancelled()], [{ outcome: 'not-done' }]);
  expect(await effect(inputOf())).toMatchObject({
    outcome: 'cancelled',
    content: expect.stringContaining('did not take effect'),
  });
  expect(mockBury).not.toHaveBeenCalled();
  world([cancelled()]);
  expect(await effect(inputOf({ tenant: 't', agent: 'clerk' }))).toMatchObject({ outcome: 'outcome-unknown' });
  expect(mockBury).toHaveBeenCalledWith(
    expect.objectContaining({ kind: 'effect', tenant: 't', agent: 'clerk', title: 'pay {"to":"bo"}' }),
    'k',
  );
  world([new TypeError('bug')]);
  await expect(effect(inputOf())).rejects.toThrow('bug');
});
