import { openaiErrorBody } from './vendor-openai-chat';
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

type Item = Record<string, unknown> & { type: string };

/** OpenAI's Responses. */
export const openaiResponses: DialectCodec = {
  normalise(body) {
    return {
      system: string(body.instructions),
      messages: typeof body.input === 'string' ? [message('user', body.input)] : list(body.input).flatMap(normalised),
      tools: list(body.tools).map((tool) => string(tool.name)),
    };
  },

  chunks(reply, context) {
    const out: Chunk[] = [];
    const push = (type: string, fields: Record<string, unknown>, kind?: Chunk['kind']): void => {
      out.push({ event: type, data: { type, sequence_number: out.length, ...fields }, ...(kind && { kind }) });
    };
    const empty = responseOf(reply, context, 'in_progress', []);
    push('response.created', { response: empty });
    push('response.in_progress', { response: empty });
    const items = itemsOf(reply, context);
    items.forEach((item, output_index) => {
      push('response.output_item.added', { output_index, item: opened(item) });
      for (const [type, delta, index] of deltasOf(item, reply)) {
        const kind = item.type === 'function_call' ? 'tool' : 'content';
        push(type, { output_index, item_id: item.id, delta, ...index }, kind);
      }
      push('response.output_item.done', { output_index, item });
    });
    const status = finishOfReply(reply) === 'length' ? 'incomplete' : 'completed';
    push(`response.${status}`, { response: responseOf(reply, context, status, items) }, 'end');
    return out;
  },

  body(reply, context) {
    const status = finishOfReply(reply) === 'length' ? 'incomplete' : 'completed';
    return responseOf(reply, context, status, itemsOf(reply, context));
  },

  error: openaiErrorBody,
  errorChunk({ errorCode, errorMessage }) {
    const data = {
      type: 'error',
      code: errorCode ?? 'server_error',
      message: errorMessage ?? 'It broke.',
      param: null,
    };
    return { event: 'error', data: { ...data, sequence_number: 99 } };
  },
};

function itemsOf(reply: VendorReply, context: ReplyContext): Item[] {
  const items: Item[] = (reply.reasoning ?? []).map((part, at) => ({
    type: 'reasoning',
    id: part.id ?? `rs_${context.index}_${at}`,
    summary: part.text ? [{ type: 'summary_text', text: part.text }] : [],
    encrypted_content: part.encrypted ?? null,
  }));
  const content = contentOf(reply);
  if (content.length > 0) {
    items.push({ type: 'message', id: `msg_${context.index}`, role: 'assistant', status: 'completed', content });
  }
  reply.toolCalls?.forEach((call, at) => {
    const call_id = callId(call, context, at);
    const fields = { name: call.name, arguments: argumentsText(call), status: 'completed' };
    items.push({ type: 'function_call', id: `fc_${context.index}_${at}`, call_id, ...fields });
  });
  return items;
}

function contentOf(reply: VendorReply): Record<string, unknown>[] {
  if (reply.refusal !== undefined) return [{ type: 'refusal', refusal: reply.refusal }];
  return reply.text === undefined ? [] : [{ type: 'output_text', text: wholeText(reply.text), annotations: [] }];
}

function opened(item: Item): Item {
  if (item.type === 'function_call') return { ...item, arguments: '', status: 'in_progress' };
  return item.type === 'message' ? { ...item, content: [], status: 'in_progress' } : { ...item, summary: [] };
}

function deltasOf(item: Item, reply: VendorReply): [string, string, Record<string, number>][] {
  const part = { content_index: 0 };
  if (item.type === 'function_call') {
    const texts = pieces(string(item.arguments), reply.chunkChars);
    return texts.map((text) => ['response.function_call_arguments.delta', text, {}]);
  }
  if (item.type === 'reasoning') {
    const [summary] = list(item.summary);
    return summary ? [['response.reasoning_summary_text.delta', string(summary.text), { summary_index: 0 }]] : [];
  }
  if (reply.refusal !== undefined) return [['response.refusal.delta', reply.refusal, part]];
  return pieces(reply.text, reply.chunkChars).map((text) => ['response.output_text.delta', text, part]);
}

function responseOf(reply: VendorReply, { index, model }: ReplyContext, status: string, output: Item[]) {
  const usage = fullUsage(reply);
  const done = status !== 'in_progress';
  return {
    id: `resp_${index}`,
    object: 'response',
    created_at: 1_700_000_000,
    status,
    model: reply.model ?? model,
    output,
    error: null,
    incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    usage:
      done && !reply.noUsage
        ? {
            input_tokens: usage.inputTokens,
            input_tokens_details: {
              cached_tokens: usage.cachedInputTokens,
              cache_write_tokens: usage.cacheWriteTokens,
            },
            output_tokens: usage.outputTokens,
            output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
            total_tokens: usage.inputTokens + usage.outputTokens,
          }
        : null,
  };
}

function message(role: NormalisedMessage['role'], text: string): NormalisedMessage {
  return { role, text, toolCalls: [], images: 0, files: 0 };
}

function normalised(item: Record<string, unknown>): NormalisedMessage[] {
  if (item.type === 'function_call_output') {
    return [{ ...message('tool', string(item.output)), callId: string(item.call_id) }];
  }
  if (item.type === 'function_call') {
    const call = { id: string(item.call_id), name: string(item.name), arguments: parsed(item.arguments) };
    return [{ ...message('assistant', ''), toolCalls: [call] }];
  }
  if (item.role === undefined) return [];
  const parts = typeof item.content === 'string' ? [{ type: 'input_text', text: item.content }] : list(item.content);
  return [
    {
      ...message(
        item.role as NormalisedMessage['role'],
        parts.map((part) => string('text' in part ? part.text : '')).join(''),
      ),
      images: parts.filter((part) => part.type === 'input_image').length,
      files: parts.filter((part) => part.type === 'input_file').length,
    },
  ];
}
