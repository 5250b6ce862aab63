import { followRun, type LiveText, type RunView } from '../../../apps/cli/follow/follow-run';
import type { PendingAttempt } from '../../../apps/cli/follow/pending-attempts';
import type { Progress } from '../../../apps/cli/follow/progress';
import type { AssistantMessage, Message, ToolMessage } from '../../../protocol/messages';
import type { SessionStateView, TodoItem } from '../../../protocol/session';
import { NO_USAGE } from '../../../protocol/usage';

const user = (text: string): Message => ({ role: 'user', content: [{ type: 'text', text }] });
const says = (text: string, ...tools: string[]): AssistantMessage => ({
  role: 'assistant',
  content: [
    { type: 'text', text },
    ...tools.map((name) => ({ type: 'tool-call' as const, id: name, name, arguments: { path: name } })),
  ],
});
const result = (name: string, content: string, outcome: ToolMessage['outcome'] = 'ok'): ToolMessage => ({
  role: 'tool',
  callId: name,
  name,
  outcome,
  content,
  mediaType: 'text/plain',
});

/** A run at one moment. */
interface Moment {
  messages?: Message[];
  open?: boolean;
  pending?: PendingAttempt[];
  /** False: no worker answers. */
  worker?: boolean;
  todos?: TodoItem[];
  /** Position of the first message kept in this Temporal run. */
  base?: number;
  pageSize?: number;
}

/** Every description is the next moment; the last one stays. */
function fake(...moments: Moment[]): RunView & { described: number } {
  let at = -1;
  const now = (): Moment => moments[Math.min(at, moments.length - 1)] as Moment;
  const view = {
    described: 0,
    async describe() {
      at++;
      view.described++;
      return { open: now().open ?? at < moments.length - 1, pending: now().pending ?? [] };
    },
    async state() {
      return now().worker === false ? undefined : stateOf(now());
    },
    async transcript(from: number) {
      const { messages = [], base = 0, pageSize = 100 } = now();
      const start = Math.max(from, base);
      const page = messages.slice(start, start + pageSize);
      return { from: start, next: start + page.length, length: messages.length, messages: page, segments: [] };
    },
  };
  return view;
}

function stateOf({ messages = [], todos = [] }: Moment): SessionStateView {
  return {
    status: 'running',
    phase: 'model',
    agent: 'writer',
    revision: 'abc',
    model: 'simulated/rules',
    turns: messages.filter(({ role }) => role === 'assistant').length,
    toolCalls: 0,
    usage: NO_USAGE,
    costUsd: 0,
    costIncomplete: false,
    simulated: true,
    length: messages.length,
    todos,
    running: [],
    stopReason: null,
    limits: null,
    priority: null,
    variables: {},
    pause: null,
    waitsFor: [],
    actions: [],
    chat: null,
    compensation: null,
    degraded: [],
    failure: null,
  };
}

async function follow(view: RunView, options: { last?: number; signal?: AbortSignal } = {}): Promise<Progress[]> {
  const told: Progress[] = [];
  const signal = options.signal ?? new AbortController().signal;
  for await (const progress of followRun(view, { ...options, signal })) told.push(progress);
  return told;
}

const short = (told: Progress[]): string[] =>
  told.flatMap((progress) => {
    if (progress.type === 'turn-finished') return `turn ${progress.turn}: ${progress.text}`;
    if (progress.type === 'tool-finished') return `${progress.turn} ${progress.call.name} ${progress.outcome}`;
    return progress.type === 'status' ? [] : progress.type;
  });

const whole = [user('task'), says('looking', 'a', 'b'), result('a', '1'), result('b', '2', 'failed'), says('done')];

test('tells each message once, whatever the moments at which it looks', async () => {
  const moments = [
    {},
    { messages: whole.slice(0, 2) },
    { messages: whole.slice(0, 3) },
    { messages: whole },
    { messages: whole },
  ];
  expect(short(await follow(fake(...moments)))).toEqual([
    'agent-pinned',
    'user-said',
    'turn 1: looking',
    '1 a ok',
    '1 b failed',
    'turn 2: done',
  ]);
});

test('a run that is over is told whole, page by page', async () => {
  const view = fake({ messages: whole, open: false, pageSize: 2 });
  expect(short(await follow(view))).toHaveLength(6);
  expect(view.described).toBe(1);
});

test('a tool is told with the arguments of its call', async () => {
  const told = await follow(fake({ messages: whole, open: false }));
  expect(told.find(({ type }) => type === 'tool-finished')).toMatchObject({
    call: { id: 'a', name: 'a', arguments: { path: 'a' } },
    chars: 1,
    preview: '1',
    position: 2,
  });
});

test('totals are those of the newest turn, and only told there', async () => {
  const told = await follow(fake({ messages: whole, open: false }));
  const totals = told.flatMap((progress) => (progress.type === 'turn-finished' ? [progress.totals?.turns] : []));
  expect(totals).toEqual([undefined, 2]);
});

test('older messages can be left out, and turns keep their numbers', async () => {
  expect(short(await follow(fake({ messages: whole, open: false }), { last: 2 }))).toEqual([
    'agent-pinned',
    '1 b failed',
    'turn 2: done',
  ]);
});

test('messages of before the run continued as new are skipped, and turns keep their numbers', async () => {
  const told = await follow(fake({ messages: whole, base: 3, open: false }));
  expect(told.find(({ type }) => type === 'messages-skipped')).toEqual({ type: 'messages-skipped', count: 3 });
  expect(short(told).at(-1)).toBe('turn 2: done');
});

test('an attempt is told once, the next one again', async () => {
  const attempt = (n: number): PendingAttempt => ({
    activityId: '5',
    activity: 'invokeModel',
    attempt: n,
    nextInMs: 1_000,
    code: 'Model.RateLimited',
    message: 'slow down',
  });
  const told = await follow(fake({ pending: [attempt(2)] }, { pending: [attempt(2)] }, { pending: [attempt(3)] }, {}));
  const attempts = told.flatMap((progress) => (progress.type === 'attempt-failed' ? [progress] : []));
  expect(attempts).toEqual([
    {
      type: 'attempt-failed',
      activity: 'invokeModel',
      attempt: 2,
      nextInMs: 1_000,
      code: 'Model.RateLimited',
      message: 'slow down',
    },
    expect.objectContaining({ attempt: 3 }),
  ]);
});

test('a worker that goes away and comes back is told, each once', async () => {
  const told = await follow(fake({}, { worker: false }, { worker: false }, {}, {}));
  expect(short(told)).toEqual(['agent-pinned', 'worker-missing', 'worker-back']);
});

test('a single question without an answer is no news', async () => {
  expect(short(await follow(fake({}, { worker: false }, {}, { worker: false }, {})))).toEqual(['agent-pinned']);
});

test('a run that is over needs no worker', async () => {
  expect(short(await follow(fake({ worker: false, open: false })))).toEqual([]);
});

test('of a list of steps only what changed is shown', async () => {
  const [first, second]: TodoItem[] = [
    { text: 'read', status: 'active' },
    { text: 'write', status: 'pending' },
  ] as const satisfies TodoItem[];
  const later: TodoItem[] = [{ text: 'read', status: 'done' }, second as TodoItem];
  const told = await follow(
    fake({ todos: [first as TodoItem, second as TodoItem] }, { todos: later }, { todos: later }, { todos: [] }),
  );
  const changes = told.flatMap((progress) => (progress.type === 'todos-changed' ? [progress.changed] : []));
  expect(changes).toEqual([[first, second], [later[0]], []]);
});

test('leaving ends it at once, and nothing more is asked', async () => {
  const leaving = new AbortController();
  const view = fake({ open: true });
  setTimeout(() => leaving.abort(), 30);
  const started = Date.now();
  await follow(view, { signal: leaving.signal });
  expect(Date.now() - started).toBeLessThan(1_000);
  const asked = view.described;
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(view.described).toBe(asked);
});

test('the end of the run cuts a pause short, and does so once', async () => {
  const view = fake(...Array.from({ length: 12 }, () => ({ open: true })), { open: false });
  const started = Date.now();
  for await (const _ of followRun(view, {
    signal: new AbortController().signal,
    ended: Promise.reject(new Error('x')),
  }));
  // Twelve pauses that grow from 60 ms: were each cut short, the server would be asked without any.
  expect(Date.now() - started).toBeGreaterThan(500);
}, 20_000);

test('a failing description ends it with the error', async () => {
  const view = { ...fake({}), describe: () => Promise.reject(new Error('gone')) };
  await expect(follow(view)).rejects.toThrow('gone');
});

/** A model that says a word every 20 ms, as a bus would bring it; at the end of each turn there is news. */
function speaking(words: string[]): LiveText {
  let told = 0;
  let said = 0;
  let news = false;
  let wake: () => void = () => undefined;
  const timer = setInterval(() => {
    said++;
    if (said > words.length) {
      clearInterval(timer);
      news = true;
    }
    wake();
  }, 20);
  return {
    *tell() {
      for (; told < Math.min(said, words.length); told++) {
        yield { type: 'text-delta', turn: 1, attempt: 1, kind: 'text', offset: told, text: words[told] ?? '' };
      }
    },
    changed: () =>
      new Promise((resolve) => {
        wake = resolve;
      }),
    takeNews() {
      const was = news;
      news = false;
      return was;
    },
  };
}

test('what the model says is told in the pauses, each word once, and news ends a pause', async () => {
  const quiet = Array.from({ length: 8 }, () => ({ open: true }));
  const view = fake(
    ...quiet,
    { messages: whole.slice(0, 1), open: true },
    { messages: whole.slice(0, 1), open: false },
  );
  const words = Array.from({ length: 12 }, (_, at) => `w${at}`);
  const told: Progress[] = [];
  const options = { signal: new AbortController().signal, live: speaking(words) };
  for await (const progress of followRun(view, options)) told.push(progress);
  expect(told.flatMap((progress) => (progress.type === 'text-delta' ? progress.text : []))).toEqual(words);
});

test('news of the transcript is looked at soon, however long the pauses have become', async () => {
  const open = Array.from({ length: 40 }, () => ({ open: true }));
  const view = fake(...open, { open: false });
  let wake: () => void = () => undefined;
  let news = false;
  const live: LiveText = {
    tell: () => [],
    changed: () =>
      new Promise((resolve) => {
        wake = resolve;
      }),
    takeNews: () => {
      const was = news;
      news = false;
      return was;
    },
  };
  const leaving = new AbortController();
  const following = (async () => {
    for await (const _ of followRun(view, { signal: leaving.signal, live }));
  })();
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  const before = view.described;
  news = true;
  wake();
  await new Promise((resolve) => setTimeout(resolve, 120));
  expect(view.described).toBeGreaterThan(before);
  leaving.abort();
  await following;
});
