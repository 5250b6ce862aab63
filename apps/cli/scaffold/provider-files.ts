import { HoldfastError } from '../../../protocol/failures';
import type { NewFile } from './new-file';

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** Those that come with Holdfast; a file of theirs would stand in for them. */
const TAKEN = ['anthropic', 'openai', 'simulated'];

/**
 * An adapter of a model vendor, and its test.
 * @param baseUrl the vendor's address. Default: one that is nobody's, to be replaced.
 * @throws HoldfastError `Input.Invalid` for a name or an address that will not do.
 */
export function providerFiles(name: string, baseUrl?: string): NewFile[] {
  if (!NAME.test(name) || name.length > 60 || TAKEN.includes(name)) {
    throw new HoldfastError('Input.Invalid', `${JSON.stringify(name)} is no name for a provider of your own`, {
      hint: `Lower-case letters and digits, in words joined by -, and none of ${TAKEN.join(', ')}.`,
    });
  }
  const address = baseUrl === undefined ? `https://api.${name}.example/v1` : addressOf(baseUrl);
  return [
    { path: `providers/${name}.ts`, text: providerText(name, address), about: 'the provider' },
    { path: `providers/${name}.test.mjs`, text: testText(name), about: 'its test: node --test' },
  ];
}

/** The environment variables of a provider begin with this. */
export function variablePrefix(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}

function addressOf(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text.replace(/\/+$/, '');
  throw new HoldfastError('Input.Invalid', `--base-url: ${JSON.stringify(text)} is no http(s) address`, {
    hint: 'For example https://api.example.com/v1.',
  });
}

function providerText(name: string, address: string): string {
  const variable = variablePrefix(name);
  return `import {
  countRequestTokens,
  dataUrl,
  defineProvider,
  estimateText,
  fileText,
  flaggedResult,
  type Message,
  type ModelCall,
  type ModelReply,
  type ModelRequest,
  type SaidEnd,
  type UserPart,
  type Usage,
  VendorAnswer,
  VendorClient,
  wellFormed,
  wireArguments,
  wireId,
  wireName,
} from 'holdfast/provider';

/** The part of a model route before the slash: agents say \`model: ${name}/MODEL\`. */
const NAME = '${name}';

const VENDOR = {
  name: NAME,
  baseURL: ${JSON.stringify(address)},
  urlVariable: '${variable}_BASE_URL',
  keyVariable: '${variable}_API_KEY',
  // What the vendor's own words for an error mean, where they say more than the HTTP status.
  codes: {
    insufficient_quota: 'Model.QuotaExhausted',
    context_length_exceeded: 'Model.ContextTooLong',
    content_filter: 'Model.Refused',
  },
} as const;

export default defineProvider({
  name: NAME,
  keyVariable: VENDOR.keyVariable,
  defaultModel: '${name}-1',
  create(settings, env) {
    const client = new VendorClient(VENDOR, settings, env);
    return {
      name: client.name,
      complete: (request, call) => complete(client, request, call, settings.maxAnswerChars),
      countTokens: (request) => countRequestTokens(request, { provider: client.name }),
      // Windows of the vendor's models; those in holdfast.yaml come first.
      describeModel: (model) => settings.models?.[model],
      listModels: async (call) => modelIds(await client.get('/models', call)),
      checkHealth: async (call) => void (await client.get('/models', call)),
      connectionStats: () => client.connectionStats(),
    };
  },
});

// From here on it is the vendor's protocol. This one is that of many servers: replace what yours does in another way.

interface Chunk {
  model?: string;
  choices?: {
    finish_reason?: string | null;
    delta?: {
      content?: string | null;
      reasoning_content?: string | null;
      tool_calls?: { index: number; id?: string; function?: { name?: string; arguments?: string } }[];
    };
  }[];
  usage?: { prompt_tokens?: number; completion_tokens?: number; prompt_tokens_details?: { cached_tokens?: number } } | null;
  error?: { code?: unknown; type?: unknown; message?: unknown };
}

const SAID: Record<string, SaidEnd> = { length: 'length', content_filter: 'refusal' };

async function complete(
  client: VendorClient,
  request: ModelRequest,
  call: ModelCall,
  maxChars: number | undefined,
): Promise<ModelReply> {
  const answer = new VendorAnswer(client.name, call, maxChars);
  let said: SaidEnd;
  let usage: Chunk['usage'];
  let model = request.model;
  const requestId = await client.stream('/chat/completions', bodyOf(request, client.name), call, ({ data }) => {
    if (data === '[DONE]') return;
    const chunk = JSON.parse(data) as Chunk;
    if (chunk.error) throw client.failure(chunk.error);
    usage = chunk.usage ?? usage;
    model = chunk.model ?? model;
    const { delta = {}, finish_reason } = chunk.choices?.[0] ?? {};
    answer.reasoning(delta.reasoning_content ?? '');
    answer.text(delta.content ?? '');
    for (const { index, id, function: piece = {} } of delta.tool_calls ?? []) {
      answer.toolCall(index, { id, name: piece.name, text: piece.arguments });
    }
    // An answer that ends without this is cut, and never taken for a short one.
    if (finish_reason) said = SAID[finish_reason] ?? 'end';
  });
  const { message, finish } = answer.end(said);
  return { message, finish, model, usage: usageOf(usage, request, message, client.name), ...(requestId && { requestId }) };
}

function bodyOf({ model, instructions, messages, tools, outputSchema, parameters }: ModelRequest, name: string): object {
  const { maxOutputTokens, temperature, reasoning } = parameters;
  return {
    model,
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: maxOutputTokens,
    ...(temperature !== undefined && { temperature }),
    ...(reasoning && reasoning !== 'off' && { reasoning_effort: reasoning }),
    // One by one and in order: a longer conversation then starts with the bytes of a shorter one, and prompt caches hit.
    messages: [
      ...(instructions ? [{ role: 'system', content: wellFormed(instructions) }] : []),
      ...messages.map((message) => wireMessage(message, name)),
    ],
    ...(tools.length > 0 && {
      tools: tools.map(({ name: tool, description, inputSchema }) => ({
        type: 'function',
        function: { name: wireName(tool), description, parameters: inputSchema },
      })),
    }),
    ...(outputSchema && {
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: outputSchema } },
    }),
  };
}

function wireMessage(message: Message, name: string): object {
  if (message.role === 'user') return { role: 'user', content: message.content.map(wirePart) };
  if (message.role === 'tool') {
    return { role: 'tool', tool_call_id: wireId(message.callId), content: flaggedResult(message) };
  }
  const { content } = message;
  const text = content.map((part) => (part.type === 'text' ? part.text : '')).join('');
  // Reasoning goes back as it came, and only to whom it came from.
  const reasoning = content.map((part) => (part.type === 'reasoning' && part.provider === name ? part.text : '')).join('');
  const calls = content.flatMap((part) => (part.type === 'tool-call' ? [part] : []));
  return {
    role: 'assistant',
    content: text ? wellFormed(text) : null,
    ...(reasoning && { reasoning_content: reasoning }),
    ...(calls.length > 0 && {
      tool_calls: calls.map((part) => ({
        id: wireId(part.id),
        type: 'function',
        function: { name: wireName(part.name), arguments: JSON.stringify(wireArguments(part)) },
      })),
    }),
  };
}

function wirePart(part: UserPart): object {
  if (part.type === 'text') return { type: 'text', text: wellFormed(part.text) };
  if (part.type === 'image') return { type: 'image_url', image_url: { url: dataUrl(part) } };
  return { type: 'text', text: fileText(part) };
}

/** What nobody counted would look free to every budget: it is estimated. */
function usageOf(usage: Chunk['usage'], request: ModelRequest, message: object, name: string): Usage {
  return {
    inputTokens: usage?.prompt_tokens ?? countRequestTokens(request, { provider: name }),
    cachedInputTokens: usage?.prompt_tokens_details?.cached_tokens ?? 0,
    cacheWriteTokens: 0,
    outputTokens: usage?.completion_tokens ?? estimateText(JSON.stringify(message)),
    reasoningTokens: 0,
  };
}

function modelIds(page: unknown): string[] {
  const { data = [] } = page as { data?: { id: string }[] };
  return data.map(({ id }) => id);
}
`;
}

function testText(name: string): string {
  return `import assert from 'node:assert/strict';
import test from 'node:test';
import { openProvider, PROVIDER_CASES, runProviderCase, startVendorServer } from 'holdfast/testing';

const file = new URL('${name}.ts', import.meta.url);
const KEY = 'test-key-0123456789';

/** A server that answers as \`script\` says; for a protocol of the vendor's own, write one that does. */
async function withVendor(script, work) {
  const server = await startVendorServer({ script });
  try {
    await work(await openProvider(file, { baseURL: server.openaiURL, apiKey: KEY }), server);
  } finally {
    await server.close();
  }
}

// The conformance suite of Holdfast: what every provider does.
for (const wanted of PROVIDER_CASES) {
  test(wanted.name, () =>
    withVendor(wanted.script, async (provider, server) => {
      await runProviderCase(provider, '${name}-1', wanted);
      server.assertDone();
    }),
  );
}

const request = {
  model: '${name}-1',
  instructions: '',
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
  tools: [],
  parameters: { maxOutputTokens: 100 },
};

const failures = [
  ['Model.RateLimited', { status: 429, retryAfter: '7' }],
  ['Model.Auth', { status: 401, errorMessage: \`\${KEY} is refused\` }],
  ['Model.QuotaExhausted', { status: 429, errorCode: 'insufficient_quota' }],
  ['Model.Unavailable', { status: 500 }],
  ['Model.BadResponse', { text: ['cut', 'off'], cutAfterChunks: 2 }],
  ['Model.BadResponse', { text: 'without its end', omitEnd: true }],
  ['Model.BadResponse', { text: 'garbage', garbageAfterChunks: 1 }],
];

for (const [code, fault] of failures) {
  test(\`\${JSON.stringify(fault)} is \${code}, and the key is not told\`, () =>
    withVendor([fault], async (provider) => {
      const error = await provider.complete(request, { signal: new AbortController().signal }).catch((thrown) => thrown);
      assert.equal(error.code, code, error);
      assert.ok(!\`\${error.message} \${error.hint} \${error.cause}\`.includes(KEY), 'the key must not be told');
      if (fault.retryAfter) assert.equal(error.retryAfterMs, 7_000);
    }),
  );
}

test('an abort ends the request', () =>
  withVendor([{ text: ['one', 'two'], stallAfterChunks: 2 }], async (provider, server) => {
    const aborting = new AbortController();
    const call = { signal: aborting.signal, onDelta: () => aborting.abort(new Error('enough')) };
    await assert.rejects(provider.complete(request, call), /enough/);
    await server.requests[0].closed;
    assert.ok(server.requests[0].aborted);
  }));
`;
}
