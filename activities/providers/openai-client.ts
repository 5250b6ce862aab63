import type OpenAI from 'openai';
import type { Usage } from '../../protocol/usage';
import { Connection } from './connection';
import type { Environment, ProviderSettings } from './definition';
import { describeKnownModel } from './models';
import { openaiError } from './openai-errors';
import { type ConnectionStats, type ModelCall, type ModelFacts, type ModelRequest, ProviderError } from './provider';
import { countRequestTokens, encodingOf } from './tokens';
import { type ErrorContext, exchange } from './vendor-errors';
import { correlationHeader } from './wire-text';

export const OPENAI_URL = 'https://api.openai.com/v1';

const IDLE_MS = 60_000;
/** These models think for minutes without a byte on the wire. */
const SILENT_IDLE_MS = 300_000;
/** SDK timeouts are off: the connection has its own. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;

/** Whether a model thinks before it answers, and so takes `reasoning` and refuses `temperature`. */
export function isReasoningModel(model: string): boolean {
  return /^(o\d|gpt-[5-9]|gpt-\d\d|codex)/.test(model) && !model.includes('chat');
}

/** What both OpenAI adapters share: the client and its pool, errors, facts, embeddings. */
export class OpenAIClient {
  readonly name: string;
  readonly official: boolean;
  private readonly connection = new Connection();
  private readonly clients = new Map<number, OpenAI>();
  private readonly context: ErrorContext;

  constructor(
    readonly settings: ProviderSettings,
    env: Environment,
  ) {
    this.name = settings.name ?? 'openai';
    const baseURL = (settings.baseURL ?? env.OPENAI_BASE_URL ?? '').trim() || OPENAI_URL;
    this.official = /(^|\.)openai\.com$/.test(new URL(baseURL).hostname);
    const apiKey = settings.apiKey ?? env.OPENAI_API_KEY;
    this.context = { provider: this.name, baseURL, keyVariable: 'OPENAI_API_KEY', apiKey };
    if (apiKey || !this.official) return;
    throw new ProviderError('Model.MissingKey', `${this.name} needs OPENAI_API_KEY`, {
      hint: 'Set the environment variable OPENAI_API_KEY, or use the model simulated/rules, which needs no key.',
    });
  }

  connectionStats(): ConnectionStats {
    return { ...this.connection.stats };
  }

  /** The SDK's client, loaded on first use; one per idle timeout, all on one pool. */
  sdk(model = ''): OpenAI {
    const silent = isReasoningModel(model);
    const idleMs = this.settings.timeouts?.idleMs ?? (silent ? SILENT_IDLE_MS : IDLE_MS);
    const known = this.clients.get(idleMs);
    if (known) return known;
    const { OpenAI: Client } = require('openai') as typeof import('openai');
    const client = new Client({
      // Local servers take any key, but the SDK insists on one.
      apiKey: this.context.apiKey || 'unused',
      baseURL: this.context.baseURL,
      maxRetries: 0,
      timeout: NO_TIMEOUT_MS,
      logLevel: 'off',
      fetch: this.connection.fetchWith({ ...this.settings.timeouts, idleMs }),
    });
    this.clients.set(idleMs, client);
    return client;
  }

  /** Request options of one call. */
  options({ signal, correlationId }: ModelCall) {
    return { signal, headers: correlationHeader(correlationId) };
  }

  /** One exchange under the contract; `state.streaming` is set by the adapter once the answer has begun. */
  exchange<T>(signal: AbortSignal, run: (state: { streaming: boolean }) => Promise<T>): Promise<T> {
    const state = { streaming: false };
    return exchange(
      signal,
      (error) => openaiError(error, state.streaming, this.context),
      () => run(state),
    );
  }

  /** An error the vendor sent inside a stream that otherwise went well. */
  streamedError(body: { code?: string | null; type?: string; message?: string } | null | undefined): ProviderError {
    return openaiError({ error: body }, true, this.context);
  }

  countTokens(request: ModelRequest): number {
    return countRequestTokens(request, { provider: this.name, encoding: encodingOf(request.model) });
  }

  describeModel(model: string): ModelFacts | undefined {
    return this.settings.models?.[model] ?? describeKnownModel('openai', model);
  }

  listModels(call: ModelCall): Promise<string[]> {
    return this.exchange(call.signal, async () => {
      const page = await this.sdk().models.list(this.options(call));
      return page.data.map((model) => model.id);
    });
  }

  embed(
    texts: string[],
    { model }: { model: string },
    call: ModelCall,
  ): Promise<{ vectors: number[][]; usage: Usage }> {
    return this.exchange(call.signal, async () => {
      const body = { model, input: texts, encoding_format: 'float' as const };
      const { data, usage } = await this.sdk().embeddings.create(body, this.options(call));
      const vectors = [...data].sort((a, b) => a.index - b.index).map((item) => item.embedding);
      return { vectors, usage: openaiUsage({ input: usage.prompt_tokens }) };
    });
  }

  async checkHealth(call: ModelCall): Promise<void> {
    await this.listModels(call);
  }
}

interface ReportedTokens {
  input?: number;
  cached?: number;
  cacheWrite?: number;
  output?: number;
  reasoning?: number;
}

export function openaiUsage({ input, cached, cacheWrite, output, reasoning }: ReportedTokens): Usage {
  return {
    inputTokens: input ?? 0,
    cachedInputTokens: cached ?? 0,
    cacheWriteTokens: cacheWrite ?? 0,
    outputTokens: output ?? 0,
    reasoningTokens: reasoning ?? 0,
  };
}
