import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { styleFor } from '../../../apps/cli/style';
import { batchPlan, readItems, writeResults } from '../../../apps/cli/task/batch';
import { readMapping, readPlan } from '../../../apps/cli/task/plan-file';
import { graphOf } from '../../../apps/cli/task/plan-graph';
import { differenceText, planTable, planText, resultText } from '../../../apps/cli/task/plan-text';
import type { NodeView, PlanResult, PlanView } from '../../../client';

const style = styleFor({ isTTY: false });
const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-task-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, text: string): string => {
  writeFileSync(path.join(folder, name), text);
  return path.join(folder, name);
};
const node = (id: string, more: Partial<NodeView> = {}): NodeView => ({
  id,
  goal: 'g',
  after: [],
  tailMs: 1,
  effectivePriority: 3,
  status: 'done',
  since: 0,
  attempts: 1,
  costUsd: 0,
  tokens: 0,
  ...more,
});

test('a file is filled in with what was set, as text and nothing else', () => {
  const plan = file('p.yaml', 'name: p\nnodes:\n  - { id: a, goal: "Do {{what}} for {{ who }}" }\n');
  expect(readPlan(plan, ['what=x: [y]', 'who=Bo'])).toEqual({
    name: 'p',
    nodes: [{ id: 'a', goal: 'Do x: [y] for Bo' }],
  });
  expect(() => readPlan(plan, ['what=x'])).toThrow('nothing is set for {{who}}');
  expect(() => readPlan(plan, ['what=x', 'who=b', 'why=c'])).toThrow('it has no parameter "why"');
  expect(() => readPlan(plan, ['what'])).toThrow('write name=value');
  expect(() => readMapping(file('l.yaml', '- a'))).toThrow('not a mapping');
  expect(() => readMapping(path.join(folder, 'nothing.yaml'))).toThrow('ENOENT');
});

test('a file that is no text, too large or no YAML is refused with its name, the line and what to do', () => {
  const broken = file('broken.yaml', 'name: p\nnodes: [\n');
  expect(() => readMapping(broken)).toThrow(
    expect.objectContaining({ code: 'Input.Invalid', hint: 'Mend the YAML syntax.' }),
  );
  expect(() => readMapping(broken)).toThrow(/broken\.yaml:\d: /);
  const latin = file('latin.yaml', '');
  writeFileSync(latin, Buffer.from('goal: caf\u00e9\n', 'latin1'));
  expect(() => readMapping(latin)).toThrow(/latin\.yaml: is not UTF-8: byte \d+, in line 1/);
  expect(() => readItems(latin)).toThrow('is not UTF-8');
  expect(() => readMapping(file('large.yaml', `goal: ${'x'.repeat(2_000_000)}\n`))).toThrow(
    expect.objectContaining({ code: 'Input.TooLarge' }),
  );
  expect(() => readItems(folder)).toThrow('is no file');
});

test('graphs for other programs', () => {
  const nodes = [node('a.b', { agent: 'worker' }), node('c', { after: ['a.b'], status: 'running' })];
  expect(graphOf(nodes, 'mermaid')).toMatch(/n0\["a\.b<br\/>worker<br\/>done"\][\s\S]*n0 --> n1/);
  expect(graphOf(nodes, 'dot')).toContain('"a.b" -> "c";');
  expect(JSON.parse(graphOf(nodes, 'json'))[1]).toEqual({ id: 'c', after: ['a.b'], status: 'running' });
});

test('a plan with its nodes, escaped', () => {
  const view: PlanView = {
    name: 'p',
    version: '2',
    goal: 'a\u001b[31mgoal',
    status: 'running',
    reason: 'why not',
    counts: { done: 1 },
    nodes: 3,
    criticalPath: Array.from({ length: 14 }, (_, at) => `n${at}`),
    spentUsd: 0.5,
    budgetUsd: 2,
    tokens: 7,
    startedAt: 0,
    paused: null,
    waitsFor: [{ id: 'p/ask-1', title: 'start?' }],
    actions: [],
  };
  const nodes = [
    node('a'),
    node('b', { status: 'failed', attempts: 3, reason: 'no', agent: 'w', costUsd: 0.1 }),
    node('c', { status: 'ready', late: true }),
  ];
  const text = planText('id', view, nodes, style);
  expect(text).toMatch(/id {2}p v2 · running · 1\/3 done · \$0\.50 of \$2\.00 · 7 tok/);
  expect(text).toMatch(
    /why not[\s\S]*waits for p\/ask-1: start\?[\s\S]*n11 → …[\s\S]*✗ b +failed +w +P3 +×3 +\$0\.10 +no[\s\S]*· c +ready, late/,
  );
  expect(text).not.toContain('\u001b[31m');
  const paused = planText(
    'id',
    { ...view, paused: { by: 'ana' }, goal: null, reason: null, budgetUsd: null },
    [],
    style,
  );
  expect(paused).toContain('paused by ana');
  expect(planText('id', null, [], style)).toContain('being planned');
  expect(planTable([], style)).toBe('no plans');
  expect(
    planTable([{ id: 'x', status: 'running', startedAt: new Date(0), closedAt: null, title: 't' }], style),
  ).toContain('running');
});

test('what came of it', () => {
  const result: PlanResult = {
    status: 'failed',
    output: { a: 1 },
    missing: [{ node: 'b', status: 'failed', reason: 'no' }],
    undone: [{ node: 'a', status: 'done' }],
    reason: 'because',
    counts: {},
    costUsd: 0,
    tokens: 0,
  };
  expect(resultText(result, style)).toBe('{\n  "a": 1\n}\nfailed: because\nmissing: b (failed): no\nundone: a: done');
  expect(resultText({ ...result, status: 'completed', output: 'text', missing: [], undone: [] }, style)).toBe('text');
  expect(resultText({ ...result, output: null, missing: [], undone: [], reason: undefined } as never, style)).toBe(
    'failed',
  );
  expect(differenceText({ added: ['a'], replaced: ['b'], removed: ['c'] }, style)).toBe('+ a\n~ b\n- c');
});

test('items of a batch', () => {
  expect(readItems(file('i.txt', 'one\r\n\ntwo\n'))).toEqual(['one', 'two']);
  expect(() => readItems(file('e.txt', '\n'))).toThrow('0 items');
  expect(() => readItems(path.join(folder, 'none'))).toThrow('ENOENT');
  expect(batchPlan('w', ['x'], 3)).toMatchObject({
    onFailure: 'skip',
    limits: { parallel: 3 },
    nodes: [{ id: 'item-1', goal: 'x' }],
  });
  expect(() => writeResults(folder, [])).toThrow('cannot be written');
});
