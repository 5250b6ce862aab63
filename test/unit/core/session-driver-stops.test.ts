import type { StopReason } from '../../../protocol/session';
import { viewOf } from '../../../workflows/session-view';
import { type Answer, coded, type DriveOptions, drive } from '../../fixtures/drive';
import { call, unpaired } from '../../fixtures/messages';

const turn = (): Answer => [call('c', 'slow', { at: Math.random() })];
const same: Answer = [call('c', 'slow', { page: 1 })];
const clock =
  (...times: number[]) =>
  () =>
    times.shift() ?? Number.POSITIVE_INFINITY;

interface Case {
  reason: StopReason;
  when: string;
  drive: DriveOptions;
  detail?: RegExp;
  output?: unknown;
  turns: number;
}

/** Every way a session ends by itself; `cancelled` and a deadline in the middle of a call need the workflow. */
const CASES: Case[] = [
  { reason: 'completed', when: 'the model answers', drive: { answers: ['42'] }, output: '42', turns: 1 },
  {
    reason: 'max-turns',
    when: 'all turns are used',
    drive: { answers: [turn(), turn()], limits: { turns: 2 } },
    detail: /2 of 2 turns/,
    turns: 2,
  },
  {
    reason: 'max-tool-calls',
    when: 'a reply asks for more calls than are left',
    drive: { answers: [turn(), [call('a', 'slow'), call('b', 'slow')]], limits: { toolCalls: 2 } },
    detail: /1 of 2 tool calls used, 2 more/,
    turns: 2,
  },
  {
    reason: 'max-tokens',
    when: 'input and output tokens together reach the limit',
    drive: { answers: [turn(), turn()], limits: { tokens: 220 } },
    detail: /220 of 220 tokens/,
    turns: 2,
  },
  {
    reason: 'max-cost',
    when: 'the money is spent',
    drive: { answers: [turn(), turn()], limits: { costUsd: 0.02 } },
    detail: /\$0.02 of \$0.02/,
    turns: 2,
  },
  {
    reason: 'max-cost',
    when: 'the next call could cost more than is left',
    drive: { answers: [turn(), coded('Limit.Cost')], limits: { costUsd: 0.02 } },
    detail: /it was Limit.Cost/,
    turns: 1,
  },
  {
    reason: 'deadline',
    when: 'the time is over between two calls',
    drive: { answers: [turn()], limits: { deadline: 500 }, now: clock(1_000, 1_500) },
    detail: /deadline of 500 ms/,
    turns: 1,
  },
  {
    reason: 'repeated-call',
    when: 'the same call is made once more than allowed',
    drive: { answers: [same, same, same], limits: { repeatedCalls: 2 } },
    detail: /3 times in a row/,
    turns: 3,
  },
  {
    reason: 'invalid-output',
    when: 'no repair helps',
    drive: {
      agent: { outputRepairs: 1 },
      answers: [
        { text: '{}', output: { ok: false, errors: 'no "sum"' } },
        { text: '[]', output: { ok: false, errors: 'not an object' } },
      ],
    },
    detail: /not an object/,
    output: '[]',
    turns: 2,
  },
  {
    reason: 'answer-cut',
    when: 'the answer reaches the output limit',
    drive: { answers: [{ text: 'half of', finish: 'length' }] },
    output: 'half of',
    turns: 1,
  },
  {
    reason: 'answer-cut',
    when: 'the answer is longer than the adapter takes',
    drive: { answers: [coded('Model.AnswerTooLong')] },
    turns: 0,
  },
  {
    reason: 'context-too-long',
    when: 'the last messages alone do not fit',
    drive: { answers: [coded('Model.ContextTooLong')] },
    turns: 0,
  },
  {
    reason: 'refused',
    when: 'the model refuses in its answer',
    drive: { answers: [{ text: 'I will not.', finish: 'refusal' }] },
    output: 'I will not.',
    turns: 1,
  },
  { reason: 'refused', when: 'the vendor refuses the call', drive: { answers: [coded('Model.Refused')] }, turns: 0 },
];

describe('a session ends with exactly one typed reason', () => {
  test.each(CASES)('$reason when $when', async ({ drive: options, reason, detail, output = null, turns }) => {
    const driven = await drive(options);
    expect(driven.end.kind).toBe('ended');
    const result = driven.result();
    expect(result).toMatchObject({ stopReason: reason, output, turns, agent: 'tester', revision: 'rev-1' });
    if (detail) expect(result.detail).toMatch(detail);
    expect(viewOf(driven.session)).toMatchObject({
      status: reason === 'completed' ? 'completed' : 'stopped',
      phase: 'ended',
      stopReason: reason,
      failure: null,
    });
    expect(driven.requests).toHaveLength(options.answers.length);
  });

  test.each(CASES)('$reason when $when: every tool call has its result', async ({ drive: options }) => {
    // Answers hold no state, but the clock of a case does.
    const { now: _used, ...rest } = options;
    const { messages } = await drive({ ...rest, ...(options.now && { now: clock(1_000, 1_500) }) });
    expect(unpaired(messages)).toEqual([]);
  });

  test('an answer cut on its way has cost something nobody knows', async () => {
    const driven = await drive({ answers: [coded('Model.AnswerTooLong')] });
    expect(driven.result()).toMatchObject({ costUsd: 0, costIncomplete: true });
  });

  test('a completed session has no detail', async () => {
    expect((await drive({ answers: ['yes'] })).result()).not.toHaveProperty('detail');
  });

  test('calls that a limit forbids are answered as denied and never run', async () => {
    const { messages, toolInputs, session } = await drive({
      answers: [[call('a', 'slow'), call('b', 'other')]],
      limits: { toolCalls: 1 },
    });
    expect(toolInputs).toEqual([]);
    expect(session.progress.toolCalls).toBe(0);
    expect(messages.slice(2)).toMatchObject([
      { role: 'tool', callId: 'a', outcome: 'denied' },
      { role: 'tool', callId: 'b', outcome: 'denied' },
    ]);
  });

  test('quick reads that were to ride along are answered as denied when a limit ends the run', async () => {
    const { messages, end } = await drive({ answers: [[call('q', 'quick')]], limits: { turns: 1 } });
    expect(end).toMatchObject({ stop: { reason: 'max-turns' } });
    expect(messages.at(-1)).toMatchObject({ role: 'tool', callId: 'q', outcome: 'denied' });
  });

  test('quick reads are answered as denied when the next model call ends the run', async () => {
    const { messages } = await drive({ answers: [[call('q', 'quick')], coded('Limit.Cost')] });
    expect(unpaired(messages)).toEqual([]);
  });
});

describe('what is no answer goes up as it is', () => {
  const failures = [
    coded('Model.Auth'),
    coded('Model.UnknownPrice'),
    coded('Transcript.Missing'),
    new TypeError('a bug'),
    Object.assign(new Error('cancelled'), { name: 'CancelledFailure' }),
  ];
  test.each(failures)('%s from the model', async (error) => {
    await expect(drive({ answers: [error] })).rejects.toBe(error);
  });

  test.each(failures)('%s from a tool', async (error) => {
    const runTool = () => Promise.reject(error);
    await expect(drive({ answers: [[call('a', 'slow')]], runTool })).rejects.toBe(error);
  });

  test('nothing is shown as running after a tool was cancelled', async () => {
    const options: DriveOptions = { answers: [[call('a', 'slow')]], runTool: () => Promise.reject(new Error('stop')) };
    const { session } = await drive({ answers: ['.'] });
    await expect(drive({ ...options, session })).rejects.toThrow('stop');
    expect(viewOf(session).running).toEqual([]);
  });
});
