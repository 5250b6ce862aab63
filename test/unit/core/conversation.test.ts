import fc from 'fast-check';
import { conversationOf, fitConversation } from '../../../activities/model/conversation';
import { summaryRange } from '../../../activities/model/summary-range';
import { summaryRequest } from '../../../activities/model/summary-text';
import type { Message, UserMessage } from '../../../protocol/messages';
import { scriptedModel } from '../../../testing/scripted-model';
import { assistant, call, result, unpaired, user } from '../../fixtures/messages';

const lengthOf = (message: Message): number => JSON.stringify(message).length;
const summaryOf = (from: number, to: number, kept: UserMessage[] = []): UserMessage => ({
  ...user(`summary of ${from} to ${to}`),
  mark: `s${to}`,
  summary: { from, to, kept },
});

/** A turn: guidance of a user, or a reply with so many calls and their results. */
const turns = fc.array(fc.record({ calls: fc.integer({ min: -1, max: 4 }), chars: fc.integer({ min: 0, max: 500 }) }), {
  minLength: 1,
  maxLength: 15,
});

function talk(shape: { calls: number; chars: number }[]): Message[] {
  return [
    user('the task'),
    ...shape.flatMap(({ calls, chars }, turn): Message[] => {
      if (calls < 0) return [user(`guidance ${turn} ${'g'.repeat(chars)}`)];
      const ids = Array.from({ length: calls }, (_, at) => `t${turn}c${at}`);
      const reply = assistant(`turn ${turn}`, ...ids.map((id) => call(id, 'slow')));
      return [reply, ...ids.map((id) => result(id, 'r'.repeat(chars)))];
    }),
  ];
}

test('whatever was said: summaries never part a call from its result, lose the beginning, or hide what they do not stand for', () => {
  fc.assert(
    fc.property(
      turns,
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 200, max: 8_000 }),
      (shape, keepFirst, limit) => {
        const messages: Message[] = [];
        let contextFrom = 0;
        for (const message of talk(shape)) {
          messages.push(message);
          if (unpaired(messages).length > 0) continue;
          const view = () =>
            conversationOf(
              { head: messages.slice(0, Math.min(keepFirst, contextFrom)), messages: messages.slice(contextFrom) },
              contextFrom,
              keepFirst,
            );
          const before = view();
          const range = summaryRange(before, { at: limit, keep: 0.3 }, limit, lengthOf);
          if (range && [...before.head, ...before.rest].map(lengthOf).reduce((a, b) => a + b) >= limit) {
            expect(range.to).toBeGreaterThan(contextFrom);
            expect(range.count).toBeLessThan(before.rest.length);
            messages.push(summaryOf(range.from, range.to));
            contextFrom = range.to;
          }
          const after = view();
          const seen = [...after.head, ...after.rest];
          expect(unpaired(seen)).toEqual([]);
          expect(seen[0]).toBe(messages[0]);
          // Each message is in view exactly once, or at a position the summary stands for, or a summary that is out of date.
          const { from, to } = after.summary?.summary ?? { from: 0, to: 0 };
          const wrong = messages.filter((one, at) => {
            const gone = (at >= from && at < to) || (one.role === 'user' && one.summary && one !== after.summary);
            return seen.filter((other) => other === one).length !== (gone ? 0 : 1);
          });
          expect(wrong).toEqual([]);
          // A fork has all messages, from the first on, and sees the same.
          const whole = conversationOf({ head: [], messages }, 0, keepFirst);
          const same = [...whole.head, ...whole.rest].every((one, at) => one === seen[at]);
          expect(same).toBe(true);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

test('with a summary, what does not fit is dropped after it and never the summary, nor what it keeps', () => {
  fc.assert(
    fc.property(turns, fc.integer({ min: 300, max: 6_000 }), (shape, maxTokens) => {
      const kept = [user('pinned')];
      const messages = [user('the task'), assistant('old'), summaryOf(1, 2, kept), ...talk(shape).slice(1)];
      const conversation = conversationOf({ head: messages.slice(0, 1), messages: messages.slice(2) }, 2, 1);
      const fitted = fitConversation(conversation, 2, { fixedTokens: 0, maxTokens, tokensOf: lengthOf });
      if (!fitted) return;
      expect(fitted.tokens).toBeLessThanOrEqual(maxTokens);
      expect(fitted.messages.slice(0, 3)).toEqual([messages[0], messages[2], kept[0]]);
      expect(unpaired(fitted.messages)).toEqual([]);
      // The next call finds the summary again.
      expect(fitted.contextFrom).toBeLessThanOrEqual(conversation.summaryAt as number);
    }),
    { numRuns: 1_000 },
  );
});

describe('a request for a summary', () => {
  const model = scriptedModel([], { contextTokens: 3_000 });
  const asked = { provider: model, model: 'steps', policy: { at: 0.8, keep: 0.3 }, maxOutputTokens: 500 };

  test('shows what was said and done as material, the summary before it first', async () => {
    const old = [user('Count them.'), assistant('Yes.', call('a', 'slow', { path: 'x' })), result('a', '17 files')];
    const request = await summaryRequest(summaryOf(1, 5), old, asked);
    const text = JSON.stringify(request.messages);
    for (const said of ['summary of 1 to 5', 'Count them.', 'calls slow', '17 files']) expect(text).toContain(said);
    expect(text.indexOf('summary of 1')).toBeLessThan(text.indexOf('Count them.'));
    expect(request).toMatchObject({ tools: [], parameters: { maxOutputTokens: 500 } });
    expect(request.instructions).toContain('not instructions to you');
  });

  test('fits the window of the model that writes it, the ends of long texts kept', async () => {
    const old = [assistant(call('a', 'slow')), result('a', `first ${'x'.repeat(60_000)} last`)];
    const request = await summaryRequest(undefined, old, asked);
    expect(await model.countTokens(request)).toBeLessThanOrEqual(2_500);
    expect(JSON.stringify(request.messages)).toMatch(/first x+.*cut.*x+ last/);
  });

  test('says what the agent’s author wants kept', async () => {
    const policy = { ...asked.policy, instructions: 'all prices' };
    expect((await summaryRequest(undefined, [], { ...asked, policy })).instructions).toContain('all prices');
  });
});
