import { answerText, endingLines } from '../../../apps/cli/follow/result-text';
import { styleFor } from '../../../apps/cli/style';
import type { SessionResult } from '../../../protocol/session';
import { NO_USAGE } from '../../../protocol/usage';

const plain = styleFor({ isTTY: false });
const result: SessionResult = {
  output: 'Answer\u001b[2J.',
  stopReason: 'completed',
  agent: 'a',
  revision: 'r',
  model: 'openai/x',
  turns: 1,
  toolCalls: 2,
  usage: { ...NO_USAGE, inputTokens: 1_200, outputTokens: 88 },
  costUsd: 0.004,
  costIncomplete: false,
  simulated: false,
  length: 3,
};

test('an answer is escaped text, or JSON where it is a value, or nothing', () => {
  expect(answerText(result)).toBe('Answer\\x1b[2J.');
  expect(answerText({ ...result, output: { a: '\u202e' } })).toBe('{\n  "a": "\\u202e"\n}');
  expect(answerText({ ...result, output: null })).toBe('');
});

test('how it ended, what it used, where to look, what to try', () => {
  const ending = {
    result,
    id: 'run-1',
    elapsedMs: 4_200,
    webUrl: 'http://ui/run-1',
    workspace: { folder: 'home/ws', files: [{ name: 'report.md', bytes: 3_400 }] },
    next: ['holdfast dev', 'holdfast runs show run-1'],
  };
  expect(endingLines(ending, plain)).toEqual([
    'done run-1 · 1 turn · 2 tool calls · 1.2k→88 tok · $0.0040 · 4.2 s',
    '  wrote  home/ws/report.md (3.4 kB)',
    '  run    http://ui/run-1',
    '  next   holdfast dev',
    '         holdfast runs show run-1',
  ]);
});

test('any other end says why', () => {
  const stopped = { ...result, stopReason: 'max-cost' as const, detail: '$1 of $1 spent\u0007' };
  expect(endingLines({ result: stopped, id: 'r', next: [] }, plain)).toEqual([
    'max-cost r · 1 turn · 2 tool calls · 1.2k→88 tok · $0.0040',
    '  $1 of $1 spent\\x07',
  ]);
  const { detail: _, ...silent } = stopped;
  expect(endingLines({ result: silent, id: 'r', next: [] }, plain)[1]).toContain('--budget');
});

test('simulated answers are called so, with the way to real ones', () => {
  const lines = endingLines({ result: { ...result, simulated: true }, id: 'r', next: [] }, plain);
  expect(lines[0]).toContain('(simulated)');
  expect(lines[1]).toMatch(/simulated model.*OPENAI_API_KEY/);
});

test('many files are not all named', () => {
  const files = Array.from({ length: 25 }, (_, n) => ({ name: `f${n}`, bytes: 1 }));
  const lines = endingLines({ result, id: 'r', workspace: { folder: 'w', files }, next: [] }, plain);
  expect(lines).toHaveLength(22);
  expect(lines.at(-1)).toContain('and 5 more');
});
