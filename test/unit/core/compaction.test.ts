import type { SummariseResult } from '../../../protocol/activities';
import { NO_USAGE } from '../../../protocol/usage';
import { coded, drive } from '../../fixtures/drive';
import { call, user } from '../../fixtures/messages';

const DUE = { summaryDue: true as const };
const summary = (to: number): SummariseResult => ({
  message: { ...user('so far'), mark: 's', summary: { from: 1, to, kept: [] } },
  usage: { ...NO_USAGE, inputTokens: 900 },
  costUsd: 0.5,
  model: 'small',
  simulated: false,
  latencyMs: 1,
});
const slow = (id: string) => call(id, 'slow');

test('a summary that is due is made before the next call, is a message, and counts', async () => {
  const { requests, messages, session, summaries } = await drive({
    answers: [{ calls: [slow('a')], ...DUE }, 'done'],
    summarise: ({ contextFrom, revision, transcript }) => {
      expect([contextFrom, revision, transcript.length]).toEqual([0, 'rev-1', 3]);
      return summary(1);
    },
  });
  expect(messages.map((message) => (message.role === 'user' && message.summary ? 'summary' : message.role))).toEqual([
    'user',
    'assistant',
    'tool',
    'summary',
    'assistant',
  ]);
  expect(requests[1]).toMatchObject({ contextFrom: 1, transcript: { delta: ['s'] } });
  expect(session.progress).toMatchObject({ usage: { inputTokens: 1_100 }, costUsd: 0.52, turns: 2 });
  expect(summaries).toContain('turn 2 · summary of older messages');
});

test('quick reads run on their own first: a summary never comes between a call and its result', async () => {
  const { messages, requests } = await drive({
    answers: [{ calls: [call('q', 'quick')], ...DUE }, 'done'],
    summarise: () => summary(1),
  });
  expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'user', 'assistant']);
  expect(requests[1]).not.toHaveProperty('quickCalls');
});

test('a call that was refused because a summary is due is made again after it', async () => {
  const { requests, session } = await drive({
    answers: [coded('Model.ContextTooLong', DUE), 'done'],
    summarise: () => summary(0),
  });
  expect(requests).toHaveLength(2);
  expect(session.progress).toMatchObject({ turns: 1 });
});

test.each([
  ['refused', () => Promise.reject(coded('Model.Refused'))],
  ['not affordable', () => Promise.reject(coded('Limit.Cost'))],
  ['of no gain', () => ({ ...summary(0), message: undefined }) as unknown as SummariseResult],
])(
  'one that is %s is not tried again for ten turns; meanwhile the oldest messages are dropped',
  async (_why, summarise) => {
    let tried = 0;
    const turn = (at: number) => ({ calls: [call(`c${at}`, 'slow', { at })], ...DUE });
    const { requests } = await drive({
      answers: [...Array.from({ length: 12 }, (_, at) => turn(at)), 'done'],
      summarise: () => {
        tried++;
        return summarise();
      },
    });
    expect(tried).toBe(2);
    expect(requests.map(({ withoutSummary = false }) => withoutSummary)).toEqual([false, ...Array(12).fill(true)]);
  },
);

test('a bug while a summary is made is not taken for one that cannot be made', async () => {
  const answers = [{ calls: [slow('a')], ...DUE }, 'done'];
  const summarise = () => Promise.reject(new Error('cancelled, or a bug'));
  await expect(drive({ answers, summarise })).rejects.toThrow('a bug');
});

test('what is due is carried into the next Temporal run', async () => {
  const first = await drive({ answers: [{ calls: [slow('a')], ...DUE }], rolloverDue: () => true });
  expect(first.end.kind).toBe('rollover');
  const carried = first.session.carry({ from: 0, to: 3, runId: 'r', artifact: { id: 'a', bytes: 1, mediaType: 'x' } });
  expect(carried.progress.summaryDue).toBe(true);
});
