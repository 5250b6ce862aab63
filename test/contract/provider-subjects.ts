import { createAnthropicProvider } from '../../activities/providers/anthropic';
import type { ProviderSettings } from '../../activities/providers/definition';
import { createOpenAIChatProvider } from '../../activities/providers/openai-chat';
import { createOpenAIResponsesProvider } from '../../activities/providers/openai-responses';
import type { ModelProvider } from '../../activities/providers/provider';
import type { Dialect, VendorServer } from '../../testing/vendor-server';

/** One adapter over the wire: how to point it at the vendor server, and at the vendor itself for the opt-in live tests. */
export interface WireSubject {
  label: string;
  /** The entry of `PROVIDERS` it belongs to. */
  provider: string;
  dialect: Dialect;
  model: string;
  path: string;
  connect(server: { openaiURL: string; anthropicURL: string }, settings?: ProviderSettings): ModelProvider;
  live: { keyVariable: string; model: string; connect(): ModelProvider };
}

/** Long enough to be recognised and redacted. */
export const KEY = 'sk-test-canary-0123456789abcdef';

/** The fixtures of the contract suite: every provider Holdfast brings has at least one. */
export const SUBJECTS: readonly WireSubject[] = [
  {
    label: 'openai-responses',
    provider: 'openai',
    dialect: 'openai-responses',
    model: 'gpt-5-mini',
    path: '/v1/responses',
    connect: ({ openaiURL }, settings) =>
      createOpenAIResponsesProvider({ baseURL: openaiURL, apiKey: KEY, ...settings }, {}),
    live: {
      keyVariable: 'OPENAI_API_KEY',
      model: 'gpt-5-mini',
      connect: () => createOpenAIResponsesProvider({}, process.env),
    },
  },
  {
    label: 'openai-chat',
    provider: 'openai',
    dialect: 'openai-chat',
    model: 'gpt-4.1-mini',
    path: '/v1/chat/completions',
    connect: ({ openaiURL }, settings) =>
      createOpenAIChatProvider({ baseURL: openaiURL, apiKey: KEY, ...settings }, {}),
    live: {
      keyVariable: 'OPENAI_API_KEY',
      model: 'gpt-4.1-mini',
      connect: () => createOpenAIChatProvider({}, process.env),
    },
  },
  {
    label: 'anthropic',
    provider: 'anthropic',
    dialect: 'anthropic',
    model: 'claude-sonnet-5',
    path: '/v1/messages',
    connect: ({ anthropicURL }, settings) =>
      createAnthropicProvider({ baseURL: anthropicURL, apiKey: KEY, ...settings }, {}),
    live: {
      keyVariable: 'ANTHROPIC_API_KEY',
      model: 'claude-sonnet-5',
      connect: () => createAnthropicProvider({}, process.env),
    },
  },
];

/** Providers without a wire; their own suites are named here. */
export const WIRELESS = ['simulated'];

/** The only request for an answer the server has seen. */
export function onlyRequest(server: VendorServer) {
  const answers = server.requests.filter((request) => request.method === 'POST');
  const [first] = answers;
  if (!first || answers.length !== 1) throw new Error(`expected one request, saw ${answers.length}`);
  return first;
}
