import path from 'node:path';
import type { VendorReply } from '../../testing/vendor-server';
import { eventually } from '../fixtures/eventually';
import { useCliWithin } from './cli-within';

/** Goals and plans on the command line, beside `dev`. */

const within = useCliWithin('cli-tasks', { HOLDFAST_USER: 'ana' });
const { cli, write, saying } = within;
const file = (name: string) => path.join(within.folder, name);
let held = false;

interface Asked {
  system: string;
  messages: readonly { role: string; text?: unknown }[];
}

/** The planner plans; whoever works says what it was told, with what it was given. */
function answer({ system, messages }: Asked): VendorReply | Promise<VendorReply> {
  const last = messages.findLast(({ role }) => role === 'user');
  const text = String(last?.text ?? '');
  if (system.includes('You decompose')) {
    const nodes = [
      { id: 'facts', goal: 'Find facts', agent: 'worker', after: [] },
      { id: 'text', goal: 'Write it', agent: 'worker', after: ['facts'] },
    ];
    return { text: JSON.stringify({ nodes }) };
  }
  if (text.includes('HOLD') && held) return { text: 'late', latencyMs: 3_000 };
  const told = text.startsWith('{')
    ? (JSON.parse(text) as { task: string; inputs: object })
    : { task: text, inputs: {} };
  if (told.task === 'FAIL') return { status: 400 };
  return { text: `${told.task}[${Object.values(told.inputs).join(',')}]` };
}

beforeAll(() => {
  write('agents/worker.yaml', 'instructions: Work.\nmodel: openai/gpt-5-mini\n');
  write('agents/planner.yaml', 'instructions: You decompose goals.\nmodel: openai/gpt-5-mini\n');
  within.vendor.setScript(answer as never);
});
within.dev();

test('a goal is decomposed, its nodes are run, and its answer printed; list, status and graph show it', async () => {
  saying(false, []);
  const done = await cli('task', 'submit', 'a report', '--id', 'report');
  expect(done).toMatchObject({ code: 0, stdout: 'Write it[Find facts[]]\n' });
  expect(done.stderr).toMatch(/done\s+facts · worker[\s\S]*done\s+text · worker/);
  expect((await cli('task', 'list')).stdout).toMatch(/report\s+completed\s+.*a report/);
  expect((await cli('task', 'status', 'report')).stdout).toMatch(
    /2\/2 done[\s\S]*✓ facts[\s\S]*✓ text\s+done\s+worker\s+facts/,
  );
  expect((await cli('task', 'graph', 'report')).stdout).toMatch(
    /^flowchart TD\n {2}n0\["facts<br\/>worker<br\/>done"\][\s\S]*n0 --> n1/,
  );
  expect((await cli('task', 'graph', 'report', '--format', 'dot')).stdout).toContain('"facts" -> "text";');
  const shown = JSON.parse((await cli('task', 'status', 'report', '--json')).stdout);
  expect(shown).toMatchObject({
    id: 'report',
    status: 'completed',
    counts: { done: 2 },
    nodes: [{ id: 'facts' }, { id: 'text' }],
  });
});

test('a plan in a file is run with what is set in it; one that cannot run is refused with its code', async () => {
  const plan =
    'name: greet\nagent: worker\nnodes:\n  - { id: a, goal: "Greet {{who}}" }\n  - { id: b, goal: Shout, after: [a] }\n';
  write('greet.yaml', plan);
  saying(false, []);
  const done = await cli('task', 'submit', '-f', file('greet.yaml'), '--set', 'who=Bo', '--id', 'greet');
  expect(done).toMatchObject({ code: 0, stdout: 'Shout[Greet Bo[]]\n' });
  const unset = await cli('task', 'submit', '-f', file('greet.yaml'));
  expect(unset).toMatchObject({ code: 2, stderr: expect.stringContaining('nothing is set for {{who}}') });
  write(
    'round.yaml',
    'name: round\nagent: worker\nnodes:\n  - { id: a, goal: A, after: [b] }\n  - { id: b, goal: B, after: [a] }\n',
  );
  const round = await cli('task', 'submit', '-f', file('round.yaml'), '--json');
  expect(round.code).toBe(2);
  expect(JSON.parse(round.stderr.trim().split('\n').at(-1) ?? '')).toMatchObject({ error: { code: 'Plan.Cycle' } });
});

test('a running plan is paused, amended, changed and resumed; a node that failed is named', async () => {
  held = true;
  const plan =
    'name: live\nagent: worker\nonFailure: skip\nnodes:\n  - { id: a, goal: HOLD }\n  - { id: b, goal: FAIL, after: [a] }\n  - { id: c, goal: C, after: [b] }\n';
  write('live.yaml', plan);
  saying(false, []);
  const accepted = await cli('task', 'submit', '-f', file('live.yaml'), '--id', 'live', '--detach');
  expect(accepted).toMatchObject({ code: 0, stdout: 'live\n' });
  await eventually(async () =>
    expect((await cli('task', 'status', 'live', '--json')).stdout).toContain('"running": 1'),
  );
  expect((await cli('task', 'pause', 'live', '--reason', 'look')).stdout).toBe('live pauses\n');
  write('more.yaml', 'add:\n  - { id: d, goal: D, after: [a] }\nremove: [c]\n');
  expect((await cli('task', 'amend', 'live', '-f', file('more.yaml'))).stdout).toBe('+ d\n- c\n');
  expect((await cli('task', 'change', 'live', 'd', '--priority', '1')).stdout).toBe('d is changed\n');
  expect(await cli('task', 'retry', 'live', 'd')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Plan.Illegal'),
  });
  expect((await cli('task', 'resume', 'live')).stdout).toBe('live goes on\n');
  held = false;
  const over = await cli('task', 'watch', 'live');
  expect(over.code).toBe(0);
  expect(over.stdout).toMatch(/"d": "D\[late\]"[\s\S]*missing: b \(failed\)/);
  expect(await cli('task', 'cancel', 'nothing')).toMatchObject({ code: 2 });
});

test('one agent over many inputs: a line for each, and given again nothing is done twice', async () => {
  write('items.txt', 'one\n\ntwo\nFAIL\n');
  saying(false, []);
  const first = await cli('task', 'batch', 'worker', file('items.txt'), '--id', 'many', '--parallel', '2');
  expect(first.code).toBe(1);
  const lines = first.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toMatchObject([
    { item: 1, status: 'done', output: 'one[]' },
    { item: 2, status: 'done', output: 'two[]' },
    { item: 3, status: 'failed', reason: expect.stringContaining('Model.') },
  ]);
  const asked = within.vendor.requests.length;
  const again = await cli('task', 'batch', 'worker', file('items.txt'), '--id', 'many', '--parallel', '2');
  expect(again.stdout).toBe(first.stdout);
  expect(within.vendor.requests.length).toBe(asked);
  expect(await cli('task', 'batch', 'worker', file('nothing.txt'))).toMatchObject({ code: 2 });
});

test('templates of the project are listed, shown, rendered and run; a dry run does nothing', async () => {
  const plan = (version: number) => `name: notes
version: ${version}
description: Notes of a thing.
parameters: { thing: { description: what }, times: { type: number, default: 2 } }
agent: worker
nodes:
  - { id: a, goal: "Note {{thing}} {{times}}", memory: true }
`;
  write('plans/notes-9.yaml', plan(9));
  write('plans/notes-10.yaml', plan(10));
  expect((await cli('task', 'template', 'list')).stdout).toMatch(
    /notes\s+10\s+thing times=2\s+Notes[^\n]*\n.*notes\s+9/,
  );
  expect((await cli('task', 'template', 'show', 'notes@9')).stdout).toContain('version: 9');
  const render = ['task', 'template', 'render', 'notes', '--set', 'thing=x'];
  expect(JSON.parse((await cli(...render, '--json')).stdout)).toEqual({
    name: 'notes',
    version: '10',
    agent: 'worker',
    nodes: [{ id: 'a', goal: 'Note x 2', memory: true }],
  });
  expect((await cli(...render, '--set', 'times=often')).stderr).toContain('"often" is no number');
  expect((await cli('task', 'template', 'render', 'none')).stderr).toContain('notes@10, notes@9');
  expect((await cli('task', 'submit', 'goal', '--template', 'notes')).code).toBe(2);

  const submit = ['task', 'submit', '--template', 'notes', '--set', 'thing=x'];
  const before = within.vendor.requests.length;
  const dry = await cli(...submit, '--dry-run', '--id', 'dry');
  expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('dry run: nothing was done. 1 nodes') });
  expect(within.vendor.requests).toHaveLength(before);
  expect(await cli(...submit, '--id', 'real')).toMatchObject({ code: 0, stdout: 'Note x 2[]\n' });
  expect(await cli(...submit, '--id', 'again')).toMatchObject({ code: 0, stdout: 'Note x 2[]\n' });
  expect(within.vendor.requests).toHaveLength(before + 1);
  await cli(...submit, '--id', 'fresh', '--fresh');
  expect(within.vendor.requests).toHaveLength(before + 2);
  expect((await cli('task', 'status', 'again')).stdout).toContain('given before');
});

test('where nobody sits at a terminal a plan that waits for people is left, and one without money ends with its own code', async () => {
  write('asks.yaml', 'name: asks\nagent: worker\nnodes:\n  - { id: a, goal: ASKED, approval: true }\n');
  const left = await cli('task', 'submit', '-f', file('asks.yaml'), '--id', 'asks');
  expect(left).toMatchObject({ code: 3, stdout: 'asks waits for an approval\n' });
  const [, approval = ''] = /approvals approve (\S+)/.exec(left.stderr) ?? [];
  expect((await cli('approvals', 'approve', approval)).code).toBe(0);
  expect(await cli('task', 'watch', 'asks')).toMatchObject({ code: 0, stdout: 'ASKED[]\n' });
  write('poor.yaml', 'name: poor\nagent: worker\nnodes:\n  - { id: a, goal: POOR, budgetUsd: 0.0000001 }\n');
  expect((await cli('task', 'submit', '-f', file('poor.yaml'), '--id', 'poor')).code).toBe(4);
  saying(true, []);
  write('slow.yaml', 'name: slow\nagent: worker\nnodes:\n  - { id: a, goal: HOLD }\n');
  held = true;
  await cli('task', 'submit', '-f', file('slow.yaml'), '--id', 'slow', '--detach');
  await cli('task', 'cancel', 'slow');
  expect(await cli('task', 'watch', 'slow')).toMatchObject({ code: 5, stdout: expect.stringContaining('cancelled') });
});
