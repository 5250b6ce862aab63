import { countTokens as exact } from 'gpt-tokenizer/encoding/o200k_base';
import type { ModelRequest } from '../../activities/providers/provider';
import { countRequestTokens, encodingOf, estimateText } from '../../activities/providers/tokens';
import type { AssistantMessage, Message } from '../../protocol/messages';

const SAMPLES: Record<string, string> = {
  prose: 'The quick brown fox jumps over the lazy dog, and nobody in the village could say why it had done so. '.repeat(
    20,
  ),
  code: 'export function add(a: number, b: number): number {\n  return a + b; // the sum\n}\n\n'.repeat(20),
  json: JSON.stringify(
    Array.from({ length: 40 }, (_, id) => ({ id, name: `item ${id}`, price: id * 1.25, tags: ['a', 'b'] })),
  ),
  table: '| 2024-01-05 | ACME-1174 | 1,204.55 | EUR |\n'.repeat(30),
  german: 'Die Würde des Menschen ist unantastbar. Sie zu achten und zu schützen ist Verpflichtung. '.repeat(15),
  russian: 'Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему. '.repeat(10),
  chinese: '道可道,非常道。名可名,非常名。无名天地之始;有名万物之母。'.repeat(15),
  emoji: '🚀🔥 ship it! 🎉'.repeat(20),
};

const request = (fields: Partial<ModelRequest> = {}): ModelRequest => ({
  model: 'm',
  instructions: '',
  messages: [],
  tools: [],
  parameters: { maxOutputTokens: 1 },
  ...fields,
});
const said = (text: string): Message => ({ role: 'user', content: [{ type: 'text', text }] });
const counting = (messages: Message[], provider = 'anthropic') =>
  countRequestTokens(request({ messages }), { provider });

describe('estimates', () => {
  it.each(Object.entries(SAMPLES))('%s: never too few, not twice too many', (_, text) => {
    const tokens = exact(text);
    expect(estimateText(text)).toBeGreaterThanOrEqual(tokens);
    expect(estimateText(text)).toBeLessThanOrEqual(tokens * 2.2);
  });

  it('is nothing for nothing', () => expect(estimateText('')).toBe(0));
});

describe('counting requests', () => {
  it('is exact for the texts of OpenAI models, special tokens included', () => {
    const text = `${SAMPLES.code} <|endoftext|>`;
    const options = { provider: 'openai', encoding: 'o200k_base' as const };
    const base = countRequestTokens(request({ messages: [said('')] }), options);
    const plain = countRequestTokens(request({ messages: [said(SAMPLES.code ?? '')] }), options);
    expect(plain - base).toBe(exact(SAMPLES.code ?? ''));
    expect(countRequestTokens(request({ messages: [said(text)] }), options)).toBeGreaterThan(plain);
    const older = countRequestTokens(request({ messages: [said('hello world')] }), {
      ...options,
      encoding: 'cl100k_base',
    });
    expect(older - base).toBe(2);
  });

  it.each(['a', '道', '=', ' ', '\n'])('does not hang on a huge run of %j', (char) => {
    const started = Date.now();
    const options = { provider: 'openai', encoding: 'o200k_base' as const };
    for (const length of [99_000, 2_000_000]) {
      const counted = countRequestTokens(request({ messages: [said(char.repeat(length))] }), options);
      expect(counted).toBeGreaterThan(length / 10);
    }
    expect(Date.now() - started).toBeLessThan(2_000);
  });

  it('is exact for base64 and long numbers', () => {
    const options = { provider: 'openai', encoding: 'o200k_base' as const };
    const base = countRequestTokens(request({ messages: [said('')] }), options);
    const bytes = Buffer.from(Array.from({ length: 3_000 }, (_, at) => (at * 7_919) % 256)).toString('base64');
    for (const text of [bytes, '1234567890'.repeat(200)]) {
      expect(countRequestTokens(request({ messages: [said(text)] }), options) - base).toBe(exact(text));
    }
  });

  it('counts instructions, tools and schemas', () => {
    const bare = countRequestTokens(request(), { provider: 'a' });
    const schema = { type: 'object', properties: { city: { type: 'string', description: 'Which city to look up.' } } };
    const instructed = countRequestTokens(request({ instructions: 'Be kind to all of them.' }), { provider: 'a' });
    const tools = [{ name: 'look', description: 'Looks it up.', inputSchema: schema }];
    const equipped = countRequestTokens(request({ tools }), { provider: 'a' });
    const shaped = countRequestTokens(request({ outputSchema: schema }), { provider: 'a' });
    expect(instructed - bare).toBeGreaterThan(6);
    expect(equipped - bare).toBeGreaterThan(exact(JSON.stringify(schema)));
    expect(shaped - bare).toBeGreaterThan(exact(JSON.stringify(schema)));
  });

  it('counts every kind of part', () => {
    const none = counting([{ role: 'user', content: [] }]);
    const part = (content: Extract<Message, { role: 'user' }>['content'][number]) =>
      counting([{ role: 'user', content: [content] }]) - none;
    expect(part({ type: 'image', mediaType: 'image/png', data: 'AA' })).toBeGreaterThan(1_000);
    expect(part({ type: 'file', name: 'a.pdf', mediaType: 'application/pdf', data: 'AA' })).toBeGreaterThanOrEqual(
      3_000,
    );
    expect(part({ type: 'file', name: 'a.pdf', mediaType: 'application/pdf', data: 'A'.repeat(400_000) })).toBe(25_000);
    const text = Buffer.from('word '.repeat(100)).toString('base64');
    expect(part({ type: 'file', name: 'a.txt', mediaType: 'text/plain', data: text })).toBeGreaterThanOrEqual(100);
    const artifact = { id: 'sha256:0', bytes: 1_000, mediaType: 'text/plain' };
    expect(part({ type: 'file', name: 'a.txt', mediaType: 'text/plain', artifact })).toBe(500);
  });

  it('counts calls, results and its own reasoning, not that of others', () => {
    const assistant = (content: AssistantMessage['content']) =>
      counting([{ role: 'assistant', content }]) - counting([{ role: 'assistant', content: [] }]);
    expect(assistant([{ type: 'tool-call', id: 'a', name: 'add', arguments: { a: 1 } }])).toBeGreaterThan(15);
    expect(assistant([{ type: 'tool-call', id: 'a', name: 'add', malformed: 'x'.repeat(400) }])).toBeGreaterThan(100);
    expect(assistant([{ type: 'tool-call', id: 'a', name: 'add' }])).toBeGreaterThan(12);
    expect(assistant([{ type: 'reasoning', provider: 'anthropic', text: 'hm '.repeat(50) }])).toBeGreaterThan(20);
    expect(assistant([{ type: 'reasoning', provider: 'anthropic', text: '', encrypted: 'x'.repeat(400) }])).toBe(100);
    expect(assistant([{ type: 'reasoning', provider: 'openai', text: 'hm '.repeat(50) }])).toBe(0);
    const result: Message = {
      role: 'tool',
      callId: 'a',
      name: 'add',
      outcome: 'ok',
      content: 'word '.repeat(100),
      mediaType: 'text/plain',
    };
    expect(counting([result])).toBeGreaterThan(100);
  });

  it('remembers messages: a long transcript costs next to nothing the second time', () => {
    const messages = Array.from({ length: 3_000 }, (_, at) => said(`${at} ${SAMPLES.prose}`));
    const first = counting(messages);
    const started = performance.now();
    expect(counting([...messages])).toBe(first);
    expect(performance.now() - started).toBeLessThan(20);
    let reads = 0;
    const counted = new Proxy(said('hello'), {
      get(target, key) {
        if (key === 'content') reads++;
        return Reflect.get(target, key);
      },
    });
    counting([counted]);
    const once = reads;
    counting([counted]);
    expect(once).toBeGreaterThan(0);
    expect(reads).toBe(once);
  });

  it('keeps the memory of texts bounded', () => {
    for (let n = 0; n < 500; n++)
      countRequestTokens(request({ instructions: `instructions ${n}` }), { provider: 'bounded' });
    const again = countRequestTokens(request({ instructions: 'instructions 0' }), { provider: 'bounded' });
    expect(again).toBe(countRequestTokens(request({ instructions: 'instructions 9' }), { provider: 'bounded' }));
  });

  it.each([
    ['gpt-4', 'cl100k_base'],
    ['gpt-3.5-turbo', 'cl100k_base'],
    ['gpt-4o-mini', 'o200k_base'],
    ['gpt-4.1', 'o200k_base'],
    ['gpt-5-mini', 'o200k_base'],
    ['o3', 'o200k_base'],
    ['llama3', undefined],
    ['claude-sonnet-5', undefined],
  ])('%s is encoded as %s', (model, encoding) => expect(encodingOf(model)).toBe(encoding));
});

describe('without the optional tokenizer', () => {
  it('estimates', () => {
    jest.isolateModules(() => {
      jest.doMock('gpt-tokenizer/encoding/o200k_base', () => {
        throw new Error('Cannot find module');
      });
      const tokens = require('../../activities/providers/tokens') as typeof import('../../activities/providers/tokens');
      const messages = [said(SAMPLES.prose ?? '')];
      const counted = tokens.countRequestTokens(request({ messages }), { provider: 'openai', encoding: 'o200k_base' });
      const empty = tokens.countRequestTokens(request({ messages: [said('')] }), {
        provider: 'openai',
        encoding: 'o200k_base',
      });
      expect(counted - empty).toBe(tokens.estimateText(SAMPLES.prose ?? ''));
    });
  });
});
