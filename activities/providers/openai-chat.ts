import type {
  ChatCompletionChunk,
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions';
import type { Usage } from '../../protocol/usage';
import type { Environment, ProviderSettings } from './definition';
import { ChatAnswer } from './openai-chat-answer';
import { chatMessages } from './openai-chat-messages';
import { isReasoningModel, OpenAIClient, openaiUsage } from './openai-client';
import { leastEffort } from './openai-responses';
import { enforceableSchema, schemaInstructions, toolSchema } from './output-schema';
import type { ModelCall, ModelProvider, ModelReply, ModelRequest } from './provider';
import { estimateText } from './tokens';
import { wellFormed, wireName } from './wire-text';

/** Chat Completions: OpenAI's older protocol, and the one that compatible servers speak (Ollama, vLLM, llama.cpp, gateways). */
export function createOpenAIChatProvider(settings: ProviderSettings, env: Environment): ModelProvider {
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
    const { data: stream, request_id } = await client
      .sdk(request.model)
      .chat.completions.create(requestBody(client, request), client.options(call))
      .withResponse();
    state.streaming = true;
    const answer = new ChatAnswer(client.name, call, client.settings.maxAnswerChars);
    let usage: ChatCompletionChunk['usage'];
    let model = request.model;
    for await (const chunk of stream) {
      model = chunk.model || model;
      usage = chunk.usage ?? usage;
      const choice = chunk.choices?.[0];
      if (choice) answer.add(choice);
    }
    call.signal.throwIfAborted();
    const { message, finish } = answer.end();
    return {
      message,
      finish,
      usage: usage ? usageOf(usage) : estimatedUsage(client, request, message.content),
      model,
      ...(request_id && { requestId: request_id }),
    };
  });
}

function requestBody(client: OpenAIClient, request: ModelRequest): ChatCompletionCreateParamsStreaming {
  const { model, tools, parameters, outputSchema } = request;
  const thinks = client.official && isReasoningModel(model);
  const format = outputSchema && responseFormat(outputSchema);
  const instructions =
    wellFormed(request.instructions) + (format || !outputSchema ? '' : schemaInstructions(outputSchema));
  const system: ChatCompletionMessageParam[] = instructions ? [{ role: 'system', content: instructions }] : [];
  const { maxOutputTokens, temperature, reasoning } = parameters;
  return {
    model,
    messages: [...system, ...chatMessages(request.messages, client.name, client.settings.returnReasoning ?? false)],
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, inputSchema }) => ({
        type: 'function' as const,
        function: { name: wireName(name), description, parameters: toolSchema(inputSchema) },
      })),
    }),
    ...(format && { response_format: format }),
    // The new name is OpenAI's own; other servers know the old one.
    ...(client.official ? { max_completion_tokens: maxOutputTokens } : { max_tokens: maxOutputTokens }),
    ...(!thinks && temperature !== undefined && { temperature }),
    ...(reasoning &&
      (thinks || !client.official) && { reasoning_effort: reasoning === 'off' ? leastEffort(model) : reasoning }),
    stream: true,
    stream_options: { include_usage: true },
  };
}

function responseFormat(schema: Record<string, unknown>) {
  if (schema.type !== 'object') return undefined;
  const strict = enforceableSchema(schema, { allRequired: true });
  const format = { name: 'answer', schema: strict ?? schema, strict: strict !== undefined };
  return { type: 'json_schema' as const, json_schema: format };
}

function usageOf(usage: NonNullable<ChatCompletionChunk['usage']>): Usage {
  return openaiUsage({
    input: usage.prompt_tokens,
    cached: usage.prompt_tokens_details?.cached_tokens,
    cacheWrite: usage.prompt_tokens_details?.cache_write_tokens,
    output: usage.completion_tokens,
    reasoning: usage.completion_tokens_details?.reasoning_tokens,
  });
}

/** Some servers report nothing; nothing would look free to every budget. */
function estimatedUsage(client: OpenAIClient, request: ModelRequest, content: unknown[]): Usage {
  return openaiUsage({ input: client.countTokens(request), output: estimateText(JSON.stringify(content)) });
}
