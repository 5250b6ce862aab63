import type { Anthropic } from '@anthropic-ai/sdk';
import type { APIPromise } from '@anthropic-ai/sdk/api-promise';
import type { MessageCreateParamsStreaming, RawMessageStreamEvent } from '@anthropic-ai/sdk/resources/messages';
import type { Stream } from '@anthropic-ai/sdk/streaming';
import { AnthropicAnswer } from './anthropic-answer';
import { anthropicError } from './anthropic-errors';
import { anthropicMessages, cacheable } from './anthropic-messages';
import { claudeFeatures, thinkingBudget } from './anthropic-models';
import { Connection } from './connection';
import type { Environment, ProviderDefinition, ProviderSettings } from './definition';
import { describeKnownModel } from './models';
import { enforceableSchema, schemaInstructions, toolSchema } from './output-schema';
import { type ModelCall, type ModelProvider, type ModelReply, type ModelRequest, ProviderError } from './provider';
import { countRequestTokens } from './tokens';
import { type ErrorContext, exchange } from './vendor-errors';
import { correlationHeader, wellFormed, wireName } from './wire-text';

/** Anthropic's Messages API, and servers that speak it. */
export const anthropic: ProviderDefinition = {
  name: 'anthropic',
  keyVariable: 'ANTHROPIC_API_KEY',
  defaultModel: 'claude-sonnet-5',
  create: createAnthropicProvider,
};

const ANTHROPIC_URL = 'https://api.anthropic.com';
/** The vendor pings while it thinks, so silence means trouble. */
const IDLE_MS = 60_000;
/** SDK timeouts are off: the connection has its own. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;
/** Thinking between tool calls, for the models that do not do so by themselves. */
const INTERLEAVED = { 'anthropic-beta': 'interleaved-thinking-2025-05-14' };

export function createAnthropicProvider(settings: ProviderSettings, env: Environment): ModelProvider {
  const name = settings.name ?? 'anthropic';
  const baseURL = baseOf((settings.baseURL ?? env.ANTHROPIC_BASE_URL ?? '').trim());
  const apiKey = settings.apiKey ?? env.ANTHROPIC_API_KEY;
  if (!apiKey && baseURL === ANTHROPIC_URL) {
    throw new ProviderError('Model.MissingKey', `${name} needs ANTHROPIC_API_KEY`, {
      hint: 'Set the environment variable ANTHROPIC_API_KEY, or use the model simulated/rules, which needs no key.',
    });
  }
  const context: ErrorContext = { provider: name, baseURL, keyVariable: 'ANTHROPIC_API_KEY', apiKey };
  const connection = new Connection();
  const sdk = lazyClient(connection, context, settings);
  return {
    name,
    complete: (request, call) => complete(sdk, context, settings, request, call),
    countTokens: (request) => countRequestTokens(request, { provider: name }),
    describeModel: (model) => settings.models?.[model] ?? describeKnownModel('anthropic', model),
    listModels: (call) => listModels(sdk, context, call),
    connectionStats: () => ({ ...connection.stats }),
    checkHealth: async (call) => void (await listModels(sdk, context, call)),
  };
}

/** The SDK adds the version to the path itself; people copy the URL with it. */
function baseOf(url: string): string {
  return url.replace(/\/+$/, '').replace(/\/v1$/, '') || ANTHROPIC_URL;
}

function lazyClient(
  connection: Connection,
  { apiKey, baseURL }: ErrorContext,
  { timeouts }: ProviderSettings,
): () => Anthropic {
  let client: Anthropic | undefined;
  return () => {
    if (client) return client;
    const sdk = require('@anthropic-ai/sdk') as typeof import('@anthropic-ai/sdk');
    client = new sdk.Anthropic({
      apiKey: apiKey || 'unused',
      baseURL,
      maxRetries: 0,
      timeout: NO_TIMEOUT_MS,
      logLevel: 'off',
      fetch: connection.fetchWith({ ...timeouts, idleMs: timeouts?.idleMs ?? IDLE_MS }),
    });
    return client;
  };
}

function complete(
  sdk: () => Anthropic,
  context: ErrorContext,
  settings: ProviderSettings,
  request: ModelRequest,
  call: ModelCall,
): Promise<ModelReply> {
  let streaming = false;
  const toError = (error: unknown): ProviderError => anthropicError(error, streaming, context);
  return exchange(call.signal, toError, async () => {
    const body = requestBody(request, context.provider);
    const headers = { ...correlationHeader(call.correlationId), ...(body.thinking?.type === 'enabled' && INTERLEAVED) };
    const { data: stream, request_id } = await openStream(sdk(), body, headers, call.signal).withResponse();
    streaming = true;
    const answer = new AnthropicAnswer(context.provider, call, settings.maxAnswerChars);
    for await (const event of stream) answer.add(event);
    call.signal.throwIfAborted();
    const reply = answer.end(request.model);
    return request_id ? { ...reply, requestId: request_id } : reply;
  });
}

/** As `messages.create` does, but without its warning on the console at each call of an older model. */
function openStream(client: Anthropic, body: Body, headers: Record<string, string>, signal: AbortSignal) {
  return client.post('/v1/messages', { body, headers, signal, stream: true }) as APIPromise<
    Stream<RawMessageStreamEvent>
  >;
}

/** The SDK's types have left `temperature` behind; older models still take it. */
type Body = MessageCreateParamsStreaming & { temperature?: number };

function requestBody(request: ModelRequest, provider: string): Body {
  const { model, tools, parameters, outputSchema } = request;
  const features = claudeFeatures(model);
  const { thinking, effort } = thinkingOf(request);
  const schema = features.structuredOutput && outputSchema && enforceableSchema(outputSchema, { allRequired: false });
  const system = wellFormed(request.instructions) + (schema || !outputSchema ? '' : schemaInstructions(outputSchema));
  return {
    model,
    max_tokens: parameters.maxOutputTokens,
    // The vendor caches in this order: tools, system, messages; each marked end is found again by the next request.
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, inputSchema }, at) => ({
        name: wireName(name),
        description,
        input_schema: toolSchema(inputSchema),
        ...(at === tools.length - 1 && cacheable),
      })),
    }),
    ...(system.trim() && { system: [{ type: 'text' as const, text: system, ...cacheable }] }),
    messages: anthropicMessages(request.messages, provider),
    ...(thinking && { thinking }),
    ...((effort || schema) && {
      output_config: { ...(effort && { effort }), ...(schema && { format: { type: 'json_schema' as const, schema } }) },
    }),
    ...(features.temperature &&
      !thinking &&
      parameters.temperature !== undefined && { temperature: Math.min(1, parameters.temperature) }),
    stream: true,
  };
}

function thinkingOf({
  model,
  parameters,
}: ModelRequest): Pick<Body, 'thinking'> & { effort?: 'low' | 'medium' | 'high' } {
  const { reasoning, maxOutputTokens } = parameters;
  const { thinking, thinksByItself } = claudeFeatures(model);
  if (reasoning === undefined || thinking === 'none') return {};
  if (reasoning === 'off') return thinksByItself ? { effort: 'low' } : {};
  if (thinking === 'adaptive') return { thinking: { type: 'adaptive', display: 'summarized' }, effort: reasoning };
  const budget = thinkingBudget(reasoning, maxOutputTokens);
  return budget === undefined ? {} : { thinking: { type: 'enabled', budget_tokens: budget } };
}

function listModels(sdk: () => Anthropic, context: ErrorContext, call: ModelCall): Promise<string[]> {
  return exchange(
    call.signal,
    (error) => anthropicError(error, false, context),
    async () => {
      const page = await sdk().models.list({ limit: 1_000 }, { signal: call.signal });
      return page.data.map((model) => model.id);
    },
  );
}
