import type { Environment, ProviderDefinition, ProviderSettings } from './definition';
import { createOpenAIChatProvider } from './openai-chat';
import { OPENAI_URL } from './openai-client';
import { createOpenAIResponsesProvider } from './openai-responses';

/** OpenAI, and every server that speaks one of its protocols. */
export const openai: ProviderDefinition = {
  name: 'openai',
  keyVariable: 'OPENAI_API_KEY',
  defaultModel: 'gpt-5-mini',
  create: (settings, env) =>
    apiOf(settings, env) === 'chat'
      ? createOpenAIChatProvider(settings, env)
      : createOpenAIResponsesProvider(settings, env),
};

/** Responses at OpenAI itself; elsewhere Chat Completions, which every compatible server has. */
function apiOf({ api, baseURL }: ProviderSettings, env: Environment): 'responses' | 'chat' {
  const wanted = api ?? env.HOLDFAST_OPENAI_API;
  if (wanted === 'responses' || wanted === 'chat') return wanted;
  const url = (baseURL ?? env.OPENAI_BASE_URL ?? '').trim() || OPENAI_URL;
  return new URL(url).hostname === new URL(OPENAI_URL).hostname ? 'responses' : 'chat';
}
