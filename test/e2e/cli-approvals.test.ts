import path from 'node:path';
import type { VendorReply } from '../../testing/vendor-server';
import { useCliWithin } from './cli-within';

/** What people are asked on the command line, beside `dev`, with signed decisions and a directory of people. */

const within = useCliWithin('cli-approvals', { HOLDFAST_USER: 'ana', HOLDFAST_APPROVAL_KEY: 'k-1' });
const { cli, saying, write } = within;
const pay = (text: string) => ({ toolCalls: [{ id: 'a', name: 'pay', arguments: { text } }] });
/** By how far the conversation is: an attempt that is repeated gets the same answer. */
const inTurn =
  (...replies: VendorReply[]) =>
  ({ turn }: { turn: number }): VendorReply =>
    replies[turn] ?? { text: 'too far' };
const TOOL = `import { defineTool } from 'holdfast';
import { z } from 'zod';
export default defineTool({
  name: 'pay', description: 'pays', input: z.object({ text: z.string() }), effect: 'idempotent',
  execute: ({ text }) => 'paid ' + text,
});`;

beforeAll(() => {
  write('holdfast.yaml', 'version: 1\npeople:\n  ana: { roles: [boss] }\n  eve: {}\n');
  write('tools/pay.ts', TOOL);
  write(
    'agents/clerk.yaml',
    'instructions: Pay.\nmodel: openai/gpt-5-mini\ntools: [pay, ask_human]\npermissions: { approval: { approvers: ["role:boss"] } }\n',
  );
});
within.dev();

test('where nobody can be asked a run is left waiting; it is found, looked at, changed, approved and followed to its end', async () => {
  within.vendor.setScript(inTurn(pay('100 \u001b[31mred'), { text: 'Done.' }));
  saying(false, []);
  const left = await cli('run', 'clerk', 'pay bob', '--id', 'march');
  expect(left).toMatchObject({ code: 3, stdout: 'march waits for an approval\n' });
  expect(left.stderr).toMatch(
    /waits for people: clerk: pay[\s\S]*approvals approve march\/ask-1[\s\S]*runs watch march/,
  );
  expect(left.stderr).not.toContain('\u001b[31m');

  saying(false, []);
  const watched = await cli('runs', 'watch', 'march', '--json');
  expect(watched.code).toBe(3);
  expect(JSON.parse(watched.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
    id: 'march',
    status: 'waiting',
    waitsFor: [{ id: 'march/ask-1' }],
  });
  expect((await cli('runs', 'show', 'march')).stdout).toMatch(/waiting[\s\S]*waits for\s+march\/ask-1/);
  expect((await cli('runs', 'list', '--status', 'waiting')).stdout).toContain('march');

  const listed = await cli('approvals', 'list', '--for', 'role:boss', '--json');
  expect(JSON.parse(listed.stdout)).toMatchObject([{ id: 'march/ask-1', kind: 'tool-call', tool: 'pay', open: true }]);
  expect((await cli('approvals', 'list', '--for', 'eve')).stdout).toBe('nothing waits for an approval\n');
  expect((await cli('__complete', '--', 'approvals', 'show', 'ma')).stdout).toContain('march/ask-1');
  const { stdout: shown } = await cli('approvals', 'show', 'march/ask-1');
  expect(shown).toMatch(/march\/ask-1 · open[\s\S]*waits for 1 of role:boss[\s\S]*"text": "100 \\u001b\[31mred"/);
  const digest = /digest\s+([0-9a-f]{64})/.exec(shown)?.[1] ?? '';

  write('wrong.json', '{"text": 5}');
  write('right.json', '{"text": "50"}');
  const [wrong, right] = ['wrong.json', 'right.json'].map((name) => path.join(within.folder, name)) as [string, string];
  const approve = ['approvals', 'approve', 'march/ask-1'];
  const refusals: [string[], number, string][] = [
    [['--by', 'eve'], 1, 'Approval.NotApprover'],
    [['--by', 'eve', '--as', 'role:boss'], 1, 'Approval.NotApprover'],
    [['--edit', wrong], 2, 'text: expected string'],
    [['--edit', path.join(within.folder, 'none.json')], 2, 'ENOENT'],
    [['--digest', 'f'.repeat(64)], 1, 'Approval.Stale'],
    [['--remember', 'other(x=1)'], 2, 'the rule is about other'],
  ];
  for (const [flags, code, told] of refusals) {
    expect(await cli(...approve, ...flags)).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(told) });
  }
  const approved = await cli(...approve, '--edit', right, '--digest', digest, '--reason', 'half of it');
  expect(approved).toMatchObject({ code: 0, stdout: expect.stringContaining('march/ask-1: approved') });
  expect((await cli('runs', 'watch', 'march')).stdout).toBe('Done.\n');
  const after = (await cli('approvals', 'show', 'march/ask-1')).stdout;
  expect(after).toMatch(
    /approved[\s\S]*ana \(role:boss\): approve, half of it[\s\S]*- {3}"text": "100[\s\S]*\+ {3}"text": "50"/,
  );
  expect(await cli(...approve)).toMatchObject({ code: 2, stderr: expect.stringContaining('Approval.Decided') });
  expect(await cli('approvals', 'deny', 'nothing')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Approval.Unknown'),
  });
}, 180_000);

test('at a terminal it is asked there: a question is answered, a call denied, and the run goes on', async () => {
  const question = { question: 'Which colour?', options: ['red', 'blue'] };
  const asking = { toolCalls: [{ id: 'q', name: 'ask_human', arguments: question }] };
  within.vendor.setScript(inTurn(asking, pay('100'), { text: 'Blue it is.' }));
  saying(true, [
    [/Which colour\?[\s\S]*- blue[\s\S]*answer \(empty/, 'blue'],
    [/approve\? \[y\]es/, 'n'],
  ]);
  const { code, stdout, stderr } = await cli('run', 'clerk', 'choose', '--id', 'april');
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'Blue it is.\n' });
  expect(stderr).toMatch(/✓ ask_human[\s\S]*✗ pay[\s\S]*denied: The approval was denied by ana/);
  const settled = JSON.parse((await cli('approvals', 'list', '--run', 'april', '--all', '--json')).stdout);
  expect(settled.map(({ kind, open }: { kind: string; open: boolean }) => [kind, open])).toEqual([
    ['tool-call', false],
    ['question', false],
  ]);
}, 120_000);
