import type { RunToolInput } from '../../../protocol/activities';
import type { ToolMessage } from '../../../protocol/messages';
import type { ToolSpec } from '../../../protocol/tool';
import { viewOf } from '../../../workflows/session-view';
import { resolvedAgent, TOOLS, toolSpec } from '../../fixtures/agents';
import { type DriveOptions, drive } from '../../fixtures/drive';
import { call, marked, result, unpaired } from '../../fixtures/messages';

/** A tool runner that ends calls only when told to, and notes which run at the same time. */
function gatedTools() {
  const running = new Set<string>();
  const together: string[][] = [];
  const waiting = new Map<string, () => void>();
  const runTool = (_spec: ToolSpec, { callId, name }: RunToolInput): Promise<ToolMessage> => {
    running.add(callId);
    together.push([...running]);
    return new Promise((resolve) => {
      waiting.set(callId, () => {
        running.delete(callId);
        resolve(marked(result(callId, `${callId} done`, name)));
      });
    });
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  /** Lets the driver come to rest, then ends the named calls one after the other. */
  const finish = async (...ids: string[]): Promise<void> => {
    await settle();
    for (const id of ids) {
      waiting.get(id)?.();
      await settle();
    }
  };
  return { runTool, finish, together };
}

async function idsOf(options: DriveOptions): Promise<string[]> {
  const { messages } = await drive(options);
  return messages.flatMap((message) => (message.role === 'tool' ? [message.callId] : []));
}

describe('tool calls of one reply', () => {
  test('results are in call order, whatever order they end in', async () => {
    const { runTool, finish } = gatedTools();
    const calls = ['a', 'b', 'c'].map((id) => call(id, 'slow'));
    const ids = idsOf({ answers: [calls, 'done'], runTool });
    await finish('c', 'b', 'a');
    expect(await ids).toEqual(['a', 'b', 'c']);
  });

  test('at most `parallelToolCalls` run together', async () => {
    const { runTool, finish, together } = gatedTools();
    const calls = ['a', 'b', 'c', 'd'].map((id) => call(id, 'slow'));
    const ids = idsOf({ agent: { parallelToolCalls: 2 }, answers: [calls, 'done'], runTool });
    await finish('a', 'b', 'c', 'd');
    expect(await ids).toEqual(['a', 'b', 'c', 'd']);
    expect(together).toEqual([['a'], ['a', 'b'], ['b', 'c'], ['c', 'd']]);
  });

  test('an exclusive call runs alone and in its place', async () => {
    const { runTool, finish, together } = gatedTools();
    const calls = [call('a', 'slow'), call('b', 'slow'), call('x', 'alone'), call('c', 'slow'), call('y', 'alone')];
    const ids = idsOf({ answers: [calls, 'done'], runTool });
    await finish('b', 'a', 'x', 'c', 'y');
    expect(await ids).toEqual(['a', 'b', 'x', 'c', 'y']);
    expect(together).toEqual([['a'], ['a', 'b'], ['x'], ['c'], ['y']]);
  });

  test('names of running tools are part of the state', async () => {
    const { runTool, finish } = gatedTools();
    const { session } = await drive({ answers: ['.'] });
    const driven = drive({ answers: [[call('a', 'slow'), call('b', 'other')], 'done'], runTool, session });
    await finish();
    expect(viewOf(session)).toMatchObject({ phase: 'tools', running: ['slow', 'other'] });
    await finish('a', 'b');
    await driven;
    expect(viewOf(session).running).toEqual([]);
  });

  test.each([
    ['an unknown tool', call('u', 'nope'), 'unknown-tool', /no tool "nope".*slow, other, alone, quick, todo/],
    [
      'malformed arguments',
      { type: 'tool-call' as const, id: 'u', name: 'slow', malformed: '{"a": ' },
      'invalid-arguments',
      /not valid JSON/,
    ],
  ])('%s is answered, nothing runs, the others do', async (_what, wrong, outcome, content) => {
    const { messages, toolInputs } = await drive({ answers: [[wrong, call('a', 'slow')], 'done'] });
    expect(toolInputs.map(({ callId }) => callId)).toEqual(['a']);
    expect(messages[2]).toMatchObject({ role: 'tool', callId: 'u', outcome, content: expect.stringMatching(content) });
    expect(unpaired(messages)).toEqual([]);
  });

  test('the name of an unknown tool is cut: a model may write anything there', async () => {
    const { messages } = await drive({ answers: [[call('u', 'x'.repeat(100_000))], 'done'] });
    expect(JSON.stringify(messages[2]).length).toBeLessThan(101_000);
    expect(messages[2]).toMatchObject({ content: expect.stringMatching(/^There is no tool "x{100}"/) });
  });

  test('an agent without tools says so', async () => {
    const { messages } = await drive({ agent: { tools: [] }, answers: [[call('u', 'nope')], 'done'] });
    expect(messages[2]).toMatchObject({ content: expect.stringContaining('none') });
  });

  test('a tool is given its arguments, the run, and a key no other call has', async () => {
    const mounts = [{ name: 'docs', path: '/docs', access: 'read' as const }];
    const { toolInputs } = await drive({
      answers: [[call('a', 'slow', { n: 1 })], [call('a', 'slow', { n: 1 })], 'done'],
      mounts,
    });
    expect(toolInputs[0]).toEqual({
      turn: 1,
      callId: 'a',
      name: 'slow',
      arguments: { n: 1 },
      idempotencyKey: 'run-1:1:a',
      agent: 'tester',
      firstRunId: 'run-1',
      mounts,
    });
    expect(toolInputs[1]?.idempotencyKey).toBe('run-1:2:a');
  });

  test('arguments in the artifact store are passed on as a reference', async () => {
    const artifact = { id: 'sha256:aa', bytes: 70_000, mediaType: 'application/json' };
    const { toolInputs } = await drive({
      answers: [[{ type: 'tool-call', id: 'a', name: 'slow', artifact }], 'done'],
    });
    expect(toolInputs[0]).toMatchObject({ artifact });
    expect(toolInputs[0]).not.toHaveProperty('arguments');
  });

  test('a summary says the turn and the arguments, cut to one line', async () => {
    const { summaries } = await drive({ answers: [[call('a', 'slow', { text: 'é'.repeat(500) })], 'done'] });
    expect(summaries[0]).toBe('turn 1 · scripted/steps');
    expect(summaries[1]).toMatch(/^turn 1 · \{"text":"é+…$/);
    // The server refuses summaries above 400 bytes.
    expect(Buffer.byteLength(summaries[1] ?? '')).toBeLessThan(400);
  });
});

describe('quick reads', () => {
  const quick = (...ids: string[]) => ids.map((id) => call(id, 'quick', { id }));

  test('ride along with the next model call, which returns their results', async () => {
    const quickResults = [marked(result('a', 'A', 'quick')), marked(result('b', 'B', 'quick'))];
    const {
      requests,
      toolInputs,
      messages,
      result: resultOf,
    } = await drive({
      answers: [quick('a', 'b'), { text: 'done', quickResults }],
    });
    expect(toolInputs).toEqual([]);
    expect(requests[1]).toMatchObject({ quickCalls: ['a', 'b'], turn: 2 });
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'tool', 'assistant']);
    expect(unpaired(messages)).toEqual([]);
    expect(resultOf()).toMatchObject({ stopReason: 'completed', toolCalls: 2, length: 5 });
  });

  test('the call after that has nothing to run, and is told of the results by name', async () => {
    const results = [marked(result('a', 'A', 'quick'))];
    const { requests, messages } = await drive({
      answers: [quick('a'), { calls: [call('s', 'slow')], quickResults: results }, 'done'],
    });
    expect(requests[2]).not.toHaveProperty('quickCalls');
    const marks = messages.slice(2).map((message) => (message.role === 'user' ? '' : message.mark));
    expect(requests[2]?.transcript.delta).toEqual(marks.slice(0, 3));
  });

  test.each([
    ['a slow one among them', [call('a', 'quick'), call('b', 'slow')]],
    ['an unknown one among them', [call('a', 'quick'), call('b', 'nope')]],
    ['malformed arguments', [{ type: 'tool-call' as const, id: 'a', name: 'quick', malformed: '{' }]],
    ['more than fit in one event', Array.from({ length: 17 }, (_, at) => call(`c${at}`, 'quick'))],
  ])('with %s all run before the next call', async (_what, calls) => {
    const { requests, messages } = await drive({ answers: [calls, 'done'] });
    expect(requests[1]).not.toHaveProperty('quickCalls');
    expect(unpaired(messages)).toEqual([]);
  });

  test('an exclusive quick tool does not ride along', async () => {
    const tools = [toolSpec('quick', { quick: true, exclusive: true })];
    const { requests, toolInputs } = await drive({ agent: { tools }, answers: [quick('a'), 'done'] });
    expect(toolInputs).toHaveLength(1);
    expect(requests[1]).not.toHaveProperty('quickCalls');
  });

  test('only their ids and names are kept in the state: arguments may be large, and state is carried on', async () => {
    const { session } = await drive({
      answers: [[call('a', 'quick', { text: 'x'.repeat(60_000) })]],
      rolloverDue: () => true,
    });
    expect(session.progress.quickCalls).toEqual([{ id: 'a', name: 'quick' }]);
  });

  test('the summary of the model call names them', async () => {
    const quickResults = [marked(result('a', 'A', 'quick'))];
    const { summaries } = await drive({ answers: [quick('a'), { text: 'done', quickResults }] });
    expect(summaries[1]).toBe('turn 2 · scripted/steps · after quick');
  });
});

describe('the todo list', () => {
  const plan = { items: [{ text: 'read', status: 'done' }, { text: 'write' }] };

  test('lives in the run: no activity, and the model is answered', async () => {
    const { session, toolInputs, messages } = await drive({ answers: [[call('t', 'todo', plan)], 'done'] });
    expect(toolInputs).toEqual([]);
    expect(viewOf(session).todos).toEqual([
      { text: 'read', status: 'done' },
      { text: 'write', status: 'pending' },
    ]);
    expect(messages[2]).toMatchObject({ outcome: 'ok', content: expect.stringContaining('1 of 2 done') });
  });

  test('a wrong list changes nothing and says what is wrong', async () => {
    const { session, messages } = await drive({
      answers: [[call('t', 'todo', plan)], [call('u', 'todo', { items: [{}] })], 'done'],
    });
    expect(viewOf(session).todos).toHaveLength(2);
    expect(messages[4]).toMatchObject({
      outcome: 'invalid-arguments',
      content: expect.stringContaining('items[0].text'),
    });
  });

  test('is granted like any tool', async () => {
    const { messages } = await drive({ agent: { tools: [TOOLS.slow] }, answers: [[call('t', 'todo', plan)], 'done'] });
    expect(messages[2]).toMatchObject({ outcome: 'unknown-tool' });
    expect(resolvedAgent().tools).toContain(TOOLS.todo);
  });
});
