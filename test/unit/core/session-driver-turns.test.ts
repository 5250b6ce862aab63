import { Session } from '../../../workflows/session';
import { viewOf } from '../../../workflows/session-view';
import { coded, drive } from '../../fixtures/drive';
import { call, marked, result, user } from '../../fixtures/messages';

describe('an answer that must be mended', () => {
  const wrong = (errors: string) => ({ text: '{}', output: { ok: false as const, errors } });

  test('the model is told what is wrong, and its valid answer is the output', async () => {
    const { messages, result: resultOf } = await drive({
      answers: [wrong('/sum is missing'), { text: '{"sum":3}', output: { ok: true, value: { sum: 3 } } }],
    });
    expect(messages[2]).toMatchObject({
      role: 'user',
      content: [{ text: expect.stringContaining('/sum is missing') }],
    });
    expect(resultOf()).toMatchObject({ stopReason: 'completed', output: { sum: 3 }, turns: 2 });
  });

  test.each([0, 1, 3])('is sent back at most `outputRepairs` times: %d', async (outputRepairs) => {
    const answers = Array.from({ length: outputRepairs + 1 }, () => wrong('no'));
    const { requests, result: resultOf } = await drive({ agent: { outputRepairs }, answers });
    expect(requests).toHaveLength(outputRepairs + 1);
    expect(resultOf()).toMatchObject({ stopReason: 'invalid-output' });
  });

  test.each(['', '  \n'])('an empty answer (%j) is asked for again', async (text) => {
    const { messages, result: resultOf } = await drive({ answers: [text, 'now'] });
    expect(messages[2]).toMatchObject({ content: [{ text: expect.stringContaining('empty') }] });
    expect(resultOf()).toMatchObject({ output: 'now' });
  });

  test('null is a valid value, not a missing one', async () => {
    const { result: resultOf } = await drive({ answers: [{ text: 'null', output: { ok: true, value: null } }] });
    expect(resultOf().output).toBeNull();
  });

  test('an answer too large for the history is given as its beginning, with where the whole is', async () => {
    const artifact = { id: 'sha256:aa', bytes: 90_000, mediaType: 'text/plain' };
    const message = marked({
      role: 'assistant' as const,
      content: [{ type: 'text' as const, text: 'the beginning', artifact }],
    });
    const { result: resultOf } = await drive({ answers: [{ message, output: { ok: true } }] });
    expect(resultOf()).toMatchObject({ stopReason: 'completed', output: 'the beginning', artifact });
  });
});

describe('a context the vendor calls too long', () => {
  const refused = (contextTokens: number) => coded('Model.ContextTooLong', { contextTokens });

  test('is asked for again at 0.7 of its size by our count, until it fits', async () => {
    const { requests, result: resultOf } = await drive({ answers: [refused(10_000), refused(7_000), 'short'] });
    expect(requests.map((request) => request.contextTokens)).toEqual([undefined, 7_000, 4_900]);
    expect(resultOf()).toMatchObject({ stopReason: 'completed', turns: 1 });
  });

  test('ends the run after four attempts to shrink it', async () => {
    const { requests, end } = await drive({ answers: [1, 2, 3, 4, 5].map((n) => refused(n * 100)) });
    expect(requests).toHaveLength(5);
    expect(end).toMatchObject({ stop: { reason: 'context-too-long' } });
  });

  test('the cap holds for the turns after it, and in the next Temporal run', async () => {
    const first = await drive({
      answers: [refused(10_000), [call('a', 'slow')], [call('b', 'slow')]],
      rolloverDue: (turns) => turns === 2,
    });
    expect(first.requests[2]?.contextTokens).toBe(7_000);
    const next = resumed(first.session);
    const { requests } = await drive({ session: next, answers: ['done'] });
    expect(requests[0]?.contextTokens).toBe(7_000);
  });
});

/** The session as its next Temporal run starts it. */
function resumed(session: Session): Session {
  const { base, length } = session.transcript;
  const artifact = { id: 'sha256:aa', bytes: 1, mediaType: 'application/json' };
  const carried = JSON.parse(JSON.stringify(session.carry({ from: base, to: length, runId: 'run-1', artifact })));
  return Session.resume(carried, { ...session.given, input: null, carried });
}

describe('rolling over', () => {
  test('happens between model calls only: never before the first, never between a call and its tools', async () => {
    const asked: number[] = [];
    const { end, messages } = await drive({
      answers: [[call('a', 'slow')], [call('b', 'slow')]],
      rolloverDue: (turns) => {
        asked.push(turns);
        return turns >= 2;
      },
    });
    expect(end).toEqual({ kind: 'rollover' });
    expect(asked).toEqual([1, 2]);
    expect(messages.at(-1)).toMatchObject({ role: 'tool', callId: 'b' });
  });

  test('an answer ends the session even when a roll-over is due', async () => {
    const { end } = await drive({ answers: ['done'], rolloverDue: () => true });
    expect(end).toMatchObject({ kind: 'ended', stop: { reason: 'completed' } });
  });

  test('a limit ends the session even when a roll-over is due', async () => {
    const { end } = await drive({ answers: [[call('a', 'slow')]], limits: { turns: 1 }, rolloverDue: () => true });
    expect(end).toMatchObject({ kind: 'ended', stop: { reason: 'max-turns' } });
  });

  test('everything the session knows is carried: counters, limits, todos, repeats, pending quick reads', async () => {
    const todo = call('t', 'todo', { items: [{ text: 'read' }] });
    const first = await drive({
      answers: [[todo], [call('q', 'quick')]],
      limits: { turns: 3, toolCalls: 9 },
      rolloverDue: (turns) => turns === 2,
    });
    const next = resumed(first.session);
    expect(next.progress).toEqual(first.session.progress);
    expect(viewOf(next)).toMatchObject({ turns: 2, toolCalls: 2, costUsd: 0.02, length: 4, todos: [{ text: 'read' }] });
    expect(next.limits).toEqual(first.session.limits);
    const quickResults = [marked(result('q', 'Q', 'quick'))];
    const { requests, result: resultOf } = await drive({ session: next, answers: [{ text: 'end', quickResults }] });
    expect(requests[0]).toMatchObject({ turn: 3, quickCalls: ['q'], transcript: { firstRunId: 'run-1', length: 4 } });
    expect(resultOf()).toMatchObject({ stopReason: 'completed', turns: 3, length: 6 });
  });

  test('a loop is found across it', async () => {
    const same = () => [call('a', 'slow', { page: 1 })];
    const limits = { repeatedCalls: 2 };
    const first = await drive({ answers: [same(), same()], limits, rolloverDue: (turns) => turns === 2 });
    const { end } = await drive({ session: resumed(first.session), answers: [same()] });
    expect(end).toMatchObject({ stop: { reason: 'repeated-call' } });
  });
});

describe('what a model call is told', () => {
  test('never the conversation: a pointer with the delta', async () => {
    const { requests, session } = await drive({ answers: [[call('a', 'slow')], 'done'], input: 'the task' });
    expect(requests[0]?.transcript).toMatchObject({ firstRunId: 'run-1', length: 1, delta: [user('the task')] });
    const [, reply, tool] = session.transcript.page().messages;
    expect(requests[1]?.transcript).toMatchObject({
      length: 3,
      delta: [reply, tool].map((message) => (message?.role === 'user' ? '' : message?.mark)),
    });
  });

  test('the pinned agent, the run options, and what is left of the money', async () => {
    const { requests } = await drive({
      answers: [[call('a', 'slow')], 'done'],
      parameters: { temperature: 0 },
      limits: { costUsd: 1 },
    });
    expect(requests[1]).toMatchObject({
      agent: 'tester',
      revision: 'rev-1',
      model: 'scripted/steps',
      parameters: { temperature: 0 },
      budgetUsd: 0.99,
      turn: 2,
    });
    expect(requests[0]).not.toHaveProperty('contextTokens');
  });

  test('where the context starts, as the last call found it', async () => {
    const { requests } = await drive({ answers: [{ calls: [call('a', 'slow')], contextFrom: 7 }, 'done'] });
    expect(requests[1]?.contextFrom).toBe(7);
  });
});

describe('what a session counts', () => {
  test('usage and cost add up; an unknown price makes the cost a lower bound', async () => {
    const { result: resultOf } = await drive({
      answers: [
        { calls: [call('a', 'slow')], costUsd: null },
        { text: 'done', costUsd: 0.5 },
      ],
    });
    expect(resultOf()).toMatchObject({
      costUsd: 0.5,
      costIncomplete: true,
      simulated: false,
      usage: { inputTokens: 200, outputTokens: 20 },
    });
  });

  test('one simulated answer makes the session simulated', async () => {
    const { result: resultOf } = await drive({
      answers: [{ calls: [call('a', 'slow')], simulated: true }, 'done'],
    });
    expect(resultOf().simulated).toBe(true);
  });

  test('limits of the run replace those of the agent one by one', async () => {
    const { session } = await drive({
      agent: { limits: { turns: 3, costUsd: 5 } },
      answers: ['done'],
      limits: { costUsd: 1 },
    });
    expect(session.limits).toMatchObject({ turns: 3, costUsd: 1, toolCalls: 500 });
  });
});

describe('the first message', () => {
  const image = { type: 'image', mediaType: 'image/png', data: 'AAAA' };
  const file = { type: 'file', name: 'a.pdf', mediaType: 'application/pdf', data: 'AAAA' };
  test.each([
    ['text as it is', 'the task', [{ type: 'text', text: 'the task' }]],
    ['parts as they are', [{ type: 'text', text: 'look' }, image, file], [{ type: 'text', text: 'look' }, image, file]],
    ['a value as JSON', { a: [1] }, [{ type: 'text', text: '{\n  "a": [\n    1\n  ]\n}' }]],
    ['null as JSON', null, [{ type: 'text', text: 'null' }]],
    ['an empty list as JSON', [], [{ type: 'text', text: '[]' }]],
    [
      'a list of things with a type as JSON',
      [{ type: 'file', path: 'a' }],
      [{ text: expect.stringContaining('"path"') }],
    ],
    ['text parts without text as JSON', [{ type: 'text' }], [{ text: expect.stringContaining('"type"') }]],
    ['an image without data as JSON', [{ type: 'image', mediaType: 'image/png' }], [{ text: expect.any(String) }]],
    ['a list with null as JSON', [null], [{ text: expect.stringContaining('null') }]],
  ])('%s', async (_what, input, content) => {
    const { messages } = await drive({ answers: ['done'], input });
    expect(messages[0]).toMatchObject({ role: 'user', content });
    expect((messages[0] as { content: unknown[] }).content).toHaveLength(content.length);
  });
});
