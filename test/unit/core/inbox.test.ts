import fc from 'fast-check';
import { Inbox, MAX_QUEUED } from '../../../workflows/inbox';
import { user } from '../../fixtures/messages';

const done = { stop: { reason: 'completed' as const, detail: '' } };

describe('the messages of a chat', () => {
  test('are taken in order, once each, over any mix of sends, repeats, answers and roll-overs', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('send' as const), id: fc.integer({ min: 0, max: 30 }) }),
      fc.record({ do: fc.constant('answer' as const) }),
      fc.record({ do: fc.constant('roll' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        let inbox = new Inbox(0, null);
        const sent: string[] = [];
        const taken: string[] = [];
        for (const one of steps) {
          if (one.do === 'send') {
            const id = `m-${one.id}`;
            const receipt = inbox.add(id, user(id));
            if (!sent.includes(id)) sent.push(id);
            expect(receipt.exchange).toBe(sent.indexOf(id) + 1);
          } else if (one.do === 'roll') {
            inbox = new Inbox(0, null, JSON.parse(JSON.stringify(inbox.carry())));
          } else if (inbox.working) {
            inbox.finish(done, 0, 0, 'answer');
          } else {
            const next = inbox.take(0);
            if (next) taken.push(next.id);
          }
        }
        expect(taken).toEqual(sent.slice(0, taken.length));
        const { finished, queued, working } = inbox.view();
        expect(finished + queued + (working === null ? 0 : 1)).toBe(sent.length);
      }),
      { numRuns: 1_000 },
    );
  });

  test('have an end', () => {
    const inbox = new Inbox(0, null);
    for (let at = 0; at < MAX_QUEUED; at++) inbox.add(`m-${at}`, user('x'));
    expect(inbox.isFull(1)).toBe(true);
    expect(new Inbox(0, null).isFull(10_000_000)).toBe(false);
  });

  test('are told who waits that the chat has ended', () => {
    const inbox = new Inbox(0, null);
    inbox.add('a', user('a'));
    inbox.abandon({ reason: 'stopped', detail: 'by ana' });
    expect(inbox.exchange(1)).toEqual({ number: 1, id: 'a', status: 'done', stopReason: 'stopped', detail: 'by ana' });
    expect(inbox.exchange(2)).toBeNull();
  });

  test('keep the answers of the latest exchanges, when they are small', () => {
    const inbox = new Inbox(0, null);
    for (let at = 1; at <= 7; at++) {
      inbox.add(`m-${at}`, user('x'));
      inbox.take(0);
      inbox.finish(done, 0, 0, at === 7 ? 'x'.repeat(20_000) : at);
    }
    expect([1, 2, 3, 4, 5, 6, 7].map((at) => inbox.exchange(at)?.output)).toEqual([
      undefined,
      undefined,
      3,
      4,
      5,
      6,
      undefined,
    ]);
  });
});
