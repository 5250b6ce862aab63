import type { ToolMessage } from '../../../protocol/messages';
import { Control } from '../../../workflows/control';
import type { Session } from '../../../workflows/session';
import { viewOf } from '../../../workflows/session-view';
import { drive, pinnedSession } from '../../fixtures/drive';
import { call, marked, result, user } from '../../fixtures/messages';

const ana = { by: 'ana' };

function sessionWith(control: Control): Session {
  return pinnedSession({ agent: 'tester', input: 'go' }, {}, control);
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
async function settled(): Promise<void> {
  for (let n = 0; n < 20; n++) await turn();
}

describe('a paused session', () => {
  test('starts nothing, and goes on where it was', async () => {
    const control = new Control();
    control.pause(ana, 1);
    const session = sessionWith(control);
    const statuses: string[] = [];
    session.onStatus = (status) => statuses.push(status);
    const driven = drive({ session, answers: ['done'] });
    await settled();
    expect(viewOf(session)).toMatchObject({ status: 'paused', phase: 'waiting', turns: 0, pause: { by: 'ana' } });
    control.resume();
    expect((await driven).requests).toHaveLength(1);
    expect(statuses).toEqual(['paused', 'running']);
  });

  test('lets the tool that runs end, and holds the next ones of the same reply', async () => {
    const control = new Control();
    const session = sessionWith(control);
    const ran: string[] = [];
    const driven = drive({
      session,
      agent: {},
      answers: [[call('a', 'alone'), call('b', 'alone')], 'done'],
      runTool: async (_spec, { callId }) => {
        ran.push(callId);
        if (callId === 'a') control.pause(ana, 1);
        return marked(result(callId, 'done', 'alone'));
      },
    });
    await settled();
    expect(ran).toEqual(['a']);
    expect(session.status).toBe('paused');
    control.resume();
    await driven;
    expect(ran).toEqual(['a', 'b']);
  });

  test.each([
    ['turn', [1, 2, 3]],
    ['call', [1, 1, 1, 2]],
  ] as const)('takes one %s at a time', async (unit, turnsAfter) => {
    const control = new Control();
    control.pause(ana, 1);
    const session = sessionWith(control);
    const driven = drive({
      session,
      answers: [[call('a', 'slow'), call('b', 'slow')], [call('c', 'slow')], 'done'],
    });
    const seen: number[] = [];
    for (const _ of turnsAfter) {
      await settled();
      control.step(unit, session.midTurn);
      await settled();
      seen.push(session.progress.turns);
    }
    expect(seen).toEqual(turnsAfter);
    control.resume();
    await driven;
    expect(session.progress.turns).toBe(3);
  });

  test('rolls over when its history has grown while it waited', async () => {
    const control = new Control();
    const session = sessionWith(control);
    let grown = false;
    const driven = drive({
      session,
      answers: [[call('a', 'slow')]],
      rolloverDue: () => grown,
      runTool: async (_spec, { callId }) => {
        control.pause(ana, 1);
        return marked(result(callId, 'done', 'slow'));
      },
    });
    await settled();
    grown = true;
    expect((await driven).end).toEqual({ kind: 'rollover' });
    expect(session.carry().control?.pause).toMatchObject(ana);
  });
});

describe('breakpoints', () => {
  test('hold a turn and a tool once each', async () => {
    const control = new Control(undefined, { turns: [2], tools: ['slow'] });
    const session = sessionWith(control);
    const driven = drive({ session, answers: [[call('a', 'slow')], 'done'] });
    await settled();
    expect(control.paused).toMatchObject({ by: 'breakpoint', reason: 'before slow' });
    control.resume();
    await settled();
    expect(control.paused).toMatchObject({ by: 'breakpoint', reason: 'before turn 2' });
    expect(session.progress.turns).toBe(1);
    control.resume();
    expect((await driven).end).toMatchObject({ stop: { reason: 'completed' } });
  });
});

describe('guidance', () => {
  test('comes after the results of the calls that run, and before the next model call', async () => {
    const control = new Control();
    const session = sessionWith(control);
    const { messages } = await drive({
      session,
      answers: [[call('a', 'slow')], 'done'],
      runTool: async (_spec, { callId }): Promise<ToolMessage> => {
        control.steer({ ...user('be brief'), by: 'ana' });
        return marked(result(callId, 'done', 'slow'));
      },
    });
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'user', 'assistant']);
    expect(messages[3]).toMatchObject({ content: [{ text: 'be brief' }], by: 'ana' });
  });

  test('has quick reads run first that would have ridden along', async () => {
    const control = new Control();
    const session = sessionWith(control);
    const { messages, toolInputs, requests } = await drive({
      session,
      answers: [[call('a', 'quick')], 'done'],
      onModel: (nth) => nth === 1 && control.steer(user('be brief')),
    });
    expect(toolInputs.map(({ callId }) => callId)).toEqual(['a']);
    expect(requests[1]?.quickCalls).toBeUndefined();
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'user', 'assistant']);
  });

  test('that comes while the answer is written gets another turn', async () => {
    const control = new Control();
    const session = sessionWith(control);
    const { messages, result: resultOf } = await drive({
      session,
      answers: ['first', 'second'],
      onModel: (nth) => nth === 1 && control.steer(user('in French')),
    });
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);
    expect(resultOf()).toMatchObject({ stopReason: 'completed', output: 'second' });
  });
});

describe('work that is ended while tools run', () => {
  test('keeps the results there are and says which calls have none', async () => {
    const session = sessionWith(new Control());
    const never = new Promise<ToolMessage>(() => undefined);
    void drive({
      session,
      answers: [[call('a', 'slow'), call('b', 'slow')]],
      runTool: async (_spec, { callId }) => (callId === 'a' ? marked(result('a', 'it is 7', 'slow')) : never),
    });
    await settled();
    session.settleOpenCalls();
    expect(session.transcript.page().messages.slice(2)).toMatchObject([
      { callId: 'a', outcome: 'ok', content: 'it is 7' },
      { callId: 'b', outcome: 'cancelled' },
    ]);
  });

  test('answers reads that were to ride along with the model call that was ended', async () => {
    const session = sessionWith(new Control());
    const never = new Promise<never>(() => undefined);
    let calls = 0;
    void drive({ session, answers: [[call('a', 'quick')]], onModel: () => void calls++ }).catch(() => never);
    await settled();
    expect(calls).toBe(2);
    session.settleOpenCalls();
    expect(session.transcript.last).toMatchObject({ callId: 'a', outcome: 'cancelled' });
    expect(session.progress.quickCalls).toEqual([]);
  });
});

test('an order to stop that came while the session rolled over is kept', async () => {
  const control = new Control();
  control.end({ reason: 'stopped', detail: 'by ana' });
  const session = pinnedSession({ agent: 'tester', input: 'go' }, {}, new Control(control.carry()));
  expect((await drive({ session, answers: [] })).end).toMatchObject({ stop: { reason: 'stopped', detail: 'by ana' } });
});
