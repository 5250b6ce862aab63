import { createServer } from 'node:net';
import type { ModelProvider, ProviderError } from '../../activities/providers/provider';
import { type FailureCode, isRetryable } from '../../protocol/failures';
import { ADD, callOf, requestOf } from '../../testing/provider-cases';
import { startVendorServer, type VendorReply, type VendorServer } from '../../testing/vendor-server';
import { KEY, SUBJECTS } from './provider-subjects';

/** Each way a vendor fails: the code, whether it is worth another try, the delay, and exactly one HTTP request. */
interface Fault {
  name: string;
  reply: VendorReply;
  code: FailureCode;
  retryAfterMs?: number;
  only?: string[];
}

const in30s = (): string => new Date(Date.now() + 30_000).toUTCString();
const tool = { toolCalls: [{ name: 'add', arguments: { a: 1, b: 2 } }] };
const openai = ['openai-responses', 'openai-chat'];
const quoted = `Incorrect API key provided: ${KEY}, or sk-proj-abcdef123456.`;

const FAULTS: readonly Fault[] = [
  { name: '429 with seconds', reply: { status: 429, retryAfter: '7' }, code: 'Model.RateLimited', retryAfterMs: 7_000 },
  {
    name: '429 with part of a second',
    reply: { status: 429, retryAfter: '0.25' },
    code: 'Model.RateLimited',
    retryAfterMs: 250,
  },
  {
    name: '429 with milliseconds',
    reply: { status: 429, headers: { 'retry-after-ms': '1234' } },
    code: 'Model.RateLimited',
    retryAfterMs: 1_234,
  },
  {
    name: '429 with an absurd wish',
    reply: { status: 429, retryAfter: '86400' },
    code: 'Model.RateLimited',
    retryAfterMs: 600_000,
  },
  { name: '429 with nonsense', reply: { status: 429, retryAfter: 'soon' }, code: 'Model.RateLimited' },
  { name: '429 without a wish', reply: { status: 429 }, code: 'Model.RateLimited' },
  {
    name: '429 for want of money',
    reply: { status: 429, errorCode: 'insufficient_quota' },
    code: 'Model.QuotaExhausted',
    only: openai,
  },
  { name: '402', reply: { status: 402, errorCode: 'billing_error' }, code: 'Model.QuotaExhausted' },
  {
    name: '400 for want of credit',
    reply: { status: 400, errorMessage: 'Your credit balance is too low to access the Anthropic API.' },
    code: 'Model.QuotaExhausted',
    only: ['anthropic'],
  },
  { name: '500', reply: { status: 500 }, code: 'Model.Unavailable' },
  { name: '502 with a page', reply: { status: 502, rawBody: '<html>Bad gateway</html>' }, code: 'Model.Unavailable' },
  { name: '503 with a wish', reply: { status: 503, retryAfter: '3' }, code: 'Model.Unavailable', retryAfterMs: 3_000 },
  { name: '504', reply: { status: 504 }, code: 'Model.Unavailable' },
  { name: '529', reply: { status: 529 }, code: 'Model.Overloaded' },
  {
    name: 'overloaded in another status',
    reply: { status: 503, errorCode: 'overloaded_error' },
    code: 'Model.Overloaded',
  },
  { name: '408', reply: { status: 408 }, code: 'Model.Timeout' },
  { name: '409', reply: { status: 409 }, code: 'Model.Unavailable' },
  { name: '307', reply: { status: 307 }, code: 'Model.NotFound' },
  { name: '400', reply: { status: 400 }, code: 'Model.InvalidRequest' },
  { name: '422', reply: { status: 422 }, code: 'Model.InvalidRequest' },
  {
    name: '400 by policy',
    reply: { status: 400, errorCode: 'content_policy_violation' },
    code: 'Model.Refused',
    only: openai,
  },
  {
    name: '400 by content filter',
    reply: { status: 400, errorMessage: 'Output blocked by content filtering policy' },
    code: 'Model.Refused',
    only: ['anthropic'],
  },
  {
    name: 'context too long, by code',
    reply: { status: 400, errorCode: 'context_length_exceeded' },
    code: 'Model.ContextTooLong',
    only: openai,
  },
  {
    name: 'context too long, in words',
    reply: {
      status: 400,
      errorMessage: "This model's maximum context length is 8192 tokens, however you requested 9000.",
    },
    code: 'Model.ContextTooLong',
    only: openai,
  },
  {
    name: 'context too long, in Anthropic’s words',
    reply: { status: 400, errorMessage: 'prompt is too long: 213462 tokens > 200000 maximum' },
    code: 'Model.ContextTooLong',
  },
  { name: '413', reply: { status: 413 }, code: 'Model.ContextTooLong' },
  { name: '401', reply: { status: 401, errorMessage: quoted }, code: 'Model.Auth' },
  { name: '403', reply: { status: 403 }, code: 'Model.Auth' },
  { name: '404', reply: { status: 404 }, code: 'Model.NotFound' },
  { name: 'a reset', reply: { reset: true }, code: 'Model.Unavailable' },
  { name: 'a late first byte', reply: { latencyMs: 5_000 }, code: 'Model.Timeout' },
  { name: 'a stall in the stream', reply: { text: 'half', chunkChars: 1, stallAfterChunks: 4 }, code: 'Model.Timeout' },
  { name: 'a cut connection', reply: { text: 'half', chunkChars: 1, cutAfterChunks: 5 }, code: 'Model.BadResponse' },
  {
    name: 'a stream ended early',
    reply: { text: 'half', chunkChars: 1, endAfterChunks: 5 },
    code: 'Model.BadResponse',
  },
  { name: 'a cut within a tool call', reply: { ...tool, cutInToolCall: true }, code: 'Model.BadResponse' },
  { name: 'a stream without its end', reply: { ...tool, omitEnd: true }, code: 'Model.BadResponse' },
  { name: 'a chunk that is not JSON', reply: { text: 'x', garbageAfterChunks: 2 }, code: 'Model.BadResponse' },
  { name: 'an empty body', reply: { rawBody: '' }, code: 'Model.BadResponse' },
  { name: 'a login page with status 200', reply: { rawBody: '<html>Sign in</html>' }, code: 'Model.BadResponse' },
  { name: 'an error in the stream', reply: { text: 'x', errorAfterChunks: 2 }, code: 'Model.Unavailable' },
  {
    name: 'a rate limit in the stream',
    reply: { text: 'x', errorAfterChunks: 2, errorCode: 'rate_limit_exceeded' },
    code: 'Model.RateLimited',
    only: openai,
  },
  {
    name: 'overload in the stream',
    reply: { text: 'x', errorAfterChunks: 2, errorCode: 'overloaded_error' },
    code: 'Model.Overloaded',
  },
];

const TIMEOUTS = { connectMs: 2_000, firstByteMs: 250, idleMs: 250 };

describe.each(SUBJECTS)('$label', (subject) => {
  let server: VendorServer;
  let provider: ModelProvider;
  beforeAll(async () => {
    server = await startVendorServer();
    provider = subject.connect(server, { timeouts: TIMEOUTS });
  });
  afterAll(() => server.close());

  const failing = (reply: VendorReply, from = provider): Promise<ProviderError> => {
    server.setScript([reply]);
    return failureOf(from, subject.model);
  };

  it.each(FAULTS.filter(({ only }) => only?.includes(subject.label) ?? true))(
    '$name is $code',
    async ({ reply, code, retryAfterMs }) => {
      const before = server.count();
      const error = await failing(reply);
      expect(error).toMatchObject({ name: 'HoldfastError', code });
      expect(error.retryAfterMs).toBe(retryAfterMs);
      expect(error.status).toBe(reply.status);
      expect(error.hint).toMatch(/\w/);
      expect(error.message).toMatch(/^(openai|anthropic)/);
      expect(`${error.message} ${error.stack} ${String(error.cause)} ${error.hint}`).not.toMatch(/sk-(test|proj)/);
      // The SDK never tries again: Temporal does, and only these.
      expect(server.count() - before).toBe(1);
      const mayRetry = ['RateLimited', 'Unavailable', 'Overloaded', 'Timeout', 'BadResponse'];
      expect(isRetryable(error.code)).toBe(mayRetry.includes(error.code.slice('Model.'.length)));
    },
  );

  it('reads an HTTP date as a delay', async () => {
    const { retryAfterMs } = await failing({ status: 429, retryAfter: in30s() });
    expect(retryAfterMs).toBeGreaterThan(25_000);
    expect(retryAfterMs).toBeLessThanOrEqual(30_000);
    expect((await failing({ status: 429, retryAfter: new Date(0).toUTCString() })).retryAfterMs).toBeUndefined();
  });

  it('keeps the vendor’s request id and words', async () => {
    const error = await failing({ status: 400, errorMessage: 'temperature is not supported' });
    expect(error.requestId).toMatch(/^req_\d+$/);
    expect(error.message).toContain('(400): temperature is not supported');
  });

  it('names the key variable when the key is refused, and quotes no key', async () => {
    const error = await failing({ status: 401, errorMessage: quoted });
    expect(error.message).toContain('[key]');
    expect(error.hint).toContain(`${subject.provider.toUpperCase()}_API_KEY`);
  });

  it('tells a stall from a late answer', async () => {
    expect((await failing({ latencyMs: 5_000 })).message).toContain('no answer for 250 ms');
    expect((await failing({ text: 'a', stallAfterChunks: 2 })).message).toContain(
      'nothing more of the answer for 250 ms',
    );
  });

  it('cannot reach a server that is not there, says where, and recovers', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const lonely = subject.connect({ openaiURL: `${url}/v1`, anthropicURL: url });
    const error = await failureOf(lonely, subject.model);
    expect(error).toMatchObject({ code: 'Model.Unavailable' });
    expect(error.message).toContain(`cannot reach 127.0.0.1:${port} (ECONNREFUSED)`);
    const back = await startVendorServer({ port });
    await expect(lonely.complete(requestOf(subject.model), callOf())).resolves.toMatchObject({ finish: 'end' });
    await back.close();
  });

  it('cannot reach a name that does not resolve, nor speak TLS to a plain port', async () => {
    for (const url of ['http://no-such-host.invalid', server.url.replace('http:', 'https:')]) {
      const lost = subject.connect({ openaiURL: `${url}/v1`, anthropicURL: url });
      await expect(failureOf(lost, subject.model)).resolves.toMatchObject({ code: 'Model.Unavailable' });
    }
  });

  it('gives up on a connection that is never made', async () => {
    // Accepts TCP and says nothing: TLS never stands.
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as { port: number };
    const url = `https://127.0.0.1:${port}`;
    const stuck = subject.connect({ openaiURL: `${url}/v1`, anthropicURL: url }, { timeouts: { connectMs: 100 } });
    const error = await failureOf(stuck, subject.model);
    expect(error).toMatchObject({ code: 'Model.Timeout' });
    expect(error.message).toContain('no connection for 100 ms');
    silent.close();
  });

  it('survives chunks sent twice or backwards: whole calls or none', async () => {
    const reply = { toolCalls: [{ name: 'add', arguments: { a: 1, b: 22 } }], chunkChars: 4 };
    for (const fault of [{ duplicateChunks: true }, { reverseChunks: true }]) {
      server.setScript([{ ...reply, ...fault }]);
      const outcome = await provider
        .complete(requestOf(subject.model, { tools: [ADD] }), callOf())
        .catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'Model.BadResponse' });
      else {
        const { message } = outcome as Awaited<ReturnType<ModelProvider['complete']>>;
        for (const part of message.content) {
          if (part.type === 'tool-call' && part.malformed === undefined)
            expect(part.arguments).toEqual({ a: 1, b: 22 });
        }
      }
    }
  });

  it('maps failures of listing models too', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const lonely = subject.connect({ openaiURL: `${url}/v1`, anthropicURL: url });
    await expect(lonely.checkHealth?.(callOf())).rejects.toMatchObject({ code: 'Model.Unavailable' });
  });
});

describe('ends of streams', () => {
  const connect = (label: string, server: VendorServer) =>
    SUBJECTS.find((subject) => subject.label === label)?.connect(server);

  it('takes a chat answer with a finish reason as complete without [DONE]', async () => {
    const server = await startVendorServer({ script: [{ text: 'whole', omitDone: true }] });
    await expect(connect('openai-chat', server)?.complete(requestOf('gpt-4.1-mini'), callOf())).resolves.toMatchObject({
      finish: 'end',
    });
    await server.close();
  });

  it.each([
    ['rate_limit_exceeded', 'Model.RateLimited'],
    ['server_error', 'Model.Unavailable'],
    ['invalid_prompt', 'Model.Refused'],
  ])('reads a failed response: %s', async (code, expected) => {
    const event = {
      type: 'response.failed',
      response: { status: 'failed', error: { code, message: 'no' }, output: [] },
    };
    const rawBody = `event: response.failed\ndata: ${JSON.stringify(event)}\n\n`;
    const server = await startVendorServer({ script: [{ rawBody }] });
    const error = await failureOf(connect('openai-responses', server), 'gpt-5-mini');
    expect(error.code).toBe(expected);
    await server.close();
  });

  it('refuses anything after a chat answer’s end, and blocks out of order', async () => {
    const chunk = (choice: object): string => `data: ${JSON.stringify({ choices: [choice] })}\n\n`;
    const late = chunk({ finish_reason: 'stop', delta: {} }) + chunk({ delta: { content: 'more' } });
    const orphan =
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"x"}}\n\n';
    const server = await startVendorServer({ script: [{ rawBody: late }, { rawBody: orphan }] });
    for (const label of ['openai-chat', 'anthropic']) {
      expect((await failureOf(connect(label, server), 'm')).code).toBe('Model.BadResponse');
    }
    await server.close();
  });
});

async function failureOf(provider: ModelProvider | undefined, model: string): Promise<ProviderError> {
  const outcome = await provider?.complete(requestOf(model), callOf()).catch((error: unknown) => error);
  if (outcome instanceof Error) return outcome as ProviderError;
  throw new Error(`expected a failure, got ${JSON.stringify(outcome)}`);
}

async function freePort(): Promise<number> {
  const server = await startVendorServer();
  await server.close();
  return Number(new URL(server.url).port);
}
