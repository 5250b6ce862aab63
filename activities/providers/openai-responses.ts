import { createHash } from 'node:crypto';
import type {
  Response,
  ResponseCreateParamsStreaming,
  ResponseOutputItem,
  ResponseStreamEvent,
} from 'openai/resources/responses/responses';
import type { AssistantPart } from '../../protocol/messages';
import { AnswerSize, cutStream, finishOf, isWholeJson, toolCall, withoutEmptyText, withUniqueIds } from './answer';
import type { Environment, ProviderSettings } from './definition';
import { isReasoningModel, OpenAIClient, openaiUsage } from './openai-client';
import { responsesInput } from './openai-responses-input';
import { enforceableSchema, schemaInstructions, toolSchema } from './output-schema';
import type { ModelCall, ModelProvider, ModelReply, ModelRequest } from './provider';
import { wellFormed, wireName } from './wire-text';

/**
 * OpenAI's Responses API. Stateless: nothing is stored at the vendor, every request carries the conversation, and encrypted
 * reasoning travels with it.
 */
export function createOpenAIResponsesProvider(settings: ProviderSettings, env: Environment): ModelProvider {
  const client = new OpenAIClient(settings, env);
  return {
    name: client.name,
    complete: (request, call) => complete(client, request, call),
    countTokens: (request) => client.countTokens(request),
    describeModel: (model) => client.describeModel(model),
    listModels: (call) => client.listModels(call),
    embed: (texts, options, call) => client.embed(texts, options, call),
    checkHealth: (call) => client.checkHealth(call),
    connectionStats: () => client.connectionStats(),
  };
}

function complete(client: OpenAIClient, request: ModelRequest, call: ModelCall): Promise<ModelReply> {
  return client.exchange(call.signal, async (state) => {
    const body = requestBody(client, request, call.correlationId);
    const { data: stream, request_id } = await client
      .sdk(request.model)
      .responses.create(body, client.options(call))
      .withResponse();
    state.streaming = true;
    const { response, items } = await read(client, stream, call);
    const reply = replyOf(client.name, response, items);
    return request_id ? { ...reply, requestId: request_id } : reply;
  });
}

function requestBody(
  client: OpenAIClient,
  request: ModelRequest,
  correlationId: string | undefined,
): ResponseCreateParamsStreaming {
  const { model, tools, parameters, outputSchema } = request;
  const thinks = isReasoningModel(model);
  const format = outputSchema && outputFormat(outputSchema);
  const instructions =
    wellFormed(request.instructions) + (format || !outputSchema ? '' : schemaInstructions(outputSchema));
  return {
    model,
    instructions,
    input: responsesInput(request.messages, client.name),
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, inputSchema }) => ({
        type: 'function' as const,
        name: wireName(name),
        description,
        parameters: toolSchema(inputSchema),
        // Arguments are validated before a tool runs; strict mode refuses too many schemas.
        strict: false,
      })),
    }),
    ...(format && { text: { format } }),
    max_output_tokens: parameters.maxOutputTokens,
    ...(thinks && {
      include: ['reasoning.encrypted_content' as const],
      ...reasoningOf(client, parameters.reasoning, model),
    }),
    ...(!thinks && parameters.temperature !== undefined && { temperature: parameters.temperature }),
    // Requests of one run share a prefix; the key brings them to the same cache.
    ...(client.official && correlationId && { prompt_cache_key: shortKey(correlationId) }),
    store: false,
    stream: true,
  };
}

function reasoningOf(client: OpenAIClient, effort: ModelRequest['parameters']['reasoning'], model: string) {
  const summary = client.settings.reasoningSummary;
  if (effort === undefined && !summary) return {};
  return {
    reasoning: {
      ...(effort && { effort: effort === 'off' ? leastEffort(model) : effort }),
      ...(summary && { summary }),
    },
  };
}

/** The least a model can think: only those after gpt-5 can leave it. */
export function leastEffort(model: string): 'none' | 'minimal' | 'low' {
  if (/^gpt-5(-|$)/.test(model)) return model.includes('codex') || model.includes('pro') ? 'low' : 'minimal';
  return /^gpt-/.test(model) ? 'none' : 'low';
}

function outputFormat(schema: Record<string, unknown>) {
  if (schema.type !== 'object') return undefined;
  const strict = enforceableSchema(schema, { allRequired: true });
  return { type: 'json_schema' as const, name: 'answer', schema: strict ?? schema, strict: strict !== undefined };
}

/** The vendor takes at most 64 characters. */
function shortKey(id: string): string {
  return id.length <= 64 ? id : createHash('sha256').update(id).digest('hex');
}

/** Reads the stream to its end event. @throws ProviderError when it ends without one, or with a failure. */
async function read(client: OpenAIClient, stream: AsyncIterable<ResponseStreamEvent>, call: ModelCall) {
  const size = new AnswerSize(client.settings.maxAnswerChars);
  const items: ResponseOutputItem[] = [];
  let response: Response | undefined;
  for await (const event of stream) {
    switch (event.type) {
      case 'response.output_text.delta':
      case 'response.refusal.delta':
        size.add(event.delta);
        call.onDelta?.({ type: 'text', text: event.delta });
        break;
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        size.add(event.delta);
        call.onDelta?.({ type: 'reasoning', text: event.delta });
        break;
      case 'response.function_call_arguments.delta':
        size.add(event.delta);
        break;
      case 'response.output_item.added':
        if (event.item.type === 'function_call') call.onDelta?.({ type: 'tool-call', name: event.item.name });
        break;
      case 'response.output_item.done':
        items[event.output_index] = event.item;
        break;
      case 'response.completed':
      case 'response.incomplete':
        response = event.response;
        break;
      case 'response.failed':
        throw client.streamedError(event.response.error ?? {});
      case 'error':
        throw client.streamedError(event);
    }
  }
  call.signal.throwIfAborted();
  if (!response) throw cutStream(client.name);
  // Some servers leave the output out of the last event.
  return { response, items: response.output?.length ? response.output : items.filter(Boolean) };
}

function replyOf(provider: string, response: Response, items: ResponseOutputItem[]): ModelReply {
  const cut = response.incomplete_details?.reason;
  const refused = cut === 'content_filter' || items.some(isRefusal);
  const parts = items
    // A call that was being written when the limit came is no call; neither is any of a refused answer.
    .filter((item) => item.type !== 'function_call' || (!refused && (!cut || isWholeCall(item))))
    .flatMap((item) => partsOf(provider, item));
  const content = withUniqueIds(withoutEmptyText(parts));
  const { usage } = response;
  return {
    message: { role: 'assistant', content },
    finish: finishOf(content, refused ? 'refusal' : cut ? 'length' : 'end'),
    usage: openaiUsage({
      input: usage?.input_tokens,
      cached: usage?.input_tokens_details?.cached_tokens,
      cacheWrite: usage?.input_tokens_details?.cache_write_tokens,
      output: usage?.output_tokens,
      reasoning: usage?.output_tokens_details?.reasoning_tokens,
    }),
    model: response.model,
  };
}

function isRefusal(item: ResponseOutputItem): boolean {
  return item.type === 'message' && item.content.some((part) => part.type === 'refusal');
}

function isWholeCall(item: { arguments: string; status?: string }): boolean {
  return item.status !== 'incomplete' && item.arguments.trim() !== '' && isWholeJson(item.arguments);
}

function partsOf(provider: string, item: ResponseOutputItem): AssistantPart[] {
  switch (item.type) {
    case 'message':
      return item.content.map((part) => ({ type: 'text', text: part.type === 'refusal' ? part.refusal : part.text }));
    case 'function_call':
      return [toolCall(item.call_id, item.name, item.arguments)];
    case 'reasoning': {
      // One part per summary text, all with the item's id, so that the item can be put together again as it was.
      const texts = item.summary.length > 0 ? item.summary.map(({ text }) => text) : [''];
      const encrypted = item.encrypted_content;
      return texts.map((text, at) => ({
        type: 'reasoning',
        provider,
        text,
        id: item.id,
        ...(at === 0 && encrypted && { encrypted }),
      }));
    }
    default:
      // Items of vendor-side tools, which are never offered.
      return [];
  }
}
