import fc from 'fast-check';
import type { ToolMessage, ToolOutcome } from '../../protocol/messages';
import { complete, FILE_TOOLS, request, toolSpecs, userMessage } from './simulated-session';

/** Far above what the rules may need when every answer asks for more. */
const MAX_TURNS = 3_100;

const outcome = fc.constantFrom<ToolOutcome>(
  'ok',
  'ok',
  'ok',
  'denied',
  'failed',
  'invalid-arguments',
  'outcome-unknown',
);
const entry = fc.record({
  path: fc.oneof(fc.constantFrom('a.md', 'b/c.txt', 'report.md', ''), fc.string()),
  type: fc.constantFrom('file', 'folder', 'link'),
  bytes: fc.oneof(fc.nat(), fc.constant(undefined), fc.constant(1e12)),
});
const value = fc.oneof(
  fc.record({ files: fc.array(entry, { maxLength: 30 }), next: fc.oneof(fc.constant(null), fc.string(), fc.nat()) }),
  fc.record({ entries: fc.array(entry, { maxLength: 30 }), next: fc.constant(null) }),
  fc.record({
    text: fc.string(),
    bytes: fc.nat(),
    next: fc.oneof(fc.constant(null), fc.record({ startByte: fc.oneof(fc.integer(), fc.constant(1e15)) })),
  }),
  fc.record({ result: fc.string(), exact: fc.boolean() }),
  fc.jsonValue(),
);
/** Results that are JSON, results that are not, and none at all. */
const answer = fc.oneof(
  { weight: 6, arbitrary: fc.record({ outcome, json: value }) },
  { weight: 1, arbitrary: fc.record({ outcome, text: fc.string() }) },
  { weight: 1, arbitrary: fc.constant(undefined) },
);
type Answer = { outcome: ToolOutcome; json?: unknown; text?: string } | undefined;

/** A tool that answers from a list, over and over. */
async function endsWithin(task: string, tools: readonly string[], answers: readonly Answer[]): Promise<number> {
  let messages = [userMessage(task)];
  let given = 0;
  for (let turns = 1; turns <= MAX_TURNS; turns++) {
    const { message } = await complete(request(messages, { tools: toolSpecs(tools) }));
    const calls = message.content.filter((part) => part.type === 'tool-call');
    if (calls.length === 0) return turns;
    const results = calls.flatMap(({ id, name }) => resultOf(id, name, answers[given++ % answers.length]));
    // Only what the last reply made of it is left of the conversation: more is not needed, and this keeps it fast.
    messages = [userMessage(task), message, ...results];
  }
  throw new Error('it does not end');
}

function resultOf(callId: string, name: string, answer: Answer): ToolMessage[] {
  if (answer === undefined) return [];
  const content = answer.text ?? JSON.stringify(answer.json) ?? '';
  const mediaType = answer.text === undefined ? 'application/json' : 'text/plain';
  return [{ role: 'tool', callId, name, outcome: answer.outcome, content, mediaType }];
}

const tasks = fc.constantFrom(
  'Survey the folder',
  'What is 2 + 2?',
  'What time is it?',
  'Hello',
  'Days from 2024-01-01 to 2024-02-01?',
);
const grants = fc.subarray(FILE_TOOLS, { minLength: 1 });

test('ends whatever the tools answer', async () => {
  await fc.assert(
    fc.asyncProperty(tasks, grants, fc.array(answer, { minLength: 1, maxLength: 12 }), async (task, tools, answers) => {
      expect(await endsWithin(task, tools, answers)).toBeLessThanOrEqual(MAX_TURNS);
    }),
    { numRuns: 300 },
  );
}, 120_000);

test.each([
  ['a walk without end', { files: [], next: 'x' }],
  ['folders in folders', { entries: [{ path: 'deeper', type: 'folder' }], next: null }],
])('ends at %s', async (_, json) => {
  let at = 0;
  const endless = {
    get outcome() {
      return 'ok' as const;
    },
    get json() {
      return 'next' in json && json.next !== null ? { ...json, next: `x${at++}` } : json;
    },
  };
  expect(await endsWithin('Survey the folder', ['files_walk', 'files_read'], [endless])).toBeLessThan(250);
});

test('ends at a file that never does', async () => {
  const found: Answer = { outcome: 'ok', json: { files: [{ path: 'log', type: 'file', bytes: 9 }], next: null } };
  let at = 0;
  const more = {
    outcome: 'ok' as const,
    get json() {
      return { text: 'x', bytes: 9, next: { startByte: ++at } };
    },
  };
  const answers = [found, ...Array.from({ length: 5_000 }, () => more)];
  expect(await endsWithin('Survey the folder', ['files_walk', 'files_read'], answers)).toBeLessThan(2_010);
}, 120_000);
