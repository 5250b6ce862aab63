import { randomUUID } from 'node:crypto';
import type { AgentDefinition } from '../../protocol/agent';
import type { NotifyApprovalInput } from '../../protocol/approval';
import { signatureOf } from '../../protocol/decision-signature';
import { type ScriptedStep, scriptedModel } from '../../testing/scripted-model';
import { eventually } from '../fixtures/eventually';
import { grow } from '../fixtures/grow';
import { notingTool } from '../fixtures/test-tools';
import { type TestWorkerOptions, useTemporal } from '../setup/test-worker';

const temporal = useTemporal('approvals');
const pay = (text: string): ScriptedStep => ({ toolCalls: [{ name: 'pay', arguments: { text } }] });
const last: ScriptedStep = ({ messages }) => ({ text: JSON.stringify(messages.at(-1)) });

function desk(steps: ScriptedStep[], permissions: AgentDefinition['permissions'] = {}, more: TestWorkerOptions = {}) {
  const { tool, calls } = notingTool('pay', { effect: 'idempotent' });
  const noted = () => calls.map(({ text }) => text);
  const agent: AgentDefinition = {
    name: 'clerk',
    instructions: 'Pay.',
    model: 'scripted/steps',
    tools: ['pay', 'ask_human'],
    permissions: { profile: 'strict', ...permissions },
  };
  const options: TestWorkerOptions = { agents: [agent], tools: [tool], providers: [scriptedModel(steps)], ...more };
  return { options, noted };
}

async function waitingApproval(run: string): Promise<string> {
  let id = '';
  await eventually(async () => {
    const [open] = await temporal.holdfast.approvals.list({ run });
    expect(open).toBeDefined();
    id = open?.id ?? '';
  });
  return id;
}

test('a call the policy does not allow waits for a person, is found in the inbox, and runs once it is approved', async () => {
  const { options, noted } = desk([pay('10 to bob'), last], { approval: { approvers: ['role:boss'] } });
  await temporal.during(options, async () => {
    const run = await temporal.holdfast.start('clerk', { id: 'asked-asks', input: 'pay bob', requester: 'ana' });
    const id = await waitingApproval('asked-asks');
    expect(noted()).toEqual([]);
    expect(await run.state()).toMatchObject({ status: 'waiting', waitsFor: [{ id, tool: 'pay' }] });
    await eventually(async () => expect((await temporal.holdfast.describe('asked-asks')).status).toBe('waiting'));
    const [summary] = await temporal.holdfast.approvals.list({ for: 'role:boss', run: 'asked-asks' });
    expect(summary).toMatchObject({ id, agent: 'clerk', tool: 'pay', requester: 'ana', open: true });
    expect(await temporal.holdfast.approvals.list({ for: 'role:other', run: 'asked-asks' })).toEqual([]);

    await expect(temporal.holdfast.approvals.approve(id, { by: 'eve' })).rejects.toMatchObject({
      code: 'Approval.NotApprover',
    });
    await temporal.holdfast.approvals.approve(id, { by: 'bo', as: 'role:boss', reason: 'fine' });
    expect((await run.result()).output).toContain('pay');
    expect(noted()).toEqual(['10 to bob']);
    const { outcome } = await temporal.holdfast.approvals.get(id);
    expect(outcome).toMatchObject({ verdict: 'approved', votes: [{ by: 'bo', as: 'role:boss', reason: 'fine' }] });
    await expect(temporal.holdfast.approvals.deny(id, { by: 'bo' })).rejects.toMatchObject({
      code: 'Approval.Decided',
    });
    expect(await temporal.holdfast.approvals.list({ run: 'asked-asks' })).toEqual([]);
    expect(await temporal.holdfast.approvals.list({ run: 'asked-asks', all: true })).toHaveLength(1);
  });
});

test('what is denied is a result the model reads; a rule that forbids asks nobody', async () => {
  const { options, noted } = desk([pay('a'), pay('to evil'), last], { deny: ['pay(text=*evil*)'] });
  await temporal.during(options, async () => {
    const run = await temporal.holdfast.start('clerk', { id: 'asked-denied', input: 'pay' });
    const id = await waitingApproval('asked-denied');
    await temporal.holdfast.approvals.deny(id, { by: 'bo', reason: 'too much' });
    expect((await run.result()).output).toContain('deny pay(text=*evil*)');
    const messages = (await run.messages()).filter((message) => message.role === 'tool');
    expect(messages.map(({ outcome }) => outcome)).toEqual(['denied', 'denied']);
    expect(messages[0]?.content).toContain('denied by bo: too much');
    expect(noted()).toEqual([]);
  });
});

test('an approver may change the arguments, which are checked, and may answer for the rest of the run', async () => {
  const { options, noted } = desk([pay('100'), pay('100'), last]);
  await temporal.during(options, async () => {
    const run = await temporal.holdfast.start('clerk', { id: 'asked-edits', input: 'pay' });
    const id = await waitingApproval('asked-edits');
    const { approvals } = temporal.holdfast;
    await expect(approvals.approve(id, { by: 'bo', edit: { text: 5 } })).rejects.toMatchObject({
      code: 'Input.Invalid',
    });
    await approvals.approve(id, { by: 'bo', edit: { text: '50' }, remember: 'run' });
    await run.result();
    expect(noted()).toEqual(['50', '100']);
    const [first] = (await run.messages()).filter((message) => message.role === 'tool');
    expect(first?.content).toContain('Approved with changed arguments: {"text":"50"}');
  });
});

test('two of three, without the requester, each once', async () => {
  const approvers = ['user:ana', 'user:bo', 'user:cy'];
  const { options, noted } = desk([pay('a'), last], { approval: { approvers, quorum: 2, excludeRequester: true } });
  await temporal.during(options, async () => {
    const run = await temporal.holdfast.start('clerk', { id: 'asked-quorum', input: 'pay', requester: 'Ana' });
    const id = await waitingApproval('asked-quorum');
    const { approvals } = temporal.holdfast;
    await expect(approvals.approve(id, { by: 'ana' })).rejects.toMatchObject({ code: 'Approval.NotApprover' });
    await approvals.approve(id, { by: 'bo' });
    await expect(approvals.approve(id, { by: 'BO' })).rejects.toMatchObject({ code: 'Approval.AlreadyVoted' });
    expect(noted()).toEqual([]);
    expect(await approvals.get(id)).toMatchObject({ missing: 1 });
    await approvals.approve(id, { by: 'cy' });
    await run.result();
    expect(noted()).toEqual(['a']);
  });
});

test('time over: the next are asked, then it is denied', async () => {
  const approval = {
    approvers: ['user:bo'],
    expiresAfter: '1s',
    escalate: [{ approvers: ['user:cy'], expiresAfter: '1s' }],
  };
  const { options, noted } = desk([pay('a'), last], { approval });
  await temporal.during(options, async () => {
    const run = await temporal.holdfast.start('clerk', { id: 'asked-expires', input: 'pay' });
    const id = await waitingApproval('asked-expires');
    await eventually(async () => {
      expect(await temporal.holdfast.approvals.list({ for: 'user:cy', run: 'asked-expires' })).toHaveLength(1);
    });
    await expect(temporal.holdfast.approvals.approve(id, { by: 'bo' })).rejects.toMatchObject({
      code: 'Approval.NotApprover',
    });
    expect((await run.result()).output).toContain('expired');
    expect(noted()).toEqual([]);
  });
});

test('50 at once count once', async () => {
  const { options, noted } = desk([pay('a'), last]);
  await temporal.during(options, async () => {
    const run = await temporal.holdfast.start('clerk', { id: 'asked-crowd', input: 'pay' });
    const id = await waitingApproval('asked-crowd');
    const all = Array.from({ length: 50 }, (_, nth) => temporal.holdfast.approvals.approve(id, { by: `user-${nth}` }));
    const done = await Promise.allSettled(all);
    expect(done.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await run.result();
    expect(noted()).toEqual(['a']);
    expect((await temporal.holdfast.approvals.get(id)).votes).toHaveLength(1);
  });
});

test('a bare signal approves where nothing is signed; what is wrong with one is kept', async () => {
  const { options, noted } = desk([pay('a'), last]);
  await temporal.during(options, async () => {
    const run = await temporal.holdfast.start('clerk', { id: 'asked-signal', input: 'pay' });
    const handle = temporal.client.workflow.getHandle(await waitingApproval('asked-signal'));
    await handle.signal('decide', { by: 'bo', verdict: 'maybe' });
    await handle.signal('decide', { by: 'bo', verdict: 'approve' });
    await run.result();
    expect(noted()).toEqual(['a']);
    const view = await temporal.holdfast.approvals.get(handle.workflowId);
    expect(view.refused).toMatchObject([{ by: 'bo', code: 'Input.Invalid' }]);
  });
});

test('with a key only decisions signed for exactly this request count', async () => {
  const { options, noted } = desk([pay('a'), last], {}, { approvalKey: 'k-1' });
  await temporal.during(options, async () => {
    const run = await temporal.holdfast.start('clerk', { id: 'asked-signed', input: 'pay' });
    const id = await waitingApproval('asked-signed');
    const handle = temporal.client.workflow.getHandle(id);
    const { approvals } = temporal.holdfast;
    const { digest } = (await approvals.get(id)).request;
    await expect(approvals.approve(id, { by: 'bo' })).rejects.toMatchObject({ code: 'Approval.Signature' });
    await handle.signal('decide', { by: 'bo', verdict: 'approve' });
    const decision = { by: 'bo', verdict: 'approve' as const, digest, at: Date.now(), nonce: randomUUID() };
    const signature = signatureOf(id, decision, 'k-1');
    const attempts = [
      { ...decision, by: 'eve', signature },
      { ...decision, signature: signatureOf('another', decision, 'k-1') },
      { ...decision, signature: signatureOf(id, decision, 'k-2') },
    ];
    for (const attempt of attempts) await handle.signal('decide', attempt);
    const late = { ...decision, at: decision.at - 3_600_000 };
    await handle.signal('decide', { ...late, signature: signatureOf(id, late, 'k-1') });
    await eventually(async () => {
      const codes = (await approvals.get(id)).refused.map(({ code }) => code);
      expect(codes.sort()).toEqual([
        'Approval.Signature',
        'Approval.Signature',
        'Approval.Signature',
        'Approval.Signature',
        'Approval.Stale',
      ]);
    });
    expect(noted()).toEqual([]);
    await handle.signal('decide', { ...decision, signature });
    await run.result();
    expect(noted()).toEqual(['a']);
  });
});

test('stopping the run withdraws what it asked', async () => {
  const { options } = desk([pay('a'), last]);
  await temporal.during(options, async () => {
    const run = await temporal.holdfast.start('clerk', { id: 'asked-withdrawn', input: 'pay' });
    const id = await waitingApproval('asked-withdrawn');
    await run.as('ana').stop('never mind');
    expect((await run.result()).stopReason).toBe('stopped');
    await eventually(async () => {
      expect((await temporal.holdfast.approvals.get(id)).outcome).toMatchObject({ verdict: 'withdrawn' });
    });
  });
});

const ask = (args: object): ScriptedStep => ({ toolCalls: [{ name: 'ask_human', arguments: args }] });

test('an agent asks people: the answer is the result, and so is that there is none', async () => {
  const steps = [
    ask({ question: '' }),
    ask({ question: 'Which colour?', options: ['red', 'blue'], to: ['user:bo'] }),
    ask({ question: 'And why?' }),
    last,
  ];
  const { options } = desk(steps, { approval: { approvers: ['user:cy'] } });
  await temporal.during(options, async () => {
    const run = await temporal.holdfast.start('clerk', { id: 'questions', input: 'ask' });
    const { approvals } = temporal.holdfast;
    const first = await waitingApproval('questions');
    expect(await approvals.list({ for: 'user:bo', run: 'questions' })).toMatchObject([
      { kind: 'question', title: 'clerk asks: Which colour?', tool: 'ask_human' },
    ]);
    expect(await run.state()).toMatchObject({ status: 'waiting', waitsFor: [{ id: first, tool: 'ask_human' }] });
    await expect(approvals.approve(first, { by: 'bo' })).rejects.toMatchObject({ code: 'Input.Invalid' });
    await expect(approvals.answer(first, 'green', { by: 'bo' })).rejects.toMatchObject({ code: 'Input.Invalid' });
    await expect(approvals.answer(first, 'red', { by: 'cy' })).rejects.toMatchObject({ code: 'Approval.NotApprover' });
    await approvals.answer(first, 'red', { by: 'bo', reason: 'it is warm' });
    await eventually(async () => expect(await approvals.list({ for: 'user:cy', run: 'questions' })).toHaveLength(1));
    const [second] = await approvals.list({ run: 'questions' });
    await approvals.deny(second?.id ?? '', { by: 'cy', reason: 'ask bo' });
    await run.result();
    const results = (await run.messages()).filter((message) => message.role === 'tool');
    expect(results.map(({ outcome, content }) => [outcome, content])).toEqual([
      ['invalid-arguments', 'question: expected text'],
      ['ok', 'bo answered: red\n(it is warm)'],
      ['denied', expect.stringContaining('cy will not answer: ask bo')],
    ]);
  });
});

test('an approval nobody could give is told to the model instead of waiting for ever', async () => {
  const approval = { approvers: ['user:ana'], excludeRequester: true };
  const { options, noted } = desk([pay('a'), last], { approval });
  await temporal.during(options, async () => {
    const run = await temporal.holdfast.start('clerk', { id: 'nobody', input: 'pay', requester: 'ana' });
    expect((await run.result()).output).toContain('besides whoever asks');
    expect(noted()).toEqual([]);
  });
});

test('working hours hold a deadline back, and the notice says until when', async () => {
  const notices: NotifyApprovalInput[] = [];
  const notifier = { name: 'noting', notify: async (notice: NotifyApprovalInput) => void notices.push(notice) };
  const day = (new Date().getUTCDay() + 3) % 7;
  const workingHours = { timeZone: 'UTC', days: [day], from: '00:00', to: '24:00' };
  const { options } = desk(
    [pay('a'), last],
    { approval: { expiresAfter: '1s', workingHours } },
    { notifiers: [notifier] },
  );
  await temporal.during(options, async () => {
    const run = await temporal.holdfast.start('clerk', { id: 'hours', input: 'pay' });
    const id = await waitingApproval('hours');
    await eventually(async () => expect(notices).toHaveLength(1));
    const { expiresAt } = await temporal.holdfast.approvals.get(id);
    expect(notices[0]).toMatchObject({ event: 'asked', approval: id, expiresAt });
    expect(new Date(expiresAt ?? 0).toISOString()).toMatch(/T00:00:01\.000Z$/);
    expect((expiresAt ?? 0) - Date.now()).toBeGreaterThan(24 * 3_600_000);
    await temporal.holdfast.approvals.deny(id, { by: 'bo' });
    await run.result();
  });
});

test('what an approval carries when it continues as new is all that was said', async () => {
  const { options } = desk([]);
  const approvers = ['user:bo', 'user:cy'];
  const request = { kind: 'message', title: 'send', run: 'mail', digest: 'd', approvers, quorum: 2 };
  const openedAt = Date.now() - 60_000;
  const bo = { by: 'bo', as: 'user:bo', verdict: 'approve', at: openedAt, signed: false };
  const carried = { openedAt, stage: 0, stageSince: openedAt, reminders: 0, votes: [bo], refused: [] };
  await temporal.during(options, async () => {
    const { approvals } = temporal.holdfast;
    const { taskQueue } = temporal;
    const args = [{ ...request, carried }];
    const handle = await temporal.client.workflow.start('approval', { args, taskQueue, workflowId: 'mail/ask-1' });
    expect(await approvals.get('mail/ask-1')).toMatchObject({ openedAt, missing: 1, votes: [{ by: 'bo' }] });
    await expect(approvals.approve('mail/ask-1', { by: 'bo' })).rejects.toMatchObject({
      code: 'Approval.AlreadyVoted',
    });
    await approvals.approve('mail/ask-1', { by: 'cy' });
    expect(await handle.result()).toMatchObject({ verdict: 'approved', votes: [{ by: 'bo' }, { by: 'cy' }] });
  });
});

test('an approval flooded with decisions continues as new: who voted, who was refused, until when and the notices stay', async () => {
  const events: string[] = [];
  const notify = async ({ event }: { event: string }) => void events.push(event);
  const approvers = ['user:ana', 'user:bo', 'user:cy'];
  const approval = { approvers, quorum: 2, expiresAfter: '1h', remindEvery: '1s' };
  const { options, noted } = desk([pay('a'), last], { approval }, { notifiers: [{ name: 'noting', notify }] });
  await temporal.during(options, async () => {
    const { approvals } = temporal.holdfast;
    const run = await temporal.holdfast.start('clerk', { id: 'asked-flooded', input: 'pay' });
    const id = await waitingApproval('asked-flooded');
    await approvals.approve(id, { by: 'bo', reason: 'fine' });
    await eventually(async () => expect(events).toContain('reminded'));
    await grow(temporal.client, id, 'decide', { by: 'eve', verdict: 'approve' });
    const { votes, refused, missing, expiresAt, openedAt, reminders } = await approvals.get(id);
    expect({ votes, missing }).toMatchObject({ votes: [{ by: 'bo', reason: 'fine' }], missing: 1 });
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every(({ by, code }) => by === 'eve' && code === 'Input.Invalid')).toBe(true);
    expect([expiresAt, reminders > 0]).toEqual([openedAt + 3_600_000, true]);
    await expect(approvals.approve(id, { by: 'bo' })).rejects.toMatchObject({ code: 'Approval.AlreadyVoted' });
    const told = events.length;
    await eventually(async () => expect(events.length).toBeGreaterThan(told));
    expect(events.filter((event) => event === 'asked')).toHaveLength(1);
    expect(await approvals.list({ for: 'user:cy', run: 'asked-flooded' })).toMatchObject([{ id, open: true }]);
    expect(noted()).toEqual([]);
    await approvals.approve(id, { by: 'cy' });
    await run.result();
    expect(noted()).toEqual(['a']);
  });
});
