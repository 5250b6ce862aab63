import Ajv from 'ajv/dist/2020';
import * as fc from 'fast-check';
import { applyTodo, TODO_SPEC } from '../../../protocol/todo';

const valid = new Ajv({ strict: true }).compile(TODO_SPEC.inputSchema);
const old = [{ text: 'old', status: 'done' as const }];

test('a new list replaces the old one; status is pending unless said', () => {
  const items = [{ text: 'read' }, { text: 'write', status: 'active' }, { text: 'plan', status: 'done' }];
  expect(applyTodo(old, { items })).toEqual({
    todos: [
      { text: 'read', status: 'pending' },
      { text: 'write', status: 'active' },
      { text: 'plan', status: 'done' },
    ],
    content: '1 of 3 done, 1 active, 1 pending.\n- [ ] read\n- [>] write\n- [x] plan',
  });
  expect(old).toEqual([{ text: 'old', status: 'done' }]);
});

test.each([[undefined], [null], [{}]])('%j shows the list', (given) => {
  expect(applyTodo(old, given)).toEqual({ todos: old, content: '1 of 1 done, 0 active, 0 pending.\n- [x] old' });
});

test('an empty list is allowed', () => {
  expect(applyTodo(old, { items: [] })).toEqual({ todos: [], content: 'The list is empty.' });
});

test.each<[unknown, string]>([
  ['x', '(arguments): expected an object'],
  [[], '(arguments): expected an object'],
  [{ todos: [] }, '(arguments): unknown key "todos" (known: items)'],
  [{ items: 'x' }, 'items: expected an array'],
  [{ items: Array(101).fill({ text: 'a' }) }, 'items: at most 100, got 101'],
  [{ items: [{ text: 'a' }, 'b'] }, 'items[1]: expected an object with text and status'],
  [{ items: [{ text: 'a', done: true }] }, 'items[0]: unknown key "done" (known: text, status)'],
  [{ items: [{}] }, 'items[0].text: expected text that is not empty'],
  [{ items: [{ text: ' ' }] }, 'items[0].text: expected text that is not empty'],
  [{ items: [{ text: 'a'.repeat(201) }] }, 'items[0].text: at most 200 characters, got 201'],
  [{ items: [{ text: 'a', status: 'later' }] }, 'items[0].status: expected one of pending, active, done'],
])('%j is refused: %s', (given, error) => {
  expect(applyTodo(old, given)).toEqual({ error });
});

test('refuses exactly what its schema refuses, but for blank text', () => {
  const item = fc.oneof(
    fc.record({ text: fc.string(), status: fc.constantFrom('pending', 'done', 'x') }, { requiredKeys: [] }),
    fc.record({ text: fc.string({ maxLength: 250, minLength: 150 }), extra: fc.boolean() }, { requiredKeys: ['text'] }),
    fc.jsonValue(),
  );
  const given = fc.oneof(
    fc.record({ items: fc.array(item, { maxLength: 3 }) }),
    fc.dictionary(fc.string(), fc.jsonValue()),
  );
  fc.assert(
    fc.property(given, (value) => {
      const blank = JSON.stringify(value).match(/"text":"\s+"/) !== null;
      fc.pre(!blank);
      expect('error' in applyTodo([], value)).toBe(!valid(value));
    }),
    { numRuns: 1_000 },
  );
});

test('the longest list stays below what the history takes', () => {
  const items = Array.from({ length: 100 }, () => ({ text: '語'.repeat(200) }));
  const applied = applyTodo([], { items });
  expect(Buffer.byteLength('content' in applied ? applied.content : '')).toBeLessThan(64 * 1024);
  expect('content' in applied).toBe(true);
});
