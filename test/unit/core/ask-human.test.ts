import type { ApprovalOutcome, ApprovalRequest } from '../../../protocol/approval';
import { ASK_HUMAN_SPEC } from '../../../protocol/ask-human';
import type { ToolMessage } from '../../../protocol/messages';
import { coded, type DriveOptions, drive } from '../../fixtures/drive';

const vote = { by: 'bo', as: 'anyone', at: 0, signed: false, verdict: 'approve' } as const;

/** What the model is told after it asked, and what people were asked. */
async function asks(args: object, outcome: Partial<ApprovalOutcome> | Error, more: Partial<DriveOptions> = {}) {
  const requests: Omit<ApprovalRequest, 'run'>[] = [];
  const call = { type: 'tool-call' as const, id: 'q', name: 'ask_human', arguments: args };
  const { messages } = await drive({
    agent: { tools: [ASK_HUMAN_SPEC] },
    answers: [[call], 'done'],
    askApproval: async (_id, request) => {
      requests.push(request);
      if (outcome instanceof Error) throw outcome;
      return { verdict: 'approved', votes: [vote], ...outcome } as ApprovalOutcome;
    },
    ...more,
  });
  const told = messages.find((message): message is ToolMessage => message.role === 'tool');
  return { told: [told?.outcome, told?.content], request: requests[0] };
}

const question = { question: 'Which\ncolour?' };

test('the answer is the result, with who gave it and why', async () => {
  expect((await asks(question, { answer: 'red' })).told).toEqual(['ok', 'bo answered: red']);
  expect((await asks(question, { answer: { n: 1 }, reason: 'it is so' })).told).toEqual([
    'ok',
    'bo answered: {"n":1}\n(it is so)',
  ]);
});

test('that nobody answers is a result too, which says what to do', async () => {
  expect((await asks(question, { verdict: 'denied', reason: 'secret' })).told).toEqual([
    'denied',
    'bo will not answer: secret. Go on without it, or say what cannot be done without it.',
  ]);
  expect((await asks(question, { verdict: 'expired', votes: [] })).told[1]).toMatch(
    /^There is no answer, the question is expired\. Go on/,
  );
});

test('a question that is wrong, or that nobody could answer, is told to the model', async () => {
  const { told, request } = await asks({ question: '' }, {});
  expect([told, request]).toEqual([['invalid-arguments', 'question: expected text'], undefined]);
  expect((await asks(question, coded('Input.Invalid'))).told).toEqual([
    'failed',
    expect.stringContaining('The question could not be asked'),
  ]);
});

test('people see the question in one line and whole, whom it is for, on whose behalf and what came from outside', async () => {
  const long = { question: `${'x'.repeat(200)}?`, options: ['a', 'b'], to: ['role:boss'] };
  const permissions = { approval: { approvers: ['user:ana'], expiresAfter: 5_000, remindEvery: 1_000 } };
  const agent = { tools: [ASK_HUMAN_SPEC], permissions };
  const { request } = await asks(long, { answer: 'a' }, { agent, requester: 'cy', tenant: 't', tainted: ['web'] });
  expect(request).toMatchObject({
    kind: 'question',
    body: long.question,
    options: ['a', 'b'],
    approvers: ['role:boss'],
    expiresAfter: 5_000,
    remindEvery: 1_000,
    requester: 'cy',
    tenant: 't',
    tainted: ['web'],
  });
  expect(request?.title).toMatch(/^tester asks: x+…$/);
  expect(request?.title).toHaveLength(120);
  expect((await asks(question, { answer: 'a' }, { agent })).request).toMatchObject({
    title: 'tester asks: Which colour?',
    approvers: ['user:ana'],
  });
});
