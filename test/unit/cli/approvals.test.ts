import { PassThrough } from 'node:stream';
import { approvalTable, approvalText, decideCommands, editLines } from '../../../apps/cli/approvals/approval-text';
import { askInline } from '../../../apps/cli/approvals/ask-inline';
import { leftWaiting, waitingLines } from '../../../apps/cli/approvals/waiting';
import { type Context, createContext } from '../../../apps/cli/context';
import { Output } from '../../../apps/cli/output';
import { styleFor } from '../../../apps/cli/style';
import type { HoldfastClient } from '../../../client';
import type { ApprovalRequest, ApprovalView } from '../../../protocol/approval';
import { HoldfastError } from '../../../protocol/failures';

const style = styleFor({ isTTY: false });
const request: ApprovalRequest = { kind: 'tool-call', title: 'clerk: pay', run: 'march', digest: 'd1' };

function viewOf(asked: Partial<ApprovalRequest> = {}, more: Partial<ApprovalView> = {}): ApprovalView {
  const fresh = { stage: 0, votes: [], refused: [], openedAt: 0, approvers: ['role:boss'], missing: 1 };
  return { ...fresh, expiresAt: null, outcome: null, request: { ...request, ...asked }, ...more } as ApprovalView;
}

/** What is written, and a context that writes it. */
function told(more: { json?: boolean } = {}) {
  const written: string[] = [];
  const sink = { write: (text: string) => written.push(text) };
  const out = new Output({ ...more, stdout: sink, stderr: sink, env: {} });
  const context: Context = { ...createContext({}, {}), out, placeFlags: ' --home h' };
  return { context, text: () => written.join('') };
}

test('the list: what is open by its kind, what is over as closed, nothing that acts on a terminal', () => {
  expect(approvalTable([], style)).toBe('nothing waits for an approval');
  const one = { title: 'a\u001b[31mb', run: 'r', agent: null, tool: null, because: null, requester: null };
  const all = { ...one, approvers: ['user:ana'], askedAt: new Date(0) };
  const text = approvalTable(
    [
      { ...all, id: 'r/ask-1', kind: 'question', open: true },
      { ...all, id: 'r/ask-2', kind: null, open: true },
      { ...all, id: 'r/ask-3', kind: 'plan', open: false },
    ],
    style,
  );
  expect(text).toMatch(/ask-1 +question[\s\S]*ask-2 +\?[\s\S]*ask-3 +closed/);
  expect(text).not.toContain('\u001b[31m');
});

test('one that is open: who asks for whom, why, what came from outside, until when and what is to be decided', () => {
  const asked = {
    agent: 'clerk',
    requester: 'bo',
    because: 'profile strict asks',
    tainted: ['web'],
    body: 'More of it',
    options: ['red', 'blue'],
    arguments: { text: 'x'.repeat(30_000) },
  };
  const refused = [{ by: 'eve', at: 0, code: 'Approval.NotApprover', message: 'no' }] as ApprovalView['refused'];
  const text = approvalText('march/ask-1', viewOf(asked, { expiresAt: 86_400_000, refused }), style);
  for (const line of [
    /march\/ask-1 · open/,
    /run +march · agent clerk/,
    /for +bo/,
    /because +profile strict asks/,
    /outside +content was read from web/,
    /waits for +1 of role:boss/,
    /until +1970-01-02/,
    /refused +eve: Approval\.NotApprover: no/,
    /More of it\n\n {2}- red\n {2}- blue/,
    /x…$/,
  ])
    expect(text).toMatch(line);
});

test('one that is decided: by whom, with which answer, and nothing of waiting', () => {
  const votes = [{ by: 'ana', as: 'role:boss', verdict: 'approve', at: 0, signed: true }] as ApprovalView['votes'];
  const outcome = { verdict: 'approved', answer: { colour: 'red' }, votes } as unknown as ApprovalView['outcome'];
  const text = approvalText('q', viewOf({}, { votes, outcome, expiresAt: 5 }), style);
  expect(text).toMatch(
    /q · approved[\s\S]*decided +1970-01-01.* ana \(role:boss\): approve\n[\s\S]*answer +\{"colour":"red"\}/,
  );
  expect(text).not.toMatch(/waits for|until/);
  const expired = viewOf({}, { outcome: { verdict: 'expired', reason: 'nobody came', votes: [] } as never });
  expect(approvalText('q', expired, style)).toMatch(/q · expired[\s\S]*result +nobody came/);
});

test('an edit is shown line by line', () => {
  expect(editLines({ a: 1, b: 2 }, { a: 1, b: 3 }, style).join('\n')).toMatch(
    /^ {2}\{\n.*"a": 1,\n- .*"b": 2\n\+ .*"b": 3/,
  );
});

test.each<[string, string]>([
  ['question', 'answer q'],
  ['effect', 'answer q'],
  ['tool-call', 'approve q'],
])('a %s is decided with `approvals %s`', (kind, command) => {
  const { context } = told();
  const [yes, no] = decideCommands(context, 'q', kind);
  expect(yes).toMatch(new RegExp(`approvals ${command}.* --home h$`));
  expect(no).toMatch(/approvals deny q --home h$/);
});

test('a run that is left waiting says how it goes on: as text, as a document, as a line', () => {
  const waits = [{ id: 'march/ask-1', title: 'pay?' }];
  const left = (json: boolean, stream: boolean, carriesOn: boolean) => {
    const { context, text } = told({ json });
    expect(leftWaiting(context, { id: 'march' }, waits, { stream, carriesOn })).toBe(3);
    return text();
  };
  expect(left(false, false, false)).toMatch(
    /march waits for an approval\n.*goes on with .* dev --home h\n.*runs watch march/,
  );
  expect(left(false, false, true)).not.toContain('goes on with');
  expect(left(true, false, true)).toMatch(/"status": "waiting"/);
  expect(left(true, true, true)).toMatch(/^\{"type":"run-waiting",.*"id":"march"/);
  const { context } = told();
  expect(waitingLines(context, { id: 'q', title: 'why?', tool: 'ask_human' })[1]).toContain('approvals answer q');
  expect(waitingLines(context, { id: 'q', title: 'pay?', tool: 'pay' })[1]).toContain('approvals approve q');
});

describe('at a terminal', () => {
  /** Says `line` (nothing: only ends) to what is asked of `view`; what was decided and shown. */
  async function said(line: string | undefined, view = viewOf(), refuse?: Error) {
    const { context, text } = told();
    const decided: unknown[] = [];
    const decide =
      (verb: string) =>
      async (...given: unknown[]) => {
        if (refuse) throw refuse;
        decided.push([verb, ...given]);
      };
    const approvals = {
      get: async () => view,
      ...Object.fromEntries(['approve', 'deny', 'answer'].map((verb) => [verb, decide(verb)])),
    };
    const stdin = new PassThrough();
    if (line === undefined) stdin.end();
    else stdin.write(`${line}\n`);
    const prompt = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    const client = { approvals } as unknown as HoldfastClient;
    await askInline(context, client, { id: 'q', title: 't' }, new AbortController().signal, stdin).finally(() =>
      prompt.mockRestore(),
    );
    return { decided, text: text() };
  }
  const digest = 'd1';
  const question = viewOf({ kind: 'question' });

  test.each<[string, string | undefined, ApprovalView, unknown[]]>([
    ['yes', 'y', viewOf(), [['approve', 'q', { digest }]]],
    ['remember', 'Remember', viewOf(), [['approve', 'q', { digest, remember: 'run' }]]],
    ['no', 'no', viewOf(), [['deny', 'q', { digest }]]],
    ['anything else is the reason of a no', 'too much', viewOf(), [['deny', 'q', { digest, reason: 'too much' }]]],
    ['an empty line leaves it to others', '  ', viewOf(), []],
    ['so does Ctrl-D', undefined, viewOf(), []],
    ['a question gets what was said', ' blue ', question, [['answer', 'q', 'blue', { digest }]]],
    ['an effect is settled', 'retry', viewOf({ kind: 'effect' }), [['answer', 'q', 'retry', { digest }]]],
  ])('%s', async (_what, line, view, decided) => {
    const told = await said(line, view);
    expect(told.decided).toEqual(decided);
    expect(told.text).toContain('q · open');
  });

  test('what is decided already is not asked; a refusal is told, and ends nothing', async () => {
    const over = viewOf({}, { outcome: { verdict: 'denied', votes: [] } as never });
    expect(await said('y', over)).toEqual({ decided: [], text: '' });
    const refusal = new HoldfastError('Approval.NotApprover', 'not you');
    expect((await said('y', viewOf(), refusal)).text).toContain('Approval.NotApprover: not you');
    await expect(said('y', viewOf(), new Error('bug'))).rejects.toThrow('bug');
  });
});
