import type { LeaseReply } from '../../../protocol/budget/lease';
import { type LeaseMessage, Purse } from '../../../workflows/purse';

/** A run's purse, with a ledger that says what the test wants it to say. */

function purseOf(answers: ((message: LeaseMessage) => Partial<LeaseReply> | Error | undefined)[] = []) {
  const sent: LeaseMessage[] = [];
  const parked: (LeaseReply | undefined)[] = [];
  const purse = Purse.fresh('acme', 'lease-1', {
    async send(message) {
      sent.push(message);
      const answer = answers.shift()?.(message);
      if (answer instanceof Error) throw answer;
      if (answer) hear({ seq: message.seq, spent: message.spent, ...answer });
    },
    async until(over) {
      for (let turns = 0; !over(); turns++) {
        if (turns > 1_000) throw new Error('it waits for ever');
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    onParked: (reply) => void parked.push(reply),
  });
  const hear = (reply: Partial<LeaseReply>): void =>
    purse.hear({ lease: 'lease-1', seq: purse.state.seq, answer: 'granted', granted: 0, spent: 0, ...reply });
  return { purse, sent, parked, hear };
}

const grant = (message: LeaseMessage) => ({ answer: 'granted' as const, granted: message.spent + message.need });

test('asks once for what a call may cost, and spends it without asking again', async () => {
  const { purse, sent } = purseOf([(message) => ({ answer: 'granted', granted: message.spent + message.wish })]);
  expect(await purse.cover(100)).toBeUndefined();
  expect(sent).toMatchObject([{ seq: 1, need: 100, wish: 300, spent: 0 }]);
  purse.state.worst = 100;
  // Not all there is: what is never known to be spent must not be more than a call is worth.
  expect(purse.offer()).toEqual({ leased: 125 });
  purse.pay(10, 0);
  expect(await purse.cover(100)).toBeUndefined();
  expect(sent).toHaveLength(1);
  await purse.close();
  expect(sent.at(-1)).toMatchObject({ seq: 2, need: 0, wish: 0, spent: 10, calls: 1, done: true });
  await purse.close();
  expect(sent).toHaveLength(2);
});

test('what a call could have cost is offered, and more, to the next; a lease lasts by what the last one cost', async () => {
  const { purse, sent } = purseOf([grant, grant]);
  await purse.cover(100);
  purse.pay(40, 0, 100);
  purse.pay(20, 0, 200);
  // What is offered is never more than there is.
  expect(purse.offer()).toEqual({ leased: 40 });
  purse.pay(40, 0, 300);
  await purse.cover(300);
  expect(sent.at(-1)).toMatchObject({ spent: 100, calls: 3, need: 300, wish: 300 + 20 * (40 + 100) });
  expect(purse.offer()).toEqual({ leased: 300 });
});

test('the price of a tool says nothing of what model calls cost', async () => {
  const { purse, sent } = purseOf([grant]);
  purse.pay(3, 0, 100);
  purse.pay(9, 0);
  await purse.cover(100);
  expect(sent.at(-1)).toMatchObject({ need: 100, wish: 100 + 20 * 6 });
});

test('two calls at once ask one after the other', async () => {
  const { purse, sent } = purseOf([grant, grant]);
  await Promise.all([purse.cover(100), purse.cover(150)]);
  expect(sent.map(({ need }) => need)).toEqual([100, 150]);
});

test('waits while it is parked, and says so; a refusal ends the wait', async () => {
  const { purse, parked, hear } = purseOf([() => ({ answer: 'parked', because: 'empty', approval: 'ask-1' })]);
  const covered = purse.cover(100);
  await new Promise((resolve) => setImmediate(resolve));
  expect(parked).toMatchObject([{ because: 'empty', approval: 'ask-1' }]);
  hear({ answer: 'stopped', because: 'denied' });
  expect(await covered).toEqual({ reason: 'max-cost', detail: 'denied' });
  expect(parked.at(-1)).toBeUndefined();
  // A late word about what is not waited for any more.
  hear({ answer: 'parked' });
  expect(parked).toHaveLength(2);
});

test('without a reason the refusal has one all the same', async () => {
  const { purse } = purseOf([() => ({ answer: 'stopped' })]);
  expect(await purse.cover(1)).toEqual({ reason: 'max-cost', detail: 'no money is left' });
});

test('an account that is not there fails the run', async () => {
  const { purse } = purseOf([() => ({ answer: 'unknown' })]);
  await expect(purse.cover(1)).rejects.toMatchObject({ type: 'Budget.Unknown', nonRetryable: true });
});

test('a ledger that is not there fails the run, and keeps none from ending', async () => {
  const { purse } = purseOf([() => new Error('no such workflow'), () => new Error('no such workflow')]);
  await expect(purse.cover(1)).rejects.toThrow('no such workflow');
  await purse.close();
});

test('answers to others and to what was asked before change nothing', async () => {
  const { purse, hear } = purseOf([grant]);
  await purse.cover(100);
  hear({ lease: 'another', granted: 5 });
  hear({ seq: 0, granted: 5 });
  expect(purse.state.granted).toBe(100);
});

test('what a call without a price counts as comes with the grant, and goes with the next', async () => {
  const { purse } = purseOf([(message) => ({ ...grant(message), unknownPrice: 7 }), grant]);
  await purse.cover(100);
  expect(purse.offer()).toEqual({ leased: 100, unknownPrice: 7 });
  purse.pay(90, 0);
  await purse.cover(100);
  expect(purse.offer()).toEqual({ leased: 100 });
});

test('called back while a call runs, it gives back when that has ended', async () => {
  const { purse, sent, hear } = purseOf([grant]);
  await purse.cover(100);
  purse.offer();
  hear({ answer: 'recalled' });
  purse.breathe();
  expect(sent).toHaveLength(1);
  purse.pay(10, 0);
  purse.breathe();
  expect(sent.at(-1)).toMatchObject({ need: 0, spent: 10 });
  // Once.
  purse.breathe();
  expect(sent).toHaveLength(2);
});

test('called back while nothing runs, it gives back at once; where money is short, before tools run', async () => {
  const { purse, sent, hear } = purseOf([grant, () => undefined, (message) => ({ ...grant(message), tight: true })]);
  await purse.cover(100);
  hear({ answer: 'recalled' });
  expect(sent.at(-1)).toMatchObject({ seq: 2, need: 0 });
  await purse.cover(100);
  purse.breathe();
  expect(sent.at(-1)).toMatchObject({ seq: 4, need: 0 });
});

test('after a reset it goes on from what the ledger knows, and asks again', async () => {
  const { purse, sent } = purseOf([() => ({ answer: 'behind', seq: 7, spent: 40 }), grant]);
  await purse.cover(100);
  expect(sent.at(-1)).toMatchObject({ seq: 8, spent: 40, need: 100 });
  expect(purse.state.granted).toBe(140);
});

test('a call that ended without a word has cost what was at risk; the run counts it as lost', async () => {
  const { purse, sent } = purseOf([grant, grant]);
  await purse.cover(100);
  purse.state.worst = 40;
  purse.offer();
  expect(purse.view()).toMatchObject({ atRisk: 50 });
  purse.lose();
  expect(purse.view()).toMatchObject({ atRisk: 0, spent: 50, lost: 50, calls: 0 });
  purse.offer();
  await purse.close();
  // The one in flight when it closes is lost too.
  expect(sent.at(-1)).toMatchObject({ spent: 100, lost: 100, done: true });
});

test('a call that was not made is asked for at its true worst case', async () => {
  const { purse } = purseOf([grant, grant]);
  await purse.cover(10);
  purse.offer();
  purse.short(80, 3);
  expect(purse.view()).toMatchObject({ worst: 80, spent: 3, lost: 3, atRisk: 0 });
});

test('carried over a roll-over, it settles what it spent before', async () => {
  const { purse, sent } = purseOf([grant]);
  await purse.cover(100);
  purse.pay(60, 0);
  const next = new Purse(purse.state, {
    send: async (message) => void sent.push(message),
    until: async () => undefined,
    onParked: () => undefined,
  });
  await next.close();
  expect(sent.at(-1)).toMatchObject({ seq: 2, spent: 60, done: true });
});

test('called back while no tool runs, it gives back before the next call, and asks for what that needs', async () => {
  const plenty = (message: LeaseMessage) => ({ answer: 'granted' as const, granted: message.spent + message.wish });
  const { purse, sent, hear } = purseOf([plenty, grant]);
  await purse.cover(100);
  purse.offer();
  hear({ answer: 'recalled' });
  purse.pay(10, 0);
  // There would be enough: 300 were granted. It is frozen, or others wait.
  await purse.cover(100);
  expect(sent).toHaveLength(2);
  expect(sent.at(-1)).toMatchObject({ seq: 2, spent: 10, need: 100 });
  expect(purse.state.granted).toBe(110);
});

test('the last word leaves when those before it have arrived: together they could come in any order', async () => {
  const arrived: number[] = [];
  let deliver: () => void = () => undefined;
  const purse = Purse.fresh('acme', 'lease-1', {
    async send({ seq, done }) {
      if (!done) await new Promise<void>((resolve) => (deliver = resolve));
      arrived.push(seq);
    },
    async until(over) {
      while (!over()) await new Promise((resolve) => setImmediate(resolve));
    },
    onParked: () => undefined,
  });
  purse.cover(100).catch(() => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  const closed = purse.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(arrived).toEqual([]);
  deliver();
  await closed;
  expect(arrived).toEqual([1, 2]);
});

test('an answer that makes no sense is left alone', async () => {
  const { purse, hear } = purseOf([grant]);
  await purse.cover(100);
  for (const reply of [null, undefined, 'granted', { lease: 'lease-1' }]) purse.hear(reply as never);
  for (const granted of [Number.NaN, Number.POSITIVE_INFINITY, -1, 0.5, '500']) hear({ granted } as never);
  expect(purse.state.granted).toBe(100);
});
