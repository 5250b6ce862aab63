import type { TodoItem } from './session';
import type { ToolSpec } from './tool';

/**
 * The `todo` tool: the run's own list of what is left to do. It lives in the workflow's state, so this file is plain
 * data and a pure function.
 */

const MAX_ITEMS = 100;
/** With 100 items in a script of three bytes a character the answer stays below 64 kB. */
const MAX_TEXT = 200;
const STATUSES = ['pending', 'active', 'done'] as const satisfies readonly TodoItem['status'][];

export const TODO_SPEC: ToolSpec = {
  name: 'todo',
  description:
    'Keeps the list of steps of this task. Give "items" to replace the whole list: write it before starting longer work and update it as steps begin and end. Without "items" it shows the list.',
  inputSchema: {
    type: 'object',
    properties: {
      items: {
        type: 'array',
        maxItems: MAX_ITEMS,
        description: 'The whole list, in order.',
        items: {
          type: 'object',
          properties: {
            text: { type: 'string', minLength: 1, maxLength: MAX_TEXT, description: 'What is to be done.' },
            status: { type: 'string', enum: [...STATUSES], default: 'pending' },
          },
          required: ['text'],
          additionalProperties: false,
        },
      },
    },
    additionalProperties: false,
  },
  effect: 'idempotent',
  quick: false,
  exclusive: false,
  timeoutMs: 1_000,
  maxAttempts: 1,
  runsIn: 'workflow',
};

export type TodoOutcome = { todos: TodoItem[]; content: string } | { error: string };

/** The list after a call, and what the model reads; or what is wrong with the arguments, by path. Changes nothing given. */
export function applyTodo(todos: readonly TodoItem[], given: unknown): TodoOutcome {
  const fields = given ?? {};
  if (!isRecord(fields)) return { error: '(arguments): expected an object' };
  const unknown = unknownKey(fields, ['items']);
  if (unknown !== undefined) return { error: `(arguments): unknown key ${JSON.stringify(unknown)} (known: items)` };
  if (fields.items === undefined) return answer([...todos]);
  if (!Array.isArray(fields.items)) return { error: 'items: expected an array' };
  if (fields.items.length > MAX_ITEMS) return { error: `items: at most ${MAX_ITEMS}, got ${fields.items.length}` };
  const items: TodoItem[] = [];
  for (const [index, value] of fields.items.entries()) {
    const item = readItem(value, `items[${index}]`);
    if (typeof item === 'string') return { error: item };
    items.push(item);
  }
  return answer(items);
}

/** The item, or what is wrong with it. */
function readItem(value: unknown, path: string): TodoItem | string {
  if (!isRecord(value)) return `${path}: expected an object with text and status`;
  const unknown = unknownKey(value, ['text', 'status']);
  if (unknown !== undefined) return `${path}: unknown key ${JSON.stringify(unknown)} (known: text, status)`;
  const { text, status = 'pending' } = value;
  if (typeof text !== 'string' || text.trim() === '') return `${path}.text: expected text that is not empty`;
  if (text.length > MAX_TEXT) return `${path}.text: at most ${MAX_TEXT} characters, got ${text.length}`;
  const known = STATUSES.find((candidate) => candidate === status);
  return known === undefined ? `${path}.status: expected one of ${STATUSES.join(', ')}` : { text, status: known };
}

function answer(todos: TodoItem[]): TodoOutcome {
  if (todos.length === 0) return { todos, content: 'The list is empty.' };
  const count = (status: TodoItem['status']): number => todos.filter((item) => item.status === status).length;
  const marks = { pending: ' ', active: '>', done: 'x' } as const;
  const lines = todos.map((item) => `- [${marks[item.status]}] ${item.text}`);
  const head = `${count('done')} of ${todos.length} done, ${count('active')} active, ${count('pending')} pending.`;
  return { todos, content: [head, ...lines].join('\n') };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unknownKey(value: Record<string, unknown>, known: string[]): string | undefined {
  return Object.keys(value)
    .find((key) => !known.includes(key))
    ?.slice(0, 50);
}
