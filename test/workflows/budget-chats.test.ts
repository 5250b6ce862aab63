import { ledgerIdOf } from '../../protocol/names';
import { eventually } from '../fixtures/eventually';
import { gate } from '../fixtures/gate';
import { answer, note, spending } from '../fixtures/spender';
import { notingTool } from '../fixtures/test-tools';
import { useTemporal } from '../setup/test-worker';

/** Chats that pay: message by message, and holding nothing while nobody writes. */

const temporal = useTemporal('budget-chats');
const budgets = () => temporal.holdfast.budgets;
const holdsNothing = { leased: 0, holders: 0, waiting: 0 };

test('a chat pays exchange by exchange, also over roll-overs, and gives back what it holds while it is idle', async () => {
  const busy = gate();
  const tool = notingTool('note', { answer: (_text, { signal }) => busy.wait(signal) });
  const steps = [answer('one'), note('a'), answer('two'), answer('three')];
  await temporal.during(spending(steps, {}, tool), async () => {
    await budgets().create('talk', { funds: 1, checkHolders: '1s' });
    const chat = temporal.holdfast.chat('spender', { id: 'paid-chat', account: 'talk', rolloverTurns: 1 });
    await (await chat.send('a')).reply();
    await eventually(async () => expect(await budgets().get('talk')).toMatchObject({ spent: 0.002, ...holdsNothing }));
    const second = await chat.send('b');
    await busy.reached;
    expect(await budgets().get('talk')).toMatchObject({ holders: 1 });
    busy.open();
    expect((await second.reply()).output).toBe('two');
    await eventually(async () => expect(await budgets().get('talk')).toMatchObject({ spent: 0.006, ...holdsNothing }));
    expect((await (await chat.send('c')).reply()).output).toBe('three');
    await chat.close();
    expect(await chat.result()).toMatchObject({ stopReason: 'closed', costUsd: 0.008, exchanges: 3 });
    expect(await budgets().get('talk')).toMatchObject({ spent: 0.008, calls: 4, ...holdsNothing });
    const { entries, problem } = await budgets().entries('talk');
    expect(problem).toBeNull();
    // Idle, it is neither called back nor taken for lost.
    expect(entries.filter(({ kind }) => kind === 'reclaim')).toEqual([]);
  });
});

test('without money a message is answered by the refusal, and the next one by the model once there is some', async () => {
  await temporal.during(spending([answer('at last'), answer('asked')]), async () => {
    await budgets().create('poor', { funds: 0, whenEmpty: 'stop' });
    const chat = temporal.holdfast.chat('spender', { id: 'poor-chat', account: 'poor' });
    const refused = await (await chat.send('a')).reply();
    expect(refused).toMatchObject({ stopReason: 'max-cost', detail: expect.stringContaining('"poor" is empty') });
    await budgets().topUp('poor', 0.0115);
    expect((await (await chat.send('b')).reply()).output).toBe('at last');

    // Where people are asked instead, the chat waits with its message, and goes on when they said yes.
    await budgets().setTerms('poor', { whenEmpty: 'ask', ask: { amount: 1, approvers: ['anyone'] } });
    const waiting = await chat.send('c');
    const id = await eventually(async () => {
      const [open] = await temporal.holdfast.approvals.list({ run: ledgerIdOf('poor') });
      expect(await chat.state()).toMatchObject({ status: 'waiting', waitsFor: [{ id: open?.id }] });
      return open?.id ?? '';
    });
    await temporal.holdfast.approvals.approve(id, { by: 'bo' });
    expect((await waiting.reply()).output).toBe('asked');
    expect(await chat.state()).toMatchObject({ waitsFor: [], costUsd: 0.004 });
    await chat.stop();
    await eventually(async () => expect(await budgets().get('poor')).toMatchObject({ spent: 0.004, ...holdsNothing }));
  });
});
