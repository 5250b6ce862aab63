import { createRequire } from 'node:module';
import { createProviders } from '../../../dist/activities/providers/index.js';
import { defineTool } from '../../../dist/index.js';
import { INSTRUCTIONS, lookUp, TOOL, TOOL_DESCRIPTION } from '../../task.mjs';

const { z } = createRequire(new URL('../../../dist/', import.meta.url))('zod');

/** The model of the bench holds a million tokens, so that no system drops any of the conversation. */
const MODEL_FACTS = { contextTokens: 1_000_000, maxOutputTokens: 8_192 };
const LIMITS = { turns: 100_000, toolCalls: 100_000 };
/** What `clerk-in-window` sees of its conversation: about the last ten turns. */
const WINDOW_TOKENS = 8_000;

/** Rules as a project may have them; the last one is what lets the tool run. */
const RULES = {
  profile: 'strict',
  deny: ['look_up(shelf=secret*)', 'look_up(shelf=*..*)', '*_write(path=/etc/**)', '*_get(url=*://*.internal/*)'],
  ask: ['look_up(shelf=vault*)', '*_write(path=docs/**)', '*_send(*)'],
  allow: ['*_read(path=docs/**)', 'look_up(shelf=*)'],
};
const PRICE = { inputPerMillion: 1, outputPerMillion: 2 };

function tool(quick) {
  return defineTool({
    name: TOOL,
    description: TOOL_DESCRIPTION,
    input: z.strictObject({ shelf: z.string().describe('The name of the shelf.') }),
    effect: 'read',
    quick,
    execute: ({ shelf }) => lookUp(shelf),
  });
}

/** @param variant `activity-tools`: the tool is an activity of its own instead of a quick read. */
export function contents({ provider: url, home, variant }) {
  const clerk = { name: 'clerk', instructions: INSTRUCTIONS, tools: [TOOL], limits: LIMITS, model: 'openai/bench-0' };
  const env = { OPENAI_API_KEY: 'bench', OPENAI_BASE_URL: url };
  const { provider } = createProviders({ env }).providerFor('openai/bench');
  return {
    agents: [
      clerk,
      // Without tools a node of a plan is one plain model call, and no run of its own.
      { ...clerk, name: 'teller', tools: [] },
      { ...clerk, name: 'clerk-free', permissions: { profile: 'owner' } },
      { ...clerk, name: 'clerk-governed', permissions: RULES },
      { ...clerk, name: 'clerk-in-window', context: { maxTokens: WINDOW_TOKENS } },
    ],
    ...(variant === 'governance' && { prices: { 'openai/*': PRICE } }),
    tools: [tool(variant !== 'activity-tools')],
    providers: [{ ...provider, describeModel: () => MODEL_FACTS }],
    env,
    home,
  };
}
