import { createProviders, PROVIDERS } from '../../activities/providers';
import type { ModelProvider, ModelReply } from '../../activities/providers/provider';
import { ADD, callOf, PROVIDER_CASES, requestOf, runProviderCase, textOf, user } from '../../testing/provider-cases';
import { scriptedModel } from '../../testing/scripted-model';
import { type NormalisedRequest, startVendorServer, type VendorServer } from '../../testing/vendor-server';
import { SUBJECTS, WIRELESS } from './provider-subjects';

/** The conformance suite: the same cases for every adapter, over HTTP with the vendors' own SDKs. */

describe('the suite', () => {
  it('covers every provider Holdfast brings', () => {
    const covered = [...SUBJECTS.map(({ provider }) => provider), ...WIRELESS];
    expect(PROVIDERS.map(({ name }) => name).filter((name) => !covered.includes(name))).toEqual([]);
  });
});

describe('an adapter that does not keep the contract is found out', () => {
  const wrongs: [string, (reply: ModelReply) => ModelReply][] = [
    ['counts nothing', (reply) => ({ ...reply, usage: { ...reply.usage, outputTokens: 0 } })],
    ['says something else ended it', (reply) => ({ ...reply, finish: 'refusal' })],
    ['loses what was said', (reply) => ({ ...reply, message: { role: 'assistant', content: [] } })],
  ];
  it.each(wrongs)('%s', async (_what, change) => {
    const [first] = PROVIDER_CASES;
    if (!first) throw new Error('there are no cases');
    const right = scriptedModel([{ text: 'pong' }]);
    const wrong = {
      ...right,
      complete: async (...asked: Parameters<ModelProvider['complete']>) => change(await right.complete(...asked)),
    };
    await expect(runProviderCase(wrong, 'steps', first)).rejects.toThrow();
  });
});

describe.each(SUBJECTS)('$label over HTTP', (subject) => {
  let server: VendorServer;
  let provider: ModelProvider;

  beforeAll(async () => {
    server = await startVendorServer({ models: ['alpha', 'beta'] });
    provider = subject.connect(server);
  });
  afterAll(() => server.close());

  it.each(PROVIDER_CASES)('$name', async (wanted) => {
    server.setScript(wanted.script);
    await runProviderCase(provider, subject.model, wanted);
    server.assertDone();
  });

  it('lists models and is healthy', async () => {
    expect(await provider.listModels?.(callOf())).toEqual(['alpha', 'beta']);
    await expect(provider.checkHealth?.(callOf())).resolves.toBeUndefined();
  });

  it('knows its models and counts tokens, more of them for more text', async () => {
    expect(provider.describeModel(subject.model)?.contextTokens).toBeGreaterThanOrEqual(100_000);
    expect(provider.describeModel('no-such-model')).toBeUndefined();
    const short = await provider.countTokens(requestOf(subject.model));
    const long = await provider.countTokens(requestOf(subject.model, { messages: [user('word '.repeat(500))] }));
    expect(short).toBeGreaterThan(0);
    expect(long - short).toBeGreaterThan(450);
  });
});

describe('the scripted model', () => {
  it.each(PROVIDER_CASES)('$name', async (wanted) => {
    const model = scriptedModel(
      wanted.script.map(({ text, chunkChars: _, ...reply }) => ({
        ...reply,
        ...(text && { text: [text].flat().join('') }),
      })) as never[],
    );
    await runProviderCase(model, 'steps', wanted);
    model.assertDone();
  });

  it('fails loudly on a request it does not expect', async () => {
    const model = scriptedModel([{ text: 'only' }]);
    await model.complete(requestOf('steps'), callOf());
    await expect(model.complete(requestOf('steps'), callOf())).rejects.toMatchObject({ code: 'Model.InvalidRequest' });
    expect(() => model.assertDone()).toThrow('request 2 came, but the script has 1 steps');
    expect(model.requests).toHaveLength(2);
  });

  it('fails loudly on steps left over', () => {
    expect(() => scriptedModel([{ text: 'a' }, { text: 'b' }]).assertDone()).toThrow(
      '2 of 2 steps were never asked for',
    );
  });

  it('lists itself, is healthy, counts and knows its window', async () => {
    const model = scriptedModel([], { contextTokens: 1_000 });
    expect(await model.listModels?.(callOf())).toEqual(['steps']);
    await expect(model.checkHealth?.(callOf())).resolves.toBeUndefined();
    expect(model.countTokens(requestOf('steps'))).toBeGreaterThan(10);
    expect(model.describeModel('steps')).toEqual({ contextTokens: 1_000 });
  });

  it('keeps what a step expected in vain', async () => {
    const model = scriptedModel([
      () => {
        throw new Error('expected a tool result');
      },
    ]);
    await expect(model.complete(requestOf('steps'), callOf())).rejects.toMatchObject({ code: 'Model.InvalidRequest' });
    expect(() => model.assertDone()).toThrow('step 1: expected a tool result');
  });

  it('throws a scripted error, computes from the request, and stops waiting on abort', async () => {
    const failure = new Error('scripted');
    const model = scriptedModel([
      { error: failure },
      (request) => ({ text: request.instructions }),
      { delayMs: 10, text: 'slow' },
      { delayMs: 60_000 },
    ]);
    await expect(model.complete(requestOf('steps'), callOf())).rejects.toBe(failure);
    const reply = await model.complete(requestOf('steps'), callOf());
    expect(textOf(reply.message)).toBe('You are terse.');
    expect(textOf((await model.complete(requestOf('steps'), callOf())).message)).toBe('slow');
    const controller = new AbortController();
    const waiting = model.complete(requestOf('steps'), callOf({ signal: controller.signal }));
    controller.abort(new Error('stop'));
    await expect(waiting).rejects.toThrow('stop');
  });

  it('passes an abort inside a step on as the abort', async () => {
    const controller = new AbortController();
    const model = scriptedModel([
      () => {
        controller.abort(new Error('enough'));
        throw new Error('consequence');
      },
    ]);
    await expect(model.complete(requestOf('steps'), callOf({ signal: controller.signal }))).rejects.toThrow('enough');
    model.assertDone();
  });
});

describe.each(WIRELESS)('%s', (name) => {
  const { provider } = createProviders({ env: {} }).providerFor(`${name}/rules`);

  it('answers the same to the same, with text, usage and a reason to end', async () => {
    const request = requestOf('rules', { tools: [ADD], messages: [user('What is 2 + 3?')] });
    const [first, second] = [await provider.complete(request, callOf()), await provider.complete(request, callOf())];
    expect(second).toEqual(first);
    expect(['end', 'tool-calls']).toContain(first.finish);
    expect(first.message.content.length).toBeGreaterThan(0);
    expect(first.usage.inputTokens).toBeGreaterThan(0);
    expect(first.usage.outputTokens).toBeGreaterThan(0);
  });

  it('is aborted, counts tokens, and is labelled', async () => {
    const signal = AbortSignal.abort(new Error('before'));
    await expect(provider.complete(requestOf('rules'), callOf({ signal }))).rejects.toThrow('before');
    expect(await provider.countTokens(requestOf('rules'))).toBeGreaterThan(0);
    expect(provider.describeModel('rules')?.contextTokens).toBeGreaterThan(0);
    expect(provider.simulated).toBe(true);
  });
});

describe('the vendor server', () => {
  it('refuses requests beyond its script, and says so', async () => {
    const server = await startVendorServer({ script: [{ text: 'one' }] });
    const provider = SUBJECTS[0]?.connect(server);
    expect(() => server.assertDone()).toThrow('1 of 1 replies were never asked for');
    await provider?.complete(requestOf('gpt-5-mini'), callOf());
    server.assertDone();
    await expect(provider?.complete(requestOf('gpt-5-mini'), callOf())).rejects.toMatchObject({
      code: 'Model.InvalidRequest',
    });
    expect(() => server.assertDone()).toThrow('asked 1 times more');
    await server.close();
  });

  it.each(SUBJECTS)('reads $label requests for scripts, and answers without streaming too', async (subject) => {
    const seen: unknown[] = [];
    const script = (request: NormalisedRequest) => {
      seen.push({ ...pick(request), stream: request.stream });
      return { text: 'sure', toolCalls: [{ id: 'c1', name: 'add', arguments: { a: 1 } }] };
    };
    const server = await startVendorServer({ script, logBodies: true });
    const messages = [
      user('one'),
      {
        role: 'assistant' as const,
        content: [{ type: 'tool-call' as const, id: 'c0', name: 'add', arguments: { a: 0 } }],
      },
      {
        role: 'tool' as const,
        callId: 'c0',
        name: 'add',
        outcome: 'ok' as const,
        content: 'zero',
        mediaType: 'text/plain' as const,
      },
    ];
    await subject.connect(server).complete(requestOf(subject.model, { messages }), callOf());
    expect(seen).toEqual([
      {
        dialect: subject.dialect,
        model: subject.model,
        system: 'You are terse.',
        turn: 1,
        roles: ['user', 'assistant', 'tool'],
        callId: 'c0',
        stream: true,
      },
    ]);
    const body = JSON.stringify({ ...server.requests[0]?.body, stream: false });
    const plain = await fetch(`${server.url}${subject.path}`, { method: 'POST', body });
    const answer = JSON.stringify(await plain.json());
    for (const part of ['sure', 'c1', 'add']) expect(answer).toContain(part);
    await server.close();
  });

  it('answers everything else the SDKs ask for, 404 otherwise, and 500 when a script throws', async () => {
    const server = await startVendorServer({
      logBodies: false,
      script: () => {
        throw new Error('bad script');
      },
    });
    const post = (path: string, body: string) => fetch(server.url + path, { method: 'POST', body });
    expect(await (await post('/v1/messages/count_tokens', 'x'.repeat(40))).json()).toEqual({ input_tokens: 10 });
    expect((await post('/v1/nothing', '{}')).status).toBe(404);
    expect(await (await post('/v1/responses', 'not json')).text()).toContain('bad script');
    expect(server.requests).toEqual([]);
    expect(server.count()).toBe(1);
    await server.close();
  });
});

describe('the vendor server on the wire', () => {
  const get = async (server: VendorServer, path: string, body: unknown): Promise<string> =>
    (await fetch(server.url + path, { method: 'POST', body: JSON.stringify(body) })).text();

  it('gives reasoning, refusals, limits and usage without streaming too', async () => {
    const server = await startVendorServer({
      script: () => ({ refusal: 'never', reasoning: [{ text: 'hm' }], finish: 'length', noUsage: true }),
    });
    for (const { path, dialect } of SUBJECTS) {
      const text = await get(server, path, { model: 'm', messages: [] });
      expect(text).toContain('never');
      expect(text.includes('hm')).toBe(dialect !== 'openai-chat');
      expect(text).toMatch(/"length"|incomplete|max_tokens/);
    }
    await server.close();
  });

  it('reads the simplest shapes of each dialect', async () => {
    const seen: NormalisedRequest[] = [];
    const server = await startVendorServer({
      script: (request) => {
        seen.push(request);
        return {};
      },
    });
    await get(server, '/v1/responses', { input: 'plain', model: 'a' });
    await get(server, '/v1/messages', {
      system: 'sys',
      messages: [{ role: 'user', content: 'plain' }],
      tools: [{ name: 't' }],
    });
    await get(server, '/v1/chat/completions', {
      messages: [
        { role: 'developer', content: 'sys' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'pl' },
            { type: 'text', text: 'ain' },
          ],
        },
        { role: 'assistant', content: null, tool_calls: [{ id: 'c', function: { name: 't', arguments: '{"broken' } }] },
      ],
      tools: [{ type: 'function', function: { name: 't' } }, {}],
    });
    expect(seen.map(({ messages }) => messages[0]?.text)).toEqual(['plain', 'plain', 'plain']);
    expect(seen.map(({ system }) => system)).toEqual(['', 'sys', 'sys']);
    expect(seen.map(({ tools }) => tools)).toEqual([[], ['t'], ['t', '']]);
    expect(seen[2]?.messages[1]?.toolCalls).toEqual([{ id: 'c', name: 't', arguments: '{"broken' }]);
    expect(seen.map(({ model, stream }) => [model, stream])).toEqual([
      ['a', false],
      ['', false],
      ['', false],
    ]);
    await server.close();
  });

  it('says when its port is taken, and lists no models when it has none', async () => {
    const server = await startVendorServer({ models: [] });
    const port = Number(new URL(server.url).port);
    await expect(startVendorServer({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(await (await fetch(`${server.url}/v1/models`)).json()).toMatchObject({ data: [], first_id: null });
    expect(await get(server, '/v1/embeddings', { input: 'one' })).toContain('"index":0');
    await server.close();
  });
});

function pick({ dialect, model, system, turn, messages }: NormalisedRequest) {
  return { dialect, model, system, turn, roles: messages.map(({ role }) => role), callId: messages.at(-1)?.callId };
}
