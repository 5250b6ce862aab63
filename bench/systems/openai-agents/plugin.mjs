import { OpenAIProvider } from '@openai/agents-openai';
import { OpenAIAgentsPlugin } from '@temporalio/openai-agents';
import OpenAI from 'openai';

/** As in its README; Chat Completions, like the other systems. */
export function createPlugin(provider) {
  const openAIClient = new OpenAI({ apiKey: 'bench', baseURL: provider, maxRetries: 0 });
  return new OpenAIAgentsPlugin({ modelProvider: new OpenAIProvider({ openAIClient, useResponses: false }) });
}
