import { agentSummary, agentTable, agentText, pickAgent, problemLines } from '../../../apps/cli/agent-text';
import { localTime, runTable } from '../../../apps/cli/run-table';
import { type ShownRun, shownRunText } from '../../../apps/cli/show-run';
import { styleFor } from '../../../apps/cli/style';
import { table } from '../../../apps/cli/table';
import type { RunSummary } from '../../../client';
import { NO_USAGE } from '../../../protocol/usage';
import type { ShownAgent } from '../../../workers/project/inspect-project';

const plain = styleFor({ isTTY: false });
const startedAt = new Date(2026, 10, 21, 9, 5, 7);
const summary: RunSummary = {
  id: 'run-1',
  runId: 'uuid',
  agent: 'writer',
  status: 'completed',
  executionStatus: 'COMPLETED',
  costUsd: 0.5,
  startedAt,
  closedAt: new Date(startedAt.getTime() + 8_200),
  historyEvents: 21,
  parent: null,
};

test('columns are as wide as their widest cell', () => {
  const rows = [
    ['long cell', 'x'],
    ['a', ''],
  ];
  expect(table(['head', 'b'], rows, plain)).toBe('head       b\nlong cell  x\na');
});

test('runs, one a line', () => {
  const running = { ...summary, id: 'evil\u001b', agent: null, status: 'running', costUsd: null, closedAt: null };
  expect(runTable([summary, running], plain).split('\n')).toEqual([
    'run       agent   status     cost   started              took',
    'run-1     writer  completed  $0.50  2026-11-21 09:05:07  8.2 s',
    'evil\\x1b  ?       running           2026-11-21 09:05:07',
  ]);
  expect(runTable([], plain)).toBe('no runs');
  expect(localTime(startedAt)).toBe('2026-11-21 09:05:07');
});

describe('one run', () => {
  const known = {
    agent: 'writer',
    revision: '0123456789abcdef',
    model: 'openai/x',
    turns: 2,
    toolCalls: 1,
    usage: NO_USAGE,
    costUsd: 0.5,
    costIncomplete: false,
    simulated: false,
    length: 4,
  };

  test('that is over, with its answer', () => {
    const run: ShownRun = {
      ...summary,
      webUrl: 'http://ui',
      pending: [],
      result: { ...known, output: 'The answer.', stopReason: 'completed' },
      workspace: { folder: 'ws', files: [{ name: 'report.md', bytes: 10 }] },
    };
    expect(shownRunText(run, plain)).toBe(
      [
        'run-1 · completed',
        '  agent    writer · openai/x · revision 0123456789ab',
        '  started  2026-11-21 09:05:07, took 8.2 s',
        '  used     2 turns · 1 tool call · 0→0 tok · $0.50',
        '  temporal COMPLETED · 21 events',
        '  web      http://ui',
        '  wrote    ws/report.md (10 B)',
        '',
        'The answer.',
      ].join('\n'),
    );
  });

  test('that was stopped says by what', () => {
    const run: ShownRun = {
      ...summary,
      status: 'stopped',
      pending: [],
      result: { ...known, output: null, stopReason: 'max-turns' },
    };
    expect(shownRunText(run, plain).split('\n')[0]).toBe('run-1 · stopped: max-turns');
  });

  test('that runs, with what is tried again', () => {
    const state = {
      ...known,
      status: 'running',
      phase: 'tools',
      todos: [],
      running: ['files_read'],
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
    } as const;
    const pending = [
      {
        activityId: '1',
        activity: 'invokeModel',
        attempt: 3,
        nextInMs: null,
        code: 'Model.Timeout',
        message: 'x\u0007',
      },
    ];
    const run: ShownRun = {
      ...summary,
      status: 'running',
      closedAt: null,
      pending,
      state: { ...state, todos: [], running: ['files_read'] },
    };
    const text = shownRunText(run, plain);
    expect(text).toContain('  does     tools · files_read');
    expect(text).toContain('  retry    invokeModel: attempt 3 after Model.Timeout x\\x07');
    expect(text).not.toContain('took');
  });

  test('that operators hold, and what waits for it', () => {
    const held: ShownRun = {
      ...summary,
      agent: null,
      status: 'running',
      closedAt: null,
      beginsAt: startedAt,
      pending: [],
      state: {
        ...known,
        status: 'running',
        phase: 'idle',
        todos: [],
        running: [],
        stopReason: null,
        limits: null,
        priority: null,
        variables: {},
        pause: { by: 'ana', reason: 'lunch\u001b', at: 0 },
        actions: [
          { at: startedAt.getTime(), by: 'old', action: 'step', detail: 'turn' },
          { at: startedAt.getTime(), by: 'ana', action: 'steer', detail: 'be brief' },
          { at: startedAt.getTime(), by: 'bo', action: 'resume' },
          { at: startedAt.getTime(), by: 'ana', action: 'pause', reason: 'lunch' },
        ],
        chat: { title: 'Sums\u001b', finished: 2, queued: 1, working: 0, closing: true },
        failure: null,
      } as unknown as NonNullable<ShownRun['state']>,
    };
    const lines = shownRunText(held, plain).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        '  agent    ? · openai/x · revision 0123456789ab',
        '  begins   2026-11-21 09:05:07',
        '  paused   by ana: lunch\\x1b',
        '  chat     Sums\\x1b · 2 answered · 1 waiting · closing',
        '  control  2026-11-21 09:05:07 ana steer be brief',
        '  control  2026-11-21 09:05:07 bo resume',
        '  control  2026-11-21 09:05:07 ana pause “lunch”',
      ]),
    );
    // The last three of what was asked.
    expect(lines.join('\n')).not.toContain('old step');
    const state = { ...held.state, pause: { by: 'ana', at: 0 }, chat: { finished: 0, queued: 0, closing: false } };
    const plainer = shownRunText({ ...held, state: state as unknown as NonNullable<ShownRun['state']> }, plain);
    expect(plainer).toMatch(/paused {3}by ana\n {2}chat {5}0 answered · 0 waiting\n/);
  });

  test('that says how it ended', () => {
    const result = { ...known, output: null, stopReason: 'stopped', detail: 'by ana: enough\u001b' } as const;
    const text = shownRunText({ ...summary, status: 'stopped', pending: [], result }, plain);
    expect(text).toContain('run-1 · stopped\n');
    expect(text).toContain('  ended    by ana: enough\\x1b');
  });

  test('that failed, with its code and hint', () => {
    const failure = { code: 'Model.Auth', message: 'wrong key\u001b', hint: 'Check OPENAI_API_KEY.' } as const;
    const text = shownRunText({ ...summary, status: 'failed', pending: [], failure }, plain);
    expect(text).toContain('  failed   Model.Auth: wrong key\\x1b\n           Check OPENAI_API_KEY.');
  });
});

describe('agents', () => {
  const shown: ShownAgent = {
    file: 'agents/writer.yaml',
    agent: {
      name: 'writer',
      description: 'Writes.',
      instructions: 'Write\u202e well.\n',
      model: 'openai/x',
      revision: 'abcdef',
      tools: [
        {
          name: 'files_write',
          description: 'Writes a file. And more.',
          inputSchema: {},
          effect: 'idempotent',
          quick: false,
          exclusive: false,
          timeoutMs: 1,
          maxAttempts: 1,
          runsIn: 'activity',
        },
      ],
      parameters: {},
      limits: { turns: 10, toolCalls: 20, tokens: 5_000, costUsd: 2, deadline: 60_000, repeatedCalls: 5 },
      context: { keepFirst: 1 },
      output: { type: 'object' },
      outputRepairs: 2,
      parallelToolCalls: 8,
      tags: ['a', 'b'],
    },
    missingKey: 'OPENAI_API_KEY is not set',
  };

  test('in a table', () => {
    expect(agentTable([shown], plain).split('\n')[1]).toBe('writer  openai/x (no key)  1      Writes.');
    expect(agentTable([], plain)).toContain('no agents');
  });

  test('one with everything a run is pinned to', () => {
    const text = agentText(shown, plain);
    for (const part of [
      'writer · revision abcdef',
      '  limits       10 turns · 20 tool calls · 5000 tokens · $2.00 · 1 min 0 s · 5 equal calls',
      '  output       {"type":"object"}',
      '  tags         a, b',
      'OPENAI_API_KEY is not set',
      '  files_write  idempotent  Writes a file.',
      'Write\\u202e well.',
    ]) {
      expect(text).toContain(part);
    }
  });

  test('one without tools, budget or deadline says so', () => {
    const { turns, toolCalls, repeatedCalls } = shown.agent.limits;
    const bare = { file: 'x', agent: { ...shown.agent, tools: [], limits: { turns, toolCalls, repeatedCalls } } };
    expect(agentText(bare, plain)).toMatch(/no budget · no deadline[\s\S]*no tools/);
  });

  test('one with a name and instructions only has no empty rows', () => {
    const { description: _description, output: _output, ...agent } = shown.agent;
    const ready = { file: 'x', agent: { ...agent, tags: [] } };
    expect(agentText(ready, plain)).not.toMatch(/description {3}|output|tags|not set/);
    expect(agentTable([ready], plain).split('\n')[1]).toBe('writer  openai/x  1');
    expect(agentSummary(ready)).toMatchObject({ name: 'writer', description: null, ready: true });
    expect(agentSummary(shown)).toMatchObject({ description: 'Writes.', ready: false });
  });

  test('an unknown one is refused with the names there are', () => {
    expect(() => pickAgent([shown], 'riter')).toThrow(
      expect.objectContaining({ code: 'Agent.Unknown', hint: 'Known agents: writer.' }),
    );
    expect(pickAgent([shown], 'writer')).toBe(shown);
    expect(() => pickAgent([], 'writer')).toThrow(expect.objectContaining({ hint: 'Known agents: none.' }));
  });

  test('problems, each with its place and hint', () => {
    const problem = { file: 'agents/a.yaml', line: 3, path: 'limits.turns', message: 'too many\u001b', hint: 'Fewer.' };
    const checked = [
      { file: 'agents/ok.yaml', name: 'ok', problems: [] },
      { file: 'agents/a.yaml', name: null, problems: [problem, { ...problem, line: 9, hint: '' }] },
    ];
    expect(problemLines(checked, plain)).toEqual([
      'ok   agents/ok.yaml · ok',
      'bad  agents/a.yaml:3: limits.turns: too many\\x1b',
      '       Fewer.',
      'bad  agents/a.yaml:9: limits.turns: too many\\x1b',
    ]);
    expect(problemLines([], plain)).toEqual(['no agents']);
  });
});
