import { letterTable, letterText } from '../../../apps/cli/dead-text';
import { receiptText } from '../../../apps/cli/receipt-text';
import { styleFor } from '../../../apps/cli/style';
import type { DeadLetterView, StopReceipt } from '../../../client';

const plain = styleFor({ isTTY: false });
const at = new Date(2026, 10, 21, 9, 5, 7);

const view: DeadLetterView = {
  letter: {
    kind: 'tool',
    title: 'send {"to":"bo"}',
    cause: 'the service\nis away',
    run: 'run-1',
    work: { activity: 'tool.send', input: { arguments: { to: 'bo' } }, timeoutMs: 1_000, maxAttempts: 2 },
  },
  at: at.getTime(),
  attempts: [{ by: 'ana', at: at.getTime(), failure: 'still away' }],
  end: { how: 'discarded', by: 'bob', reason: 'too late', at: at.getTime() },
};

test('a dead letter tells its cause, its payload, what was tried and how it ended, on lines of their own', () => {
  const lines = letterText(view).split('\n');
  expect(lines).toHaveLength(6);
  expect(lines[2]).toMatch(/^cause: the service.*is away$/);
  expect(lines[3]).toContain('"to":"bo"');
  expect(lines[4]).toMatch(/^retried by ana .*: still away$/);
  expect(lines[5]).toMatch(/^discarded by bob .*: too late$/);
});

test('a list of dead letters is a table, or says that there are none', () => {
  expect(letterTable([], plain)).toBe('nothing was given up');
  const row = { id: 'dead/tool/1', kind: 'tool' as const, title: 'send', cause: null, run: 'run-1', agent: null };
  expect(letterTable([{ ...row, status: 'dead', at }], plain)).toMatch(/dead\/tool\/1 +tool +run-1 +dead +2026-11-21/);
});

const receipt: StopReceipt = {
  state: 'holding',
  order: { by: 'ana', reason: 'drill', query: 'x' },
  orderedAt: 1_000,
  settledAt: 3_000,
  released: null,
  ordered: 1,
  ended: 1,
  costAfterUsd: 0.25,
  uncounted: 0,
  runs: [
    {
      id: 'run-1',
      what: 'clerk',
      by: 'stop',
      orderedAt: 1_100,
      endedAt: 2_000,
      status: 'stopped',
      costAtOrderUsd: 0.5,
      costUsd: 0.75,
    },
  ],
};

test('a receipt says what was stopped, what was spent after the order, and how it is released', () => {
  const text = receiptText('stop-1', receipt, plain);
  expect(text).toMatch(/^stop-1: 1 of 1 runs ended, \$0\.25 spent after the order\n/);
  expect(receiptText('stop-1', { ...receipt, uncounted: 2 }, plain)).toContain('after the order (not known of 2)\n');
  expect(text).toMatch(/run-1 +clerk +stop +stopped/);
  expect(text).toContain('ordered by ana: drill');
  expect(text).toContain('holdfast runs release stop-1');
  expect(receiptText('stop-1', { ...receipt, state: 'done' }, plain)).not.toContain('release');
});
