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
  type VendorFault,
  type VendorReply,
  wholeText,
} from './vendor-reply';

type Block = Record<string, unknown> & { type: string };

const FINISH = { end: 'end_turn', 'tool-calls': 'tool_use', length: 'max_tokens', refusal: 'refusal' } as const;

/** Anthropic's Messages. */
export const anthropicMessages: DialectCodec = {
  normalise(body) {
    return {
      system: typeof body.system === 'string' ? body.system : textOf(list(body.system)),
      messages: list(body.messages).flatMap(normalised),
      tools: list(body.tools).map((tool) => string(tool.name)),
    };
  },

  chunks(reply, context) {
    const out: Chunk[] = [];
    const push = (type: string, fields: Record<string, unknown>, kind?: Chunk['kind']): void => {
      out.push({ event: type, data: { type, ...fields }, ...(kind && { kind }) });
    };
    const usage = usageOf(reply);
    push('message_start', { message: messageOf(reply, context, [], { ...usage, output_tokens: 1 }, null) });
    push('ping', {});
    blocksOf(reply, context).forEach((block, index) => {
      push('content_block_start', { index, content_block: opened(block) });
      for (const delta of deltasOf(block, reply)) {
        push('content_block_delta', { index, delta }, block.type === 'tool_use' ? 'tool' : 'content');
      }
      push('content_block_stop', { index });
    });
    const delta = { stop_reason: FINISH[finishOfReply(reply)], stop_sequence: null };
    push('message_delta', { delta, usage: reply.noUsage ? { output_tokens: 0 } : usage });
    push('message_stop', {}, 'end');
    return out;
  },

  body(reply, context) {
    const blocks = blocksOf(reply, context).map((block) =>
      block.type === 'tool_use' ? { ...block, input: parsed(block.input) } : block,
    );
    return messageOf(reply, context, blocks, usageOf(reply), FINISH[finishOfReply(reply)]);
  },

  error: errorBody,
  errorChunk: (reply) => ({ event: 'error', data: errorBody(500, reply) }),
};

const TYPE_OF_STATUS: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

function errorBody(status: number, { errorCode, errorMessage }: VendorFault) {
  const type = errorCode ?? TYPE_OF_STATUS[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');
  return {
    type: 'error',
    error: { type, message: errorMessage ?? `The server answered ${status}.` },
    request_id: 'req_error',
  };
}

function blocksOf(reply: VendorReply, context: ReplyContext): Block[] {
  const blocks: Block[] = (reply.reasoning ?? []).map((part) =>
    part.encrypted === undefined
      ? { type: 'thinking', thinking: part.text ?? '', signature: part.signature ?? '' }
      : { type: 'redacted_thinking', data: part.encrypted },
  );
  const text = reply.refusal ?? (reply.text === undefined ? undefined : wholeText(reply.text));
  if (text !== undefined) blocks.push({ type: 'text', text });
  reply.toolCalls?.forEach((call, at) => {
    blocks.push({ type: 'tool_use', id: callId(call, context, at), name: call.name, input: argumentsText(call) });
  });
  return blocks;
}

function opened(block: Block): Block {
  if (block.type === 'text') return { ...block, text: '' };
  if (block.type === 'thinking') return { ...block, thinking: '', signature: '' };
  return block.type === 'tool_use' ? { ...block, input: {} } : block;
}

function deltasOf(block: Block, reply: VendorReply): Record<string, unknown>[] {
  if (block.type === 'tool_use') {
    const texts = pieces(string(block.input), reply.chunkChars);
    return texts.map((partial_json) => ({ type: 'input_json_delta', partial_json }));
  }
  if (block.type === 'thinking') {
    return [
      { type: 'thinking_delta', thinking: block.thinking },
      { type: 'signature_delta', signature: block.signature },
    ];
  }
  if (block.type !== 'text') return [];
  const source = reply.refusal === undefined ? reply.text : reply.refusal;
  return pieces(source, reply.chunkChars).map((text) => ({ type: 'text_delta', text }));
}

function messageOf(
  reply: VendorReply,
  { index, model }: ReplyContext,
  content: Block[],
  usage: Record<string, unknown>,
  stop_reason: string | null,
) {
  const id = `msg_${index}`;
  return {
    id,
    type: 'message',
    role: 'assistant',
    model: reply.model ?? model,
    content,
    stop_reason,
    stop_sequence: null,
    usage,
  };
}

function usageOf(reply: VendorReply) {
  const usage = fullUsage(reply);
  return {
    input_tokens: usage.inputTokens - usage.cachedInputTokens - usage.cacheWriteTokens,
    cache_read_input_tokens: usage.cachedInputTokens,
    cache_creation_input_tokens: usage.cacheWriteTokens,
    output_tokens: usage.outputTokens,
    output_tokens_details: { thinking_tokens: usage.reasoningTokens },
  };
}

function textOf(parts: Record<string, unknown>[]): string {
  return parts.map((part) => string(part.text)).join('');
}

/** A user message may hold results and new input: they are told apart. */
function normalised({ role, content }: Record<string, unknown>): NormalisedMessage[] {
  const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : list(content);
  const results = blocks
    .filter((block) => block.type === 'tool_result')
    .map((block) => ({
      ...plain('tool', resultText(block)),
      callId: string((block as Record<string, unknown>).tool_use_id),
    }));
  const rest = blocks.filter((block) => block.type !== 'tool_result');
  if (rest.length === 0) return results;
  const calls = rest.filter((block) => block.type === 'tool_use') as Record<string, unknown>[];
  return [
    ...results,
    {
      ...plain(role as NormalisedMessage['role'], textOf(rest)),
      toolCalls: calls.map((call) => ({ id: string(call.id), name: string(call.name), arguments: call.input })),
      images: rest.filter((block) => block.type === 'image').length,
      files: rest.filter((block) => block.type === 'document').length,
    },
  ];
}

function resultText({ content }: Record<string, unknown>): string {
  return typeof content === 'string' ? content : textOf(list(content));
}

function plain(role: NormalisedMessage['role'], text: string): NormalisedMessage {
  return { role, text, toolCalls: [], images: 0, files: 0 };
}
