import { createAnthropicProvider } from '../../activities/providers/anthropic';
import { Connection } from '../../activities/providers/connection';
import { createOpenAIChatProvider } from '../../activities/providers/openai-chat';
import { createOpenAIResponsesProvider } from '../../activities/providers/openai-responses';
import type { ModelProvider, ModelReply, ModelRequest } from '../../activities/providers/provider';
import type { AssistantMessage, Message } from '../../protocol/messages';
import { ADD, answered, callOf, requestOf, user } from '../../testing/provider-cases';
import { startVendorServer, type VendorReply, type VendorServer } from '../../testing/vendor-server';

/** What is peculiar to one vendor. */

let server: VendorServer;
beforeEach(async () => {
  server = await startVendorServer();
});
afterEach(() => server.close());

async function bodyOf(provider: ModelProvider, fields: Partial<ModelRequest>, model: string, correlationId?: string) {
  await provider.complete(requestOf(model, fields), callOf(correlationId ? { correlationId } : {}));
  return server.requests.at(-1)?.body ?? {};
}

async function twoTurns(provider: ModelProvider, model: string, first: VendorReply) {
  server.setScript([first, { text: 'done' }]);
  const before: Message[] = [user('go')];
  const reply = await provider.complete(requestOf(model, { messages: before, tools: [ADD] }), callOf());
  await provider.complete(requestOf(model, { messages: answered(before, reply, 'r'), tools: [ADD] }), callOf());
  return { reply, body: server.requests[1]?.body ?? {} };
}

const OPEN = { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } }, required: ['a'] };
const CLOSED = {
  type: 'object',
  properties: { a: { type: 'string', minLength: 2, description: 'A.' }, n: { type: 'integer', minimum: 1 } },
  required: ['a', 'n'],
};
const REASON = (reasoning: 'off' | 'low' | 'medium' | 'high', maxOutputTokens = 20_000) => ({
  parameters: { maxOutputTokens, reasoning, temperature: 0.3 },
});

describe('openai-responses', () => {
  const connect = (): ModelProvider => createOpenAIResponsesProvider({ baseURL: server.openaiURL, apiKey: 'sk-1' }, {});

  it('keeps nothing at the vendor and asks reasoning models for their encrypted reasoning', async () => {
    const body = await bodyOf(connect(), { ...REASON('off'), tools: [ADD] }, 'gpt-5-mini');
    expect(body).toMatchObject({
      store: false,
      include: ['reasoning.encrypted_content'],
      reasoning: { effort: 'minimal' },
      max_output_tokens: 20_000,
      tools: [{ type: 'function', name: 'add', strict: false }],
    });
    expect(body).not.toHaveProperty('temperature');
    expect(body).not.toHaveProperty('previous_response_id');
    expect(body).not.toHaveProperty('prompt_cache_key');
  });

  it('asks other models for a temperature instead', async () => {
    const body = await bodyOf(connect(), REASON('high'), 'gpt-4.1');
    expect(body).toMatchObject({ temperature: 0.3 });
    expect(body).not.toHaveProperty('reasoning');
    expect(body).not.toHaveProperty('include');
  });

  it.each([
    ['o3', 'low'],
    ['gpt-5.2', 'none'],
    ['gpt-5-codex', 'low'],
  ])('turns thinking off as far as %s lets it', async (model, effort) => {
    expect(await bodyOf(connect(), REASON('off'), model)).toMatchObject({ reasoning: { effort } });
  });

  it('asks for summaries where configured', async () => {
    const settings = { baseURL: server.openaiURL, apiKey: 'sk-1', reasoningSummary: 'auto' as const };
    const body = await bodyOf(createOpenAIResponsesProvider(settings, {}), {}, 'gpt-5');
    expect(body.reasoning).toEqual({ summary: 'auto' });
  });

  it('enforces a schema strictly where it can, with constraints in words', async () => {
    expect((await bodyOf(connect(), { outputSchema: CLOSED }, 'gpt-5')).text).toEqual({
      format: {
        type: 'json_schema',
        name: 'answer',
        strict: true,
        schema: {
          type: 'object',
          properties: {
            a: { type: 'string', description: 'A. (minLength: 2)' },
            n: { type: 'integer', description: 'minimum: 1' },
          },
          required: ['a', 'n'],
          additionalProperties: false,
        },
      },
    });
    expect((await bodyOf(connect(), { outputSchema: OPEN }, 'gpt-5')).text).toMatchObject({
      format: { strict: false, schema: OPEN },
    });
  });

  it('sends reasoning items back exactly as they came', async () => {
    const item = { id: 'rs_9', text: 'Thinking…', encrypted: 'gAAAA+/=encrypted' };
    const { reply, body } = await twoTurns(connect(), 'gpt-5', {
      reasoning: [item, { id: 'rs_10', text: 'no encryption' }, { id: 'rs_11', encrypted: 'only' }],
      toolCalls: [{ name: 'add', arguments: { a: 1 } }],
    });
    expect(reply.message.content[0]).toEqual({ type: 'reasoning', provider: 'openai', ...item });
    const sent = (body.input as { type?: string }[]).filter(({ type }) => type === 'reasoning');
    expect(sent).toEqual([
      {
        type: 'reasoning',
        id: 'rs_9',
        summary: [{ type: 'summary_text', text: 'Thinking…' }],
        encrypted_content: item.encrypted,
      },
      { type: 'reasoning', id: 'rs_11', summary: [], encrypted_content: 'only' },
    ]);
  });

  it('puts an item of several summaries together again', async () => {
    const content: AssistantMessage['content'] = [
      { type: 'reasoning', provider: 'openai', id: 'rs_1', text: 'one', encrypted: 'e' },
      { type: 'reasoning', provider: 'openai', id: 'rs_1', text: 'two' },
      { type: 'text', text: 'so' },
    ];
    const messages: Message[] = [user('q'), { role: 'assistant', content }, user('and?')];
    const { input } = await bodyOf(connect(), { messages }, 'gpt-5');
    expect((input as unknown[])[1]).toEqual({
      type: 'reasoning',
      id: 'rs_1',
      summary: [
        { type: 'summary_text', text: 'one' },
        { type: 'summary_text', text: 'two' },
      ],
      encrypted_content: 'e',
    });
  });

  it('reads items from their own events when the last one has none, and skips items it never asked for', async () => {
    const item = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'from items' }] };
    const events: [string, object][] = [
      ['response.output_item.added', { output_index: 0, item: { type: 'web_search_call' } }],
      ['response.output_item.done', { output_index: 0, item: { type: 'web_search_call' } }],
      ['response.reasoning_text.delta', { delta: 'hm' }],
      ['response.output_item.done', { output_index: 2, item }],
      ['response.completed', { response: { model: 'm', output: [] } }],
    ];
    const rawBody = events
      .map(([type, data]) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`)
      .join('');
    server.setScript([{ rawBody }]);
    const reply = await connect().complete(requestOf('gpt-5'), callOf());
    expect(reply.message.content).toEqual([{ type: 'text', text: 'from items' }]);
    expect(reply.usage.inputTokens).toBe(0);
  });

  it('embeds texts', async () => {
    const { vectors, usage } =
      (await connect().embed?.(['a', 'bb'], { model: 'text-embedding-3-small' }, callOf())) ?? {};
    expect(vectors).toEqual([
      [97, 0, 0, 0, 0, 0, 0, 0],
      [98, 98, 0, 0, 0, 0, 0, 0],
    ]);
    expect(usage?.inputTokens).toBe(2);
  });
});

describe('OpenAI itself', () => {
  // The vendor's own host is not to be called from tests: the connection is replaced, the SDK is not.
  const sent: { url: string; body: Record<string, unknown> }[] = [];
  beforeEach(() => {
    sent.length = 0;
    jest.spyOn(Connection.prototype, 'fetchWith').mockReturnValue(async (url, init) => {
      sent.push({ url: String(url), body: JSON.parse(String(init?.body)) as Record<string, unknown> });
      return new Response('data: {}\n\n');
    });
  });
  afterEach(() => jest.restoreAllMocks());

  const asked = async (provider: ModelProvider, model: string, correlationId?: string) => {
    const call = callOf(correlationId ? { correlationId } : {});
    await expect(provider.complete(requestOf(model, REASON('off')), call)).rejects.toMatchObject({
      code: 'Model.BadResponse',
    });
    return sent.at(-1);
  };

  it('gets a cache key of at most 64 characters', async () => {
    const provider = createOpenAIResponsesProvider({ apiKey: 'sk-1' }, {});
    const first = await asked(provider, 'gpt-5', 'run/1');
    expect(first?.url).toBe('https://api.openai.com/v1/responses');
    expect(first?.body.prompt_cache_key).toBe('run/1');
    expect((await asked(provider, 'gpt-5', 'x'.repeat(65)))?.body.prompt_cache_key).toMatch(/^[0-9a-f]{64}$/);
    expect((await asked(provider, 'gpt-5'))?.body).not.toHaveProperty('prompt_cache_key');
  });

  it('gets the newer words in chat', async () => {
    const provider = createOpenAIChatProvider({ apiKey: 'sk-1' }, {});
    const thinking = (await asked(provider, 'gpt-5.1'))?.body;
    expect(thinking).toMatchObject({ max_completion_tokens: 20_000, reasoning_effort: 'none' });
    expect(thinking).not.toHaveProperty('temperature');
    const plain = (await asked(provider, 'gpt-4.1'))?.body;
    expect(plain).toMatchObject({ max_completion_tokens: 20_000, temperature: 0.3 });
    expect(plain).not.toHaveProperty('reasoning_effort');
  });
});

describe('openai-chat', () => {
  const connect = (settings = {}): ModelProvider =>
    createOpenAIChatProvider({ baseURL: server.openaiURL, ...settings }, {});

  it('speaks to compatible servers in the older words, without a key', async () => {
    const body = await bodyOf(connect(), REASON('low', 500), 'llama3');
    expect(body).toMatchObject({
      max_tokens: 500,
      temperature: 0.3,
      reasoning_effort: 'low',
      stream_options: { include_usage: true },
    });
    expect(body.messages).toEqual([
      { role: 'system', content: 'You are terse.' },
      { role: 'user', content: 'Hello' },
    ]);
  });

  it('leaves an empty system prompt out, and asks by schema', async () => {
    const body = await bodyOf(connect(), { instructions: '', outputSchema: CLOSED, ...REASON('off') }, 'llama3');
    expect(body.messages).toEqual([{ role: 'user', content: 'Hello' }]);
    expect(body).toMatchObject({
      response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true } },
      reasoning_effort: 'low',
    });
  });

  it('estimates usage where the server reports none, so that nothing looks free', async () => {
    server.setScript([{ text: 'A rather long answer, to be counted.', noUsage: true }]);
    const { usage } = await connect().complete(requestOf('llama3'), callOf());
    expect(usage.inputTokens).toBeGreaterThan(10);
    expect(usage.outputTokens).toBeGreaterThan(8);
  });

  it('shows reasoning, and sends it back only where configured', async () => {
    const first = { reasoning: [{ text: 'Hm.' }], text: 'x', toolCalls: [{ name: 'add', arguments: {} }] };
    const plain = await twoTurns(connect(), 'r1', first);
    expect(plain.reply.message.content[0]).toEqual({ type: 'reasoning', provider: 'openai', text: 'Hm.' });
    expect(JSON.stringify(plain.body)).not.toContain('Hm.');
    await server.close();
    server = await startVendorServer();
    const returned = await twoTurns(connect({ returnReasoning: true }), 'r1', first);
    expect((returned.body.messages as unknown[])[2]).toMatchObject({ reasoning_content: 'Hm.', content: 'x' });
  });

  it.each<[string, unknown[], unknown]>([
    [
      'calls without an index, whole in one chunk',
      [
        { tool_calls: [{ id: 'a', function: { name: 'add', arguments: '{"a":1}' } }] },
        { tool_calls: [{ id: 'b', function: { name: 'add', arguments: '{"a":2}' } }] },
      ],
      [
        { id: 'a', arguments: { a: 1 } },
        { id: 'b', arguments: { a: 2 } },
      ],
    ],
    [
      'calls all numbered 0, told apart by id, pieces without one',
      [
        { tool_calls: [{ index: 0, id: 'a', function: { name: 'add', arguments: '{"a"' } }] },
        { tool_calls: [{ index: 0, function: { arguments: ':1}' } }] },
        { tool_calls: [{ index: 0, id: 'b', function: { name: 'add', arguments: '{}' } }] },
      ],
      [
        { id: 'a', arguments: { a: 1 } },
        { id: 'b', arguments: {} },
      ],
    ],
    [
      'pieces that repeat id and name, and an id that comes late',
      [
        { tool_calls: [{ index: 0, id: 'a', function: { name: 'add', arguments: '{"a":' } }] },
        { tool_calls: [{ index: 0, id: 'a', function: { name: 'add', arguments: '1}' } }] },
        { tool_calls: [{ index: 1, function: { name: 'add', arguments: '{' } }] },
        { tool_calls: [{ index: 1, id: 'late', function: { arguments: '}' } }] },
      ],
      [{ id: 'a', arguments: { a: 1 } }, { arguments: {} }],
    ],
  ])('reads %s', async (_, deltas, expected) => {
    const chunk = (choice: unknown): string => `data: ${JSON.stringify({ model: 'm', choices: [choice] })}\n\n`;
    const stream = [...deltas.map((delta) => chunk({ index: 0, delta })), chunk({ finish_reason: 'tool_calls' })].join(
      '',
    );
    server.setScript([{ rawBody: `${stream}data: [DONE]\n\n`, headers: { 'content-type': 'text/event-stream' } }]);
    const { message } = await connect().complete(requestOf('m'), callOf());
    expect(message.content).toMatchObject(expected as object[]);
  });
});

describe('anthropic', () => {
  const connect = (url = server.anthropicURL): ModelProvider =>
    createAnthropicProvider({ baseURL: url, apiKey: 'sk-1' }, {});
  const marked = { cache_control: { type: 'ephemeral' } };

  it('marks the ends of tools, system prompt and the last two user messages for the cache', async () => {
    const { body } = await twoTurns(connect(), 'claude-sonnet-5', { toolCalls: [{ name: 'add', arguments: {} }] });
    expect(body).toMatchObject({ tools: [marked], system: [{ text: 'You are terse.', ...marked }] });
    const messages = body.messages as { role: string; content: Record<string, unknown>[] }[];
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(messages.map(({ content }) => content.at(-1)?.cache_control)).toEqual([
      marked.cache_control,
      undefined,
      marked.cache_control,
    ]);
    expect(JSON.stringify(body).match(/cache_control/g)).toHaveLength(4);
  });

  it('takes a base URL with or without its version', async () => {
    await bodyOf(connect(`${server.anthropicURL}/v1/`), {}, 'claude-sonnet-5');
    expect(server.requests.at(-1)?.path).toBe('/v1/messages');
  });

  it('sends thinking back byte by byte, redacted thinking too', async () => {
    const thought = { text: 'Let me see…\n\n  ✓ ', signature: 'EqQBCgIYAh+/==' };
    const { reply, body } = await twoTurns(connect(), 'claude-sonnet-5', {
      reasoning: [thought, { encrypted: 'EmwKAhgBEgy3va3pzix/==' }],
      text: 'Adding.',
      toolCalls: [{ name: 'add', arguments: { b: 2, a: 1 } }],
    });
    expect(reply.message.content.slice(0, 2)).toEqual([
      { type: 'reasoning', provider: 'anthropic', ...thought },
      { type: 'reasoning', provider: 'anthropic', text: '', encrypted: 'EmwKAhgBEgy3va3pzix/==' },
    ]);
    expect((body.messages as { content: unknown[] }[])[1]?.content).toEqual([
      { type: 'thinking', thinking: thought.text, signature: thought.signature },
      { type: 'redacted_thinking', data: 'EmwKAhgBEgy3va3pzix/==' },
      { type: 'text', text: 'Adding.' },
      { type: 'tool_use', id: 'call_0_0', name: 'add', input: { b: 2, a: 1 } },
    ]);
  });

  it('leaves out thinking that was cut: without signature, or at the end of a message', async () => {
    const content: AssistantMessage['content'] = [
      { type: 'reasoning', provider: 'anthropic', text: 'unsigned' },
      { type: 'text', text: 'said' },
      { type: 'reasoning', provider: 'anthropic', text: 'last', signature: 's' },
    ];
    const messages: Message[] = [user('q'), { role: 'assistant', content }, user(' ')];
    const body = await bodyOf(connect(), { messages }, 'claude-sonnet-5');
    expect((body.messages as { content: unknown[] }[]).slice(1)).toEqual([
      { role: 'assistant', content: [{ type: 'text', text: 'said' }] },
      { role: 'user', content: [{ type: 'text', text: '(empty message)', ...marked }] },
    ]);
  });

  it('puts results before what was said in the meantime', async () => {
    const call = { type: 'tool-call' as const, id: 'c', name: 'add', arguments: {} };
    const result: Message = {
      role: 'tool',
      callId: 'c',
      name: 'add',
      outcome: 'ok',
      content: '1',
      mediaType: 'text/plain',
    };
    const messages = [user('q'), { role: 'assistant' as const, content: [call] }, user('hurry'), result];
    const body = await bodyOf(connect(), { messages }, 'claude-sonnet-5');
    const last = (body.messages as { content: { type: string }[] }[]).at(-1);
    expect(last?.content.map(({ type }) => type)).toEqual(['tool_result', 'text']);
  });

  it.each([
    ['claude-sonnet-5', 'medium', 20_000, { thinking: { type: 'adaptive' }, output_config: { effort: 'medium' } }],
    ['claude-sonnet-5', 'off', 20_000, { output_config: { effort: 'low' } }],
    ['claude-opus-4-6', 'off', 20_000, { temperature: 0.3 }],
    ['claude-sonnet-4-5', 'high', 20_000, { thinking: { type: 'enabled', budget_tokens: 10_000 } }],
    ['claude-sonnet-4-5', 'high', 1_500, { temperature: 0.3 }],
    ['claude-3-5-haiku-latest', 'high', 8_000, { temperature: 0.3 }],
  ] as const)('%s thinks %s as it can', async (model, effort, max, expected) => {
    const body = await bodyOf(connect(), REASON(effort, max), model);
    expect(body).toMatchObject(expected);
    expect('thinking' in body).toBe('thinking' in expected);
    expect('temperature' in body).toBe('temperature' in expected);
    const beta = server.requests.at(-1)?.headers['anthropic-beta'];
    expect(beta).toBe(model === 'claude-sonnet-4-5' && max === 20_000 ? 'interleaved-thinking-2025-05-14' : undefined);
  });

  it('enforces schemas natively on models that can, in words on older ones', async () => {
    const native = await bodyOf(connect(), { outputSchema: OPEN }, 'claude-sonnet-5');
    expect(native.output_config).toEqual({
      format: { type: 'json_schema', schema: { ...OPEN, additionalProperties: false } },
    });
    const older = await bodyOf(connect(), { outputSchema: OPEN }, 'claude-3-7-sonnet-latest');
    expect(older).not.toHaveProperty('output_config');
    expect(JSON.stringify(older.system)).toContain('JSON Schema');
  });

  it('says why it refused when the model says nothing', async () => {
    const frames = [
      ['message_start', { message: { model: 'm', usage: { input_tokens: 5, output_tokens: 1 } } }],
      [
        'message_delta',
        { delta: { stop_reason: 'refusal', stop_details: { explanation: 'policy' } }, usage: { output_tokens: 2 } },
      ],
      ['message_stop', {}],
    ] as const;
    const rawBody = frames
      .map(([type, data]) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`)
      .join('');
    server.setScript([{ rawBody }]);
    const reply: ModelReply = await connect().complete(requestOf('claude-sonnet-5'), callOf());
    expect(reply).toMatchObject({ finish: 'refusal', message: { content: [{ type: 'text', text: 'policy' }] } });
    expect(reply.usage).toMatchObject({ inputTokens: 5, outputTokens: 2 });
  });

  const stream = (...events: [string, object][]): string =>
    events.map(([type, data]) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`).join('');
  const start: [string, object] = [
    'message_start',
    { message: { model: 'm', usage: { input_tokens: 5, output_tokens: 1 } } },
  ];
  const stopped = (stop_reason: string): [string, object][] => [
    ['message_delta', { delta: { stop_reason }, usage: { output_tokens: 2 } }],
    ['message_stop', {}],
  ];
  const block = (index: number, content_block: object): [string, object] => [
    'content_block_start',
    { index, content_block },
  ];
  const delta = (index: number, change: object): [string, object] => ['content_block_delta', { index, delta: change }];
  const close = (index: number): [string, object] => ['content_block_stop', { index }];
  const read = (...events: [string, object][]): Promise<ModelReply> => {
    server.setScript([{ rawBody: stream(start, ...events) }]);
    return connect().complete(requestOf('claude-sonnet-5'), callOf());
  };
  const text = { type: 'text', text: '' };
  const call = { type: 'tool_use', id: 'c', name: 'add', input: {} };

  it('reads input given whole at the start, and skips blocks and deltas it never asked for', async () => {
    const { message } = await read(
      block(0, { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }),
      delta(0, { type: 'input_json_delta', partial_json: '{}' }),
      close(0),
      block(1, text),
      delta(1, { type: 'text_delta', text: 'so' }),
      delta(1, { type: 'citations_delta', citation: {} }),
      close(1),
      block(2, { ...call, input: { a: 1 } }),
      close(2),
      ...stopped('tool_use'),
    );
    expect(message.content).toMatchObject([{ text: 'so' }, { type: 'tool-call', arguments: { a: 1 } }]);
  });

  it('drops a call left open at the limit, and one without any input', async () => {
    const cut = await read(
      block(0, call),
      delta(0, { type: 'input_json_delta', partial_json: '{}' }),
      ...stopped('max_tokens'),
    );
    expect(cut).toMatchObject({ finish: 'length', message: { content: [] } });
    const empty = await read(block(0, call), close(0), ...stopped('model_context_window_exceeded'));
    expect(empty).toMatchObject({ finish: 'length', message: { content: [] } });
  });

  it.each<[string, [string, object][]]>([
    ['a block begun twice', [block(0, text), block(0, text), ...stopped('end_turn')]],
    ['a block left open', [block(0, text), ...stopped('end_turn')]],
    [
      'a delta after its block',
      [block(0, text), close(0), delta(0, { type: 'text_delta', text: 'x' }), ...stopped('end_turn')],
    ],
    [
      'a delta of another kind',
      [block(0, text), delta(0, { type: 'thinking_delta', thinking: 'x' }), close(0), ...stopped('end_turn')],
    ],
    ['a block after the end', [...stopped('end_turn'), block(0, text)]],
    ['a delta after the end', [block(0, text), ...stopped('end_turn'), delta(0, { type: 'text_delta', text: 'x' })]],
    ['an end without a reason', [['message_stop', {}]]],
  ])('refuses %s', async (_, events) => {
    await expect(read(...events)).rejects.toMatchObject({ code: 'Model.BadResponse' });
  });
});
