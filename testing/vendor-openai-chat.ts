import {
  argumentsText,
  type Chunk,
  callId,
  type DialectCodec,
  finishOfReply,
  fullUsage,
  list,
  type NormalisedMessage,
  parsed,
  pieces,
  type ReplyContext,
  string,
  type VendorReply,
  wholeText,
} from './vendor-reply';

const FINISH = { end: 'stop', 'tool-calls': 'tool_calls', length: 'length', refusal: 'stop' } as const;

/** OpenAI's Chat Completions. */
export const openaiChat: DialectCodec = {
  normalise(body) {
    const messages = list(body.messages);
    return {
      system: messages
        .filter(isSystem)
        .map((message) => string(message.content))
        .join('\n'),
      messages: messages.filter((message) => !isSystem(message)).map(normalised),
      tools: list(body.tools).map((tool) => string((tool.function as Record<string, unknown> | undefined)?.name)),
    };
  },

  chunks(reply, context) {
    const base = head(context, reply, 'chat.completion.chunk');
    const delta = (value: unknown, kind?: Chunk['kind']): Chunk => ({
      data: { ...base, choices: [{ index: 0, delta: value, finish_reason: null }] },
      ...(kind && { kind }),
    });
    const out: Chunk[] = [delta({ role: 'assistant', content: '' })];
    for (const part of reply.reasoning ?? []) out.push(delta({ reasoning_content: part.text ?? '' }, 'content'));
    for (const text of pieces(reply.text, reply.chunkChars)) out.push(delta({ content: text }, 'content'));
    if (reply.refusal !== undefined) out.push(delta({ refusal: reply.refusal }, 'content'));
    reply.toolCalls?.forEach((call, index) => {
      const open = {
        index,
        id: callId(call, context, index),
        type: 'function',
        function: { name: call.name, arguments: '' },
      };
      out.push(delta({ tool_calls: [open] }, 'tool'));
      for (const text of pieces(argumentsText(call), reply.chunkChars)) {
        out.push(delta({ tool_calls: [{ index, function: { arguments: text } }] }, 'tool'));
      }
    });
    const finish_reason = FINISH[finishOfReply(reply)];
    out.push({ data: { ...base, choices: [{ index: 0, delta: {}, finish_reason }] }, kind: 'end' });
    if (!reply.noUsage) out.push({ data: { ...base, choices: [], usage: usageOf(reply) } });
    out.push({ data: '[DONE]', kind: 'done' });
    return out;
  },

  body(reply, context) {
    const message = {
      role: 'assistant',
      content: wholeText(reply.text) || null,
      refusal: reply.refusal ?? null,
      ...(reply.toolCalls && {
        tool_calls: reply.toolCalls.map((call, at) => ({
          id: callId(call, context, at),
          type: 'function',
          function: { name: call.name, arguments: argumentsText(call) },
        })),
      }),
    };
    const choices = [{ index: 0, message, finish_reason: FINISH[finishOfReply(reply)] }];
    return { ...head(context, reply, 'chat.completion'), choices, ...(!reply.noUsage && { usage: usageOf(reply) }) };
  },

  error: openaiErrorBody,
  errorChunk: (reply) => ({ data: openaiErrorBody(500, reply) }),
};

export function openaiErrorBody(
  status: number,
  { errorCode, errorMessage }: { errorCode?: string; errorMessage?: string },
) {
  const type = status === 429 ? 'rate_limit_error' : status >= 500 ? 'server_error' : 'invalid_request_error';
  return {
    error: { message: errorMessage ?? `The server answered ${status}.`, type, param: null, code: errorCode ?? null },
  };
}

function head({ index, model }: ReplyContext, reply: VendorReply, object: string) {
  return { id: `chatcmpl-${index}`, object, created: 1_700_000_000, model: reply.model ?? model };
}

function usageOf(reply: VendorReply) {
  const usage = fullUsage(reply);
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedInputTokens, cache_write_tokens: usage.cacheWriteTokens },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  };
}

function isSystem({ role }: Record<string, unknown>): boolean {
  return role === 'system' || role === 'developer';
}

function normalised(message: Record<string, unknown>): NormalisedMessage {
  const parts = typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : list(message.content);
  const calls = list(message.tool_calls).map((call) => {
    const called = (call.function ?? {}) as Record<string, unknown>;
    return { id: string(call.id), name: string(called.name), arguments: parsed(called.arguments) };
  });
  return {
    role: message.role as NormalisedMessage['role'],
    text: parts.map((part) => string('text' in part ? part.text : '')).join(''),
    toolCalls: calls,
    ...(message.role === 'tool' && { callId: string(message.tool_call_id) }),
    images: parts.filter((part) => part.type === 'image_url').length,
    files: parts.filter((part) => part.type === 'file').length,
  };
}
