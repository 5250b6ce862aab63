import OpenAI from 'openai';
import { lookUp, TOOL, TOOL_DESCRIPTION, TOOL_PARAMETERS } from '../../task.mjs';

export function createActivities(provider) {
  const openai = new OpenAI({ apiKey: 'bench', baseURL: provider, maxRetries: 0 });
  const tools = [
    { type: 'function', function: { name: TOOL, description: TOOL_DESCRIPTION, parameters: TOOL_PARAMETERS } },
  ];
  return {
    async callModel(model, messages) {
      const { choices } = await openai.chat.completions.create({ model, messages, tools });
      return choices[0].message;
    },
    lookUp: async ({ shelf }) => lookUp(shelf),
  };
}
