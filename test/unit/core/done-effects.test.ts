import { compensationText, undoSpecOf } from '../../../protocol/compensation';
import type { ToolOutcome } from '../../../protocol/messages';
import { policyProblems } from '../../../protocol/permissions/policy-problems';
import { ruleOn } from '../../../protocol/permissions/verdict';
import { DoneEffects } from '../../../workflows/done-effects';
import { answered } from '../../../workflows/run-calls';
import { toolSpec } from '../../fixtures/agents';

const input = (text: string) => ({
  turn: 1,
  callId: text.slice(0, 8),
  name: 'pay',
  arguments: { text },
  idempotencyKey: 'unused',
  agent: 'a',
  firstRunId: 'r',
});
const outcomes: ToolOutcome[] = ['ok', 'failed', 'timed-out', 'cancelled', 'outcome-unknown', 'denied', 'unavailable'];

function noted(effect: 'read' | 'idempotent' | 'once', undoes: boolean) {
  const effects = new DoneEffects();
  const spec = toolSpec('pay', { effect, ...(undoes && { undoes: true as const }) });
  for (const outcome of outcomes)
    effects.note(spec, input(outcome), answered({ id: 'c', name: 'pay' }, outcome, 'x'), 'k');
  return effects.state.done.map(({ callId, result }) => `${callId}${result ? '' : '?'}`);
}

test('what took effect is noted, what may have is in doubt, and what did not is neither', () => {
  expect(noted('once', true)).toEqual(['ok', 'timed-ou?', 'outcome-?']);
  expect(noted('once', false)).toEqual(['ok', 'timed-ou?', 'outcome-?']);
  expect(noted('idempotent', true)).toEqual(['ok', 'timed-ou?', 'cancelle?', 'outcome-?']);
  expect(noted('idempotent', false)).toEqual([]);
  expect(noted('read', false)).toEqual([]);
});

test('what is too much is put away in pieces, in order, and never lost', async () => {
  const effects = new DoneEffects();
  const spec = toolSpec('pay', { effect: 'once' });
  for (let at = 0; at < 12; at++) {
    const text = `${at} ${'x'.repeat(at % 4 === 0 ? 60_000 : 9_000)}`;
    effects.note(spec, input(text), answered({ id: 'c', name: 'pay' }, 'ok', 'y'), 'k');
  }
  const kept: string[] = [];
  const sizes: number[] = [];
  await effects.fit(async (some) => {
    kept.push(...some.map(({ arguments: args }) => (args as { text: string }).text.split(' ')[0] as string));
    sizes.push(JSON.stringify(some).length);
    return { id: `sha256:${kept.length}`, bytes: 1, mediaType: 'application/json' };
  });
  const { done, archived, count } = new DoneEffects(effects.state).state;
  const left = done.map(({ arguments: args }) => (args as { text: string }).text.split(' ')[0] as string);
  expect([...kept, ...left]).toEqual(Array.from({ length: 12 }, (_, at) => `${at}`));
  expect(archived).toHaveLength(sizes.length);
  expect(count).toBe(12);
  expect(Math.max(...sizes)).toBeLessThan(70_000);
  expect(JSON.stringify(done).length).toBeLessThanOrEqual(48_000);
});

test('the undo of a tool is a tool of its own to the rules', () => {
  const inputSchema = { type: 'object', properties: { text: { type: 'string' } } };
  const pay = toolSpec('pay', { effect: 'idempotent', undoes: true, inputSchema });
  const undo = undoSpecOf(pay);
  const ruling = (policy: Parameters<typeof policyProblems>[0], spec = undo) =>
    ruleOn([{ of: 'agent a', policy, grants: [] }], { spec, arguments: { text: 'a' }, mounts: [], tainted: false })
      .verdict;
  expect(ruling({ profile: 'strict' })).toBe('ask');
  expect(ruling({ profile: 'standard' })).toBe('ask');
  expect(ruling({ profile: 'owner' })).toBe('allow');
  expect(ruling({ profile: 'strict', allow: ['pay'] })).toBe('ask');
  expect(ruling({ profile: 'strict', allow: ['undo.pay(text=a)'] })).toBe('allow');
  expect(ruling({ profile: 'strict', allow: ['undo.pay(text=b)'] })).toBe('ask');
  expect(ruling({ profile: 'owner', deny: ['undo.*'] })).toBe('deny');
  expect(ruling({ profile: 'owner', deny: ['*'] })).toBe('deny');
  expect(policyProblems({ allow: ['undo.pay(text=a)'] }, [pay])).toEqual([]);
  expect(policyProblems({ allow: ['undo.look'] }, [pay, toolSpec('look')])).toHaveLength(1);
});

test('one sentence says what was undone, what was not, and what is still to come', () => {
  const view = { id: 'r/undo-1', undone: [{ tool: 'pay', callId: 'c', key: 'k' }], left: [], open: 0 };
  expect(compensationText({ ...view, status: 'completed' })).toBe('undone: pay');
  const left = [{ tool: 'mail', callId: 'c', because: 'the tool has no undo' }];
  expect(compensationText({ ...view, left, status: 'running', open: 3 })).toBe(
    'undone: pay; not undone: mail (the tool has no undo); still being undone: r/undo-1 (3 effects)',
  );
});
