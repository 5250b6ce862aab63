import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import type { ModelCall, ModelDelta, ModelProvider, ModelReply, ModelRequest } from '../activities/providers/provider';
import type { AssistantMessage, Message } from '../protocol/messages';
import type { VendorReply } from './vendor-server';

/** One of the conformance cases: what every adapter does, whether its vendor is scripted or real. */
export interface ProviderCase {
  name: string;
  /** Requests in order; each may build on the replies before it. */
  requests: ((replies: ModelReply[]) => Partial<ModelRequest>)[];
  /** What a scripted vendor answers. */
  script: VendorReply[];
  /**
   * Looks at what the provider made of the vendor's answers.
   * @throws AssertionError saying what the adapter got wrong.
   */
  check(replies: ModelReply[], deltas: ModelDelta[]): void;
}

export function user(text: string): Message {
  return { role: 'user', content: [{ type: 'text', text }] };
}

export function textOf({ content }: AssistantMessage): string {
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

export function callsOf({ content }: AssistantMessage) {
  return content.flatMap((part) => (part.type === 'tool-call' ? [part] : []));
}

export function requestOf(model: string, fields: Partial<ModelRequest> = {}): ModelRequest {
  return {
    model,
    instructions: 'You are terse.',
    messages: [user('Hello')],
    tools: [],
    ...fields,
    parameters: { maxOutputTokens: 4_096, ...fields.parameters },
  };
}

export function callOf(fields: Partial<ModelCall> = {}): ModelCall {
  return { signal: new AbortController().signal, ...fields };
}

/**
 * Puts the requests of a case to a provider whose vendor answers by the case's `script`, and checks what comes of them.
 * @throws AssertionError, or what the provider throws.
 *
 * @example
 * ```ts
 * import { openProvider, PROVIDER_CASES, runProviderCase, startVendorServer } from 'holdfast/testing';
 *
 * for (const wanted of PROVIDER_CASES) {
 *   test(wanted.name, async () => {
 *     const vendor = await startVendorServer({ script: wanted.script });
 *     const acme = await openProvider('providers/acme.ts', { baseURL: vendor.openaiURL, apiKey: 'test' });
 *     await runProviderCase(acme, 'acme-1', wanted);
 *     await vendor.close();
 *   });
 * }
 * ```
 */
export async function runProviderCase(provider: ModelProvider, model: string, wanted: ProviderCase): Promise<void> {
  const replies: ModelReply[] = [];
  const deltas: ModelDelta[] = [];
  for (const build of wanted.requests) {
    const call = callOf({ correlationId: 'conformance', onDelta: (delta) => deltas.push(delta) });
    replies.push(await provider.complete(requestOf(model, build(replies)), call));
  }
  wanted.check(replies, deltas);
}

export const ADD = {
  name: 'add',
  description: 'Adds two numbers.',
  inputSchema: {
    type: 'object',
    properties: { a: { type: 'number' }, b: { type: 'number' } },
    required: ['a', 'b'],
    additionalProperties: false,
  },
};

const CITY = {
  type: 'object',
  properties: { city: { type: 'string', minLength: 1 }, population: { type: 'integer', minimum: 1 } },
  required: ['city', 'population'],
};

/** A red square, made here so that no binary is kept. */
export function redPng(side = 32): string {
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(side * 3).map((_, at) => (at % 3 === 0 ? 255 : 0))]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const pixels = deflateSync(Buffer.concat(new Array<Buffer>(side).fill(row)));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const end = chunk('IEND', Buffer.alloc(0));
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', pixels), end]).toString('base64');
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const out = Buffer.alloc(8);
  out.writeUInt32BE(data.length, 0);
  out.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([out.subarray(0, 4), body, out.subarray(4)]);
}

function crc32(data: Buffer): number {
  let crc = -1;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ -1) >>> 0;
}

function only(replies: ModelReply[]): ModelReply {
  const [reply] = replies;
  if (!reply) throw new Error('no reply');
  return reply;
}

/** The conversation after a reply whose calls were all answered with `content`. */
export function answered(before: Message[], reply: ModelReply, content: string): Message[] {
  const results = callsOf(reply.message).map(
    ({ id, name }): Message => ({ role: 'tool', callId: id, name, outcome: 'ok', content, mediaType: 'text/plain' }),
  );
  return [...before, reply.message, ...results];
}

function lastText(reply: ModelReply | undefined): string {
  return reply ? textOf(reply.message) : '';
}

const asked = [user('Use the add tool to compute 2 + 3, then tell me the sum.')];

/** The conformance suite of model providers: run each with `runProviderCase`, against a scripted vendor or the real one. */
export const PROVIDER_CASES: readonly ProviderCase[] = [
  {
    name: 'answers with text, usage, model and request id',
    requests: [() => ({ messages: [user('Answer with the single word pong.')] })],
    script: [{ text: ['po', 'ng'], usage: { inputTokens: 42, outputTokens: 7 } }],
    check(replies, deltas) {
      const reply = only(replies);
      assert.match(textOf(reply.message), /pong/i);
      assert.equal(reply.finish, 'end');
      assert.ok(reply.usage.inputTokens > 0, 'usage.inputTokens must be what the vendor counted');
      assert.ok(reply.usage.outputTokens > 0, 'usage.outputTokens must be what the vendor counted');
      assert.notEqual(reply.model, '', 'model must name who answered');
      assert.equal(typeof reply.requestId, 'string', 'requestId is what the vendor’s support asks for');
      const streamed = deltas.map((delta) => (delta.type === 'text' ? delta.text : '')).join('');
      assert.equal(streamed, textOf(reply.message), 'the deltas together must be the text');
    },
  },
  {
    name: 'calls a tool with its arguments',
    requests: [() => ({ messages: asked, tools: [ADD] })],
    script: [{ toolCalls: [{ name: 'add', arguments: { a: 2, b: 3 } }] }],
    check(replies, deltas) {
      const reply = only(replies);
      assert.equal(reply.finish, 'tool-calls');
      const calls = callsOf(reply.message);
      assert.deepEqual(
        calls.map(({ id, ...call }) => ({ ...call, hasId: id !== '' })),
        [{ type: 'tool-call', name: 'add', arguments: { a: 2, b: 3 }, hasId: true }],
      );
      const announced = deltas.some((delta) => delta.type === 'tool-call' && delta.name === 'add');
      assert.ok(announced, 'a tool call must be announced with a delta');
    },
  },
  {
    name: 'calls tools in parallel, each with an id of its own',
    requests: [
      () => ({
        messages: [user('Call the add tool twice in this one answer, in parallel: once for 1 + 1, once for 2 + 2.')],
        tools: [ADD],
      }),
    ],
    script: [
      {
        text: 'Both.',
        toolCalls: [
          { name: 'add', arguments: { a: 1, b: 1 } },
          { name: 'add', arguments: { a: 2, b: 2 } },
        ],
      },
    ],
    check(replies) {
      const calls = callsOf(only(replies).message);
      assert.deepEqual(
        calls.map((call) => call.arguments),
        [
          { a: 1, b: 1 },
          { a: 2, b: 2 },
        ],
      );
      assert.equal(new Set(calls.map((call) => call.id)).size, 2, 'every call needs an id of its own');
    },
  },
  {
    name: 'reads the results of its tools',
    requests: [
      () => ({ messages: asked, tools: [ADD] }),
      (replies) => ({ messages: answered(asked, only(replies), '5'), tools: [ADD] }),
    ],
    script: [{ toolCalls: [{ name: 'add', arguments: { a: 2, b: 3 } }] }, { text: 'The sum is 5.' }],
    check([, last]) {
      assert.match(lastText(last), /5/);
      assert.equal(last?.finish, 'end');
    },
  },
  {
    name: 'sees an image',
    requests: [
      () => ({
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'Which colour is this square? One word.' },
              { type: 'image', mediaType: 'image/png', data: redPng() },
            ],
          },
        ],
      }),
    ],
    script: [{ text: 'Red' }],
    check: (replies) => assert.match(textOf(only(replies).message), /red/i),
  },
  {
    name: 'answers by a schema',
    requests: [
      () => ({ messages: [user('Which city is the capital of France, with how many people?')], outputSchema: CITY }),
    ],
    script: [{ text: '{"city":"Paris","population":2100000}' }],
    check(replies) {
      const value = JSON.parse(textOf(only(replies).message)) as { city: string; population: number };
      assert.match(value.city, /paris/i);
      assert.equal(typeof value.population, 'number');
    },
  },
  {
    name: 'takes its own reasoning back',
    requests: [
      () => ({ messages: asked, tools: [ADD], parameters: { maxOutputTokens: 8_000, reasoning: 'low' } }),
      (replies) => ({
        messages: answered(asked, only(replies), '5'),
        tools: [ADD],
        parameters: { maxOutputTokens: 8_000, reasoning: 'low' },
      }),
    ],
    script: [
      {
        reasoning: [{ text: 'They want a sum.', signature: 'sig-1', id: 'rs_1' }],
        toolCalls: [{ name: 'add', arguments: { a: 2, b: 3 } }],
        usage: { reasoningTokens: 3 },
      },
      { text: '5' },
    ],
    check: ([, last]) => assert.match(lastText(last), /5/),
  },
  {
    name: 'says when an answer reached its limit',
    requests: [
      () => ({ messages: [user('Count from 1 to 500, one number a line.')], parameters: { maxOutputTokens: 64 } }),
    ],
    script: [{ text: '1\n2\n3', finish: 'length' }],
    check: (replies) => assert.equal(only(replies).finish, 'length'),
  },
];
