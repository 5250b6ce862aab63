import { PartialText } from '../../../apps/cli/follow/partial-text';
import type { Progress, Totals } from '../../../apps/cli/follow/progress';
import { argumentsText, linesOf } from '../../../apps/cli/follow/progress-lines';
import { type Status, StatusLine, statusText } from '../../../apps/cli/follow/status-line';
import { styleFor } from '../../../apps/cli/style';
import { captureOutput } from '../../fixtures/sink';

const plain = styleFor({ isTTY: false });
const lines = (progress: Progress): string[] => linesOf(progress, plain, 12_000);
const totals: Totals = {
  turns: 3,
  toolCalls: 4,
  inputTokens: 4_100,
  outputTokens: 320,
  costUsd: 0.0123,
  costIncomplete: true,
  simulated: false,
};
const call = { id: '1', name: 'files_read', arguments: { path: 'docs/a.md', from: 10 } };

test('the agent, its model and its revision', () => {
  expect(lines({ type: 'agent-pinned', agent: 'a', model: 'openai/x\u001b', revision: '0123456789abcdef' })).toEqual([
    'a · openai/x\\x1b · revision 0123456789a…',
  ]);
});

test('a turn with what was used so far', () => {
  const turn: Extract<Progress, { type: 'turn-finished' }> = {
    type: 'turn-finished',
    position: 1,
    turn: 3,
    text: 'Reading.',
    calls: [call],
    totals,
  };
  expect(lines(turn)).toEqual(['turn 3 · 12.0 s · 4.1k→320 tok · at least $0.0123', '  Reading.']);
  const { totals: _, ...older } = turn;
  expect(lines(older)[0]).toBe('turn 3');
});

test('the last turn does not print the answer: it follows whole', () => {
  expect(lines({ type: 'turn-finished', position: 1, turn: 1, text: 'The answer.', calls: [] })).toEqual(['turn 1']);
});

const finished = { type: 'tool-finished', position: 2, turn: 1, call, chars: 3_400, preview: 'text' } as const;

test('a tool call with short arguments and its outcome', () => {
  expect(lines({ ...finished, outcome: 'ok' })).toEqual(['  ✓ files_read path=docs/a.md from=10 · 3.4 kB']);
  expect(lines({ ...finished, outcome: 'failed', preview: 'no such\nfile\u202e' })).toEqual([
    '  ✗ files_read path=docs/a.md from=10 · failed: no such file\\u202e',
  ]);
});

test('the list of steps speaks for the tool that keeps it, unless that failed', () => {
  const todo = { ...finished, call: { ...call, name: 'todo' } };
  expect(lines({ ...todo, outcome: 'ok' })).toEqual([]);
  expect(lines({ ...todo, outcome: 'invalid-arguments' })).toHaveLength(1);
  const changed = [
    { text: 'read', status: 'done' },
    { text: 'write', status: 'active' },
    { text: 'check', status: 'pending' },
  ] as const;
  expect(lines({ type: 'todos-changed', todos: [...changed], changed: [...changed] })).toEqual([
    '  [x] read',
    '  [>] write',
    '  [ ] check',
  ]);
});

test('an attempt that failed, with what comes next', () => {
  const failed = { type: 'attempt-failed', attempt: 3, code: 'Model.RateLimited', message: '429 slow\u0007' } as const;
  expect(lines({ ...failed, activity: 'invokeModel', nextInMs: 8_000 })).toEqual([
    '! model call: attempt 3, next in 8.0 s: Model.RateLimited 429 slow\\x07',
  ]);
  expect(lines({ ...failed, activity: 'tool.files_read', nextInMs: null })).toEqual([
    '! files_read: attempt 3, running now: Model.RateLimited 429 slow\\x07',
  ]);
});

test('what is said to the model on the way, and nothing of the task, which the user knows', () => {
  expect(lines({ type: 'user-said', position: 0, text: 'task' })).toEqual([]);
  expect(lines({ type: 'user-said', position: 4, text: 'Your answer\nis not JSON' })).toEqual([
    '↩ Your answer is not JSON',
  ]);
});

test('workers and skipped messages', () => {
  expect(lines({ type: 'worker-missing' })[0]).toContain('holdfast dev');
  expect(lines({ type: 'worker-back' })).toEqual(['A worker answers again.']);
  expect(lines({ type: 'messages-skipped', count: 7 })).toEqual(['… 7 earlier messages']);
  expect(lines({ type: 'status', phase: 'model', running: [], waitsFor: [], totals })).toEqual([]);
});

test.each<[unknown, string]>([
  [{ a: 1, b: [true], c: null }, 'a=1 b=[true] c=null'],
  [{ text: 'x'.repeat(100) }, `text=${'x'.repeat(39)}…`],
  ['just text', '"just text"'],
  [undefined, ''],
  [{ evil: '\u001b]0;x\u0007' }, 'evil=\\x1b]0;x\\x07'],
])('arguments %j', (given, text) => {
  expect(argumentsText({ id: '1', name: 't', arguments: given })).toBe(text);
});

describe('the status line', () => {
  const ERASE = '\r\u001b[2K';
  const status: Status = { type: 'status', phase: 'model', running: [], waitsFor: [], totals };

  test('says what is done now', () => {
    expect(statusText(status, 5_000)).toBe('turn 4 · waiting for the model · 5.0 s · 4.1k→320 tok · at least $0.0123');
    expect(statusText({ ...status, phase: 'tools', running: ['b', 'a', 'b'] }, 5_000)).toMatch(/^turn 3 · b, a · /);
  });

  test('is redrawn in place, makes room, and leaves nothing behind', async () => {
    const { out, stderr } = captureOutput({}, true);
    const line = new StatusLine(out, () => 1_000);
    line.update(status);
    line.print(['above']);
    expect(stderr.text.split(ERASE)).toEqual(['above\n', expect.stringContaining('turn 4')]);
    const before = stderr.text.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(stderr.text.slice(before).split(ERASE).at(-1)).toContain('turn 4');
    out.say('log');
    expect(stderr.text.endsWith(`${ERASE}log\n`)).toBe(true);
    line.print(['more']);
    line.close();
    expect(stderr.text.endsWith(ERASE)).toBe(true);
    const closed = stderr.text;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(stderr.text).toBe(closed);
  });

  test('fits a narrow terminal', () => {
    const { out, stderr } = captureOutput({ env: { NO_COLOR: '1' } }, true);
    Object.assign(stderr, { columns: 20 });
    const line = new StatusLine(out, () => 1_000);
    line.update(status);
    line.print(['x']);
    line.close();
    expect(stderr.text.split(ERASE)[1]).toHaveLength(19);
  });

  test('is not there elsewhere', async () => {
    const { out, stderr } = captureOutput();
    const line = new StatusLine(out, () => 1_000);
    line.update(status);
    line.print(['above']);
    await new Promise((resolve) => setTimeout(resolve, 200));
    line.close();
    expect(stderr.text).toBe('above\n');
  });

  test('shows the end of what the model says above it, and takes it away with the message', () => {
    const { out, stderr } = captureOutput({ env: { NO_COLOR: '1' } }, true);
    Object.assign(stderr, { columns: 20, rows: 10 });
    const line = new StatusLine(out, () => 1_000);
    const say = (text: string, kind: 'text' | 'reasoning' | 'tool-call' = 'text'): string[] => {
      const before = stderr.text.length;
      line.say({ type: 'text-delta', turn: 4, attempt: 1, kind, offset: 0, text });
      return stderr.text.slice(before).split('\n');
    };
    line.update(status);
    expect(say('thinking', 'reasoning')[0]).toBe(`${ERASE}  thinking`);
    expect(say('one two three four five')).toEqual([
      `${ERASE}\u001b[1A${ERASE}${ERASE}  one two three fou`,
      `${ERASE}  r five`,
      expect.stringContaining('turn 4'),
    ]);
    expect(say('\u001b[2J 漢字')[1]).toContain('\\x1b[2J 漢');
    expect(say(' a\n'.repeat(20)).length).toBe(7);
    expect(say('files_read', 'tool-call').at(-2)).toContain('→ files_read');
    const before = stderr.text.length;
    line.say({ type: 'turn-finished', position: 1, turn: 3, text: '', calls: [] });
    expect(stderr.text.slice(before)).toBe('');
    line.say({ type: 'text-dropped', turn: 4, attempt: 1 });
    expect(stderr.text.slice(before).startsWith(ERASE + `\u001b[1A${ERASE}`.repeat(6))).toBe(true);
    expect(stderr.text.slice(before).split('\n')).toHaveLength(1);
    line.close();
  });

  test('no line of a partial answer is wider than the terminal', () => {
    const partial = new PartialText();
    const text = 'mixed 漢字かな 🦊🦊🦊 ünïcödé and\ttabs '.repeat(10);
    partial.take({ type: 'text-delta', turn: 1, attempt: 1, kind: 'text', offset: 0, text });
    for (const columns of [2, 7, 30]) {
      for (const shown of partial.lines(columns, 50)) {
        const width = [...shown].reduce((sum, one) => sum + ((one.codePointAt(0) ?? 0) > 0x2000 ? 2 : 1), 0);
        expect(width).toBeLessThanOrEqual(columns);
      }
    }
    expect(partial.lines(30, 0)).toEqual([]);
  });
});
