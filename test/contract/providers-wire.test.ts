import type { ModelProvider, ModelReply } from '../../activities/providers/provider';
import type { Message } from '../../protocol/messages';
import { ADD, answered, callOf, callsOf, redPng, requestOf, textOf, user } from '../../testing/provider-cases';
import { startVendorServer, type VendorReply, type VendorServer } from '../../testing/vendor-server';
import { KEY, onlyRequest, SUBJECTS, type WireSubject } from './provider-subjects';

/** What goes over the wire, and what is made of what comes back. */

interface Served {
  server: VendorServer;
  provider: ModelProvider;
}

async function serving<T>(
  subject: WireSubject,
  script: VendorReply[],
  run: (served: Served) => Promise<T>,
  settings = {},
): Promise<T> {
  const server = await startVendorServer({ script });
  try {
    return await run({ server, provider: subject.connect(server, settings) });
  } finally {
    await server.close();
  }
}

function ask(subject: WireSubject, reply: VendorReply, settings = {}): Promise<ModelReply> {
  return serving(subject, [reply], ({ provider }) => provider.complete(requestOf(subject.model), callOf()), settings);
}

/** The conversation part of a request's bytes, without the documented marks that move. */
function conversationBytes(raw: Buffer): string {
  const body = JSON.parse(raw.toString('utf8')) as { input?: unknown[]; messages?: unknown[] };
  const text = JSON.stringify(body.input ?? body.messages);
  return text.replaceAll(',"cache_control":{"type":"ephemeral"}', '');
}

describe.each(SUBJECTS)('$label', (subject) => {
  it('sends key, correlation id and tools, and asks for a stream', () =>
    serving(subject, [{ text: 'ok' }], async ({ server, provider }) => {
      const call = callOf({ correlationId: 'run-7/ä' });
      await provider.complete(requestOf(subject.model, { tools: [ADD] }), call);
      const { headers, body, path } = onlyRequest(server);
      expect(path).toBe(subject.path);
      expect(headers.authorization ?? headers['x-api-key']).toContain(KEY);
      expect(headers['x-client-request-id']).toBe('run-7/_');
      expect(body).toMatchObject({ model: subject.model, stream: true });
      expect(JSON.stringify(body.tools)).toContain('Adds two numbers.');
    }));

  it('starts each request with the bytes of the one before', () =>
    serving(
      subject,
      Array.from({ length: 6 }, (_, turn) => ({
        reasoning: [{ text: `thought ${turn}`, signature: `sig-${turn}`, id: `rs_${turn}` }],
        text: turn % 2 ? `turn ${turn}` : undefined,
        toolCalls: [
          { name: 'add', arguments: { b: turn, a: 1 } },
          { name: 'add', arguments: { note: 'ünï ✓ "quoted"' } },
        ],
      })) as VendorReply[],
      async ({ server, provider }) => {
        let messages: Message[] = [user('Begin.')];
        for (let turn = 0; turn < 6; turn++) {
          const reply = await provider.complete(requestOf(subject.model, { messages, tools: [ADD] }), callOf());
          messages = answered(messages, reply, `result of ${turn} ✓`);
          if (turn === 3) messages = [...messages, user('By the way, be quick.')];
        }
        const sent = server.requests.map(({ raw }) => conversationBytes(raw));
        expect(sent).toHaveLength(6);
        for (let at = 1; at < sent.length; at++)
          expect(sent[at]?.startsWith(sent[at - 1]?.slice(0, -1) ?? '!')).toBe(true);
        const heads = server.requests.map(({ body: { input: _, messages: __, ...head } }) => JSON.stringify(head));
        expect(new Set(heads).size).toBe(1);
      },
    ));

  it('maps usage with cached, written and reasoning tokens', async () => {
    const usage = {
      inputTokens: 900,
      cachedInputTokens: 600,
      cacheWriteTokens: 200,
      outputTokens: 80,
      reasoningTokens: 30,
    };
    expect((await ask(subject, { text: 'ok', usage })).usage).toEqual(usage);
  });

  it('reports a refusal as one, and none of its calls', async () => {
    const reply = await ask(subject, { refusal: 'I cannot help.', toolCalls: [{ name: 'add', arguments: {} }] });
    expect(reply.finish).toBe('refusal');
    expect(textOf(reply.message)).toBe('I cannot help.');
    expect(callsOf(reply.message)).toEqual([]);
  });

  it('makes empty and repeated call ids unique, the same way each time', async () => {
    const toolCalls = ['x', 'x', ''].map((id) => ({ id, name: 'add', arguments: {} }));
    const ids = async () => callsOf((await ask(subject, { toolCalls })).message).map(({ id }) => id);
    expect(await ids()).toEqual(['x', 'x_2', 'call_2']);
    expect(await ids()).toEqual(['x', 'x_2', 'call_2']);
  });

  it('passes calls of unknown tools on', async () => {
    const reply = await ask(subject, { toolCalls: [{ name: 'launch_missiles', arguments: { now: true } }] });
    expect(callsOf(reply.message)).toMatchObject([{ name: 'launch_missiles', arguments: { now: true } }]);
  });

  it.each([
    ['repairs complete arguments', "{a: 1, 'b': 2,}", { arguments: { a: 1, b: 2 } }],
    ['reads no arguments as none', '', { arguments: {} }],
    ['keeps what it cannot repair', '{"a": 1', { malformed: '{"a": 1' }],
    ['does not close an open text', '{"path": "a", "content": "hel', { malformed: '{"path": "a", "content": "hel' }],
    ['does not take two values for one', '{"a":1}{"a":1}', { malformed: '{"a":1}{"a":1}' }],
  ])('%s', async (_, text, expected) => {
    const [call] = callsOf((await ask(subject, { toolCalls: [{ name: 'add', arguments: text }] })).message);
    expect(call).toMatchObject(expected);
    expect(Object.keys(call ?? {})).toHaveLength(4);
  });

  it('drops the call that was being written when the limit came, and keeps the whole one', async () => {
    const toolCalls = [
      { name: 'add', arguments: { a: 1 } },
      { name: 'add', arguments: '{"a": 1, "b' },
    ];
    const both = await ask(subject, { toolCalls, finish: 'length' });
    expect(callsOf(both.message)).toMatchObject([{ arguments: { a: 1 } }]);
    expect(both.finish).toBe('tool-calls');
    const cut = await ask(subject, { text: 'So', toolCalls: toolCalls.slice(1), finish: 'length' });
    expect(callsOf(cut.message)).toEqual([]);
    expect(cut.finish).toBe('length');
  });

  it('puts together an answer that comes in tiny pieces, slowly', async () => {
    const toolCalls = [{ name: 'add', arguments: { a: 12, text: 'slow ✓' } }];
    const reply = await ask(
      subject,
      { text: 'drip drop', toolCalls, chunkChars: 3, chunkDelayMs: 5 },
      { timeouts: { idleMs: 500 } },
    );
    expect(textOf(reply.message)).toBe('drip drop');
    expect(callsOf(reply.message)).toMatchObject([{ arguments: { a: 12, text: 'slow ✓' } }]);
  });

  it('ends the HTTP request when it is aborted, before the answer and within it', () =>
    serving(subject, [{ latencyMs: 60_000 }, { text: 'x', stallAfterChunks: 4 }], async ({ server, provider }) => {
      for (const at of [0, 1]) {
        const controller = new AbortController();
        const running = provider.complete(requestOf(subject.model), callOf({ signal: controller.signal }));
        const outcome = expect(running).rejects.toThrow('enough');
        while (server.requests.length <= at) await new Promise((resolve) => setTimeout(resolve, 5));
        if (at === 1) await new Promise((resolve) => setTimeout(resolve, 50));
        controller.abort(new Error('enough'));
        await outcome;
        await server.requests[at]?.closed;
        expect(server.requests[at]?.aborted).toBe(true);
      }
    }));

  it('does not call when it is aborted already', () =>
    serving(subject, [], async ({ server, provider }) => {
      const signal = AbortSignal.abort(new Error('before'));
      await expect(provider.complete(requestOf(subject.model), callOf({ signal }))).rejects.toThrow('before');
      expect(server.requests).toEqual([]);
    }));

  it('uses one connection for a hundred calls in a row', () =>
    serving(
      subject,
      Array.from({ length: 100 }, () => ({ text: 'ok' })),
      async ({ server, provider }) => {
        for (let n = 0; n < 100; n++) await provider.complete(requestOf(subject.model), callOf());
        expect(server.connections()).toBe(1);
        expect(provider.connectionStats?.()).toEqual({ requests: 100, reused: 99 });
      },
    ));

  it('stops a giant answer and hangs up', () =>
    serving(
      subject,
      [{ text: 'x'.repeat(40_000), chunkChars: 500, chunkDelayMs: 1 }],
      async ({ server, provider }) => {
        const running = provider.complete(requestOf(subject.model), callOf());
        await expect(running).rejects.toMatchObject({ code: 'Model.AnswerTooLong' });
        await server.requests[0]?.closed;
        expect(server.requests[0]?.aborted).toBe(true);
      },
      { maxAnswerChars: 10_000 },
    ));

  it('sends images, PDFs and text files, and refuses what no model reads', () =>
    serving(subject, [{ text: 'ok' }], async ({ server, provider }) => {
      const data = Buffer.from('héllo').toString('base64');
      const content = [
        { type: 'image' as const, mediaType: 'image/png' as const, data: redPng(2) },
        { type: 'file' as const, name: 'a.pdf', mediaType: 'application/pdf', data: 'UERG' },
        { type: 'file' as const, name: 'b.md', mediaType: 'text/markdown', data },
      ];
      const files = (mediaType: string, bytes?: string): Message => ({
        role: 'user',
        content: [{ type: 'file', name: 'c.bin', mediaType, ...(bytes && { data: bytes }) }],
      });
      await provider.complete(requestOf(subject.model, { messages: [{ role: 'user', content }] }), callOf());
      const sent = JSON.stringify(onlyRequest(server).body);
      for (const part of [redPng(2), 'UERG', 'a.pdf', 'b.md', 'héllo']) expect(sent).toContain(part);
      for (const message of [files('application/zip', 'AAAA'), files('application/pdf')]) {
        const running = provider.complete(requestOf(subject.model, { messages: [message] }), callOf());
        await expect(running).rejects.toMatchObject({ code: 'Model.InvalidRequest' });
      }
    }));

  it('sends failed results, malformed calls, foreign ids and half emojis so that the vendor takes them', () =>
    serving(subject, [{ text: 'ok' }], async ({ server, provider }) => {
      const messages: Message[] = [
        user('half \ud83d'),
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', provider: 'someone-else', text: 'secret thought', signature: 's' },
            { type: 'tool-call', id: 'we|ird id', name: 'a.b', malformed: '{"x' },
            { type: 'tool-call', id: 'c2', name: 'add', arguments: [1, 2] },
          ],
        },
        { role: 'tool', callId: 'we|ird id', name: 'a.b', outcome: 'failed', content: 'boom', mediaType: 'text/plain' },
        { role: 'tool', callId: 'c2', name: 'add', outcome: 'ok', content: '', mediaType: 'text/plain' },
        { role: 'assistant', content: [] },
        user('go on'),
      ];
      await provider.complete(requestOf(subject.model, { messages }), callOf());
      const { raw } = onlyRequest(server);
      const sent = raw.toString('utf8');
      expect(sent).not.toMatch(/\\ud83d|secret thought|we\|ird|a\.b/);
      expect(sent.match(/we_ird_id/g)).toHaveLength(2);
      expect(sent).toContain('malformed_arguments');
      expect(sent).toMatch(/is_error":true|Error \(failed\): boom/);
    }));

  it('asks in words for a schema the vendor cannot enforce', () =>
    serving(subject, [{ text: '[]' }], async ({ server, provider }) => {
      const outputSchema = { type: 'array', items: { type: 'string' } };
      await provider.complete(requestOf(subject.model, { outputSchema }), callOf());
      const sent = JSON.stringify(onlyRequest(server).body);
      expect(sent).toContain('valid against this JSON Schema');
      expect(sent).not.toContain('json_schema"');
    }));
});
