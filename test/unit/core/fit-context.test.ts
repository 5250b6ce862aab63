import fc from 'fast-check';
import { type FitInput, fitContext } from '../../../activities/model/fit-context';
import type { Message } from '../../../protocol/messages';
import { assistant, call, result, unpaired, user } from '../../fixtures/messages';

const sizeOf = (message: Message): number => JSON.stringify(message).length;
const sum = (messages: readonly Message[]): number => messages.reduce((total, message) => total + sizeOf(message), 0);

/** What a call is given: the whole conversation, as the transcript cache hands it out for a start and a head. */
function inputOf(conversation: Message[], maxTokens: number, given: Partial<FitInput> = {}): FitInput {
  const { contextFrom = 0, keepFirst = 1, fixedTokens = 0 } = given;
  return {
    head: conversation.slice(0, Math.min(keepFirst, contextFrom)),
    messages: conversation.slice(contextFrom),
    keepFirst,
    contextFrom,
    fixedTokens,
    maxTokens,
    tokensOf: sizeOf,
  };
}

/** A task, then turns of calls and results. */
function conversationOf(turns: { tools: number[]; said: number }[], task = 50): Message[] {
  const messages: Message[] = [user('t'.repeat(task))];
  turns.forEach(({ tools, said }, turn) => {
    const ids = tools.map((_, at) => `${turn}-${at}`);
    messages.push(assistant('a'.repeat(said + 1), ...ids.map((id) => call(id, 'slow'))));
    tools.forEach((chars, at) => {
      messages.push(result(`${turn}-${at}`, 'r'.repeat(chars)));
    });
    if (tools.length === 0) messages.push(user('and now?'));
  });
  return messages;
}

const turns = (count: number, chars = 300) => Array.from({ length: count }, () => ({ tools: [chars], said: 10 }));

describe('a conversation that fits', () => {
  test('is sent as it is', () => {
    const conversation = conversationOf(turns(3));
    expect(fitContext(inputOf(conversation, sum(conversation)))).toEqual({
      messages: conversation,
      contextFrom: 0,
      tokens: sum(conversation),
    });
  });

  test('is sent with its head, when it starts later', () => {
    const conversation = conversationOf(turns(3));
    const fitted = fitContext(inputOf(conversation, 1e6, { contextFrom: 3 }));
    expect(fitted?.messages).toEqual([...conversation.slice(0, 1), ...conversation.slice(3)]);
    expect(fitted?.contextFrom).toBe(3);
  });
});

describe('a conversation that does not fit', () => {
  test('keeps the task from the first drop on', () => {
    const conversation = conversationOf(turns(20));
    const fitted = fitContext(inputOf(conversation, sum(conversation) / 2));
    expect(fitted?.messages[0]).toBe(conversation[0]);
    expect(fitted?.contextFrom).toBeGreaterThan(1);
  });

  test('goes down to 0.6 of the limit, so that the next turns need not drop again', () => {
    const conversation = conversationOf(turns(40));
    const limit = Math.floor(sum(conversation) * 0.9);
    const first = fitContext(inputOf(conversation, limit));
    expect(first?.tokens).toBeLessThanOrEqual(limit * 0.6);
    const longer = [...conversation, ...conversationOf(turns(5)).slice(1)];
    const next = fitContext(inputOf(longer, limit, { contextFrom: first?.contextFrom ?? 0 }));
    expect(next?.contextFrom).toBe(first?.contextFrom);
    // Byte-stable: what was sent before is the beginning of what is sent now.
    expect(next?.messages.slice(0, first?.messages.length)).toEqual(first?.messages);
  });

  test.each([
    ['its calls', 2],
    ['its calls and one of their results', 3],
    ['its calls and all of their results', 4],
  ])('a head that ends with %s stays whole or goes whole', (_what, keepFirst) => {
    const conversation = conversationOf([{ tools: [10, 10], said: 1 }, ...turns(20)]);
    const input = inputOf(conversation, Math.floor(sum(conversation) / 2), { keepFirst });
    const fitted = fitContext(input);
    expect(unpaired(fitted?.messages ?? [])).toEqual([]);
    expect(fitted?.messages.slice(0, 2)).toEqual(
      keepFirst === 4 ? conversation.slice(0, 2) : [conversation[0], conversation[fitted?.contextFrom ?? 0]],
    );
    const again = fitContext(inputOf(conversation, 1e6, { keepFirst, contextFrom: fitted?.contextFrom ?? 0 }));
    expect(again?.messages).toEqual(fitted?.messages);
  });

  test('shortens tool results when even the last turn is too large', () => {
    const conversation = conversationOf([{ tools: [10_000, 200], said: 1 }]);
    const fitted = fitContext(inputOf(conversation, 3_000));
    expect(fitted?.messages).toHaveLength(4);
    expect(fitted?.messages[2]).toMatchObject({ content: expect.stringContaining('shortened to fit the context') });
    expect(fitted?.messages[3]).toBe(conversation[3]);
    expect(fitted?.contextFrom).toBe(0);
  });

  test('shortens results of the head too, before it gives up', () => {
    const conversation = conversationOf([{ tools: [10_000], said: 1 }]);
    expect(fitContext(inputOf(conversation, 3_000, { keepFirst: 3 }))).toBeDefined();
  });

  test('a shortened result is plain text, and no character in it is cut in half', () => {
    const emoji = '🙂'.repeat(5_000);
    const conversation: Message[] = [
      user('go'),
      assistant(call('a', 'slow')),
      { ...result('a', `"x${emoji}"`), mediaType: 'application/json' },
    ];
    const shortened = fitContext(inputOf(conversation, 4_000))?.messages[2];
    expect(shortened).toMatchObject({ role: 'tool', mediaType: 'text/plain' });
    const { content } = shortened as { content: string };
    // Half a character cannot be encoded.
    expect(() => encodeURIComponent(content)).not.toThrow();
  });

  test('is impossible when what must stay is too large: undefined, for the caller to say so', () => {
    expect(fitContext(inputOf([user('x'.repeat(1_000))], 500))).toBeUndefined();
    expect(fitContext(inputOf(conversationOf(turns(3)), 5_000, { fixedTokens: 4_990 }))).toBeUndefined();
  });

  test('nothing at all fits a limit it is below', () => {
    expect(fitContext(inputOf([], 10))).toEqual({ messages: [], contextFrom: 0, tokens: 0 });
    expect(fitContext(inputOf([], 10, { fixedTokens: 11 }))).toBeUndefined();
  });
});

const conversation = fc
  .record({
    turns: fc.array(
      fc.record({ tools: fc.array(fc.nat({ max: 3_000 }), { maxLength: 4 }), said: fc.nat({ max: 500 }) }),
      { maxLength: 25 },
    ),
    task: fc.nat({ max: 500 }),
  })
  .map(({ turns: shape, task }) => conversationOf(shape, task));

describe('for any conversation, limit and head', () => {
  const cases = fc.record({
    conversation,
    maxTokens: fc.integer({ min: 100, max: 40_000 }),
    keepFirst: fc.nat({ max: 6 }),
    fixedTokens: fc.nat({ max: 500 }),
  });

  test('what is sent is never over the limit, whole in its tool pairs, in order, and begins with the head', () => {
    fc.assert(
      fc.property(cases, ({ conversation: all, maxTokens, ...given }) => {
        const fitted = fitContext(inputOf(all, maxTokens, given));
        if (!fitted) return;
        expect(fitted.tokens).toBe(given.fixedTokens + sum(fitted.messages));
        expect(fitted.tokens).toBeLessThanOrEqual(maxTokens);
        expect(unpaired(fitted.messages)).toEqual([]);
        const roleAndId = (message: Message) => `${message.role} ${message.role === 'tool' ? message.callId : ''}`;
        const { contextFrom } = fitted;
        const tail = all.slice(contextFrom);
        expect(fitted.messages.slice(-tail.length || undefined).map(roleAndId)).toEqual(tail.map(roleAndId));
        if (given.keepFirst > 0 && all.length > 0) expect(fitted.messages[0]).toEqual(all[0]);
        expect(fitted.messages).toHaveLength(new Set(fitted.messages).size);
      }),
      { numRuns: 1_500 },
    );
  });

  test('the start only ever moves on, and what is sent stays the same until it does', () => {
    fc.assert(
      fc.property(cases, ({ conversation: all, maxTokens, ...given }) => {
        let contextFrom = 0;
        let before: readonly Message[] = [];
        for (let length = 1; length <= all.length; length++) {
          if (all[length]?.role === 'tool') continue;
          const fitted = fitContext(inputOf(all.slice(0, length), maxTokens, { ...given, contextFrom }));
          if (!fitted) return;
          expect(fitted.contextFrom).toBeGreaterThanOrEqual(contextFrom);
          const shortened = fitted.messages.some((message) => !all.includes(message));
          if (fitted.contextFrom === contextFrom && !shortened) {
            expect(fitted.messages.slice(0, before.length)).toEqual(before);
          }
          contextFrom = fitted.contextFrom;
          before = shortened ? [] : fitted.messages;
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('it gives up only when what must stay cannot fit, even with its results shortened', () => {
    fc.assert(
      fc.property(cases, ({ conversation: all, maxTokens, ...given }) => {
        if (fitContext(inputOf(all, maxTokens, given))) return;
        const starts = all.flatMap((message, at) => (message.role === 'tool' ? [] : [at]));
        const lastGroup = all.slice(starts.at(-1) ?? 0);
        const must = new Set([...all.slice(0, given.keepFirst), ...lastGroup]);
        const least = [...must].map((message) =>
          message.role === 'tool' ? Math.min(sizeOf(message), 150) : sizeOf(message),
        );
        expect(given.fixedTokens + least.reduce((total, size) => total + size, 0) + 300 * must.size).toBeGreaterThan(
          maxTokens,
        );
      }),
      { numRuns: 1_000 },
    );
  });
});
