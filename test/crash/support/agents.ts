import type { AgentDefinition } from 'holdfast';

/** One agent with every tool; what it does is told by its input, see `scripts.ts`. */
export const AGENT = 'tester';

export const AGENTS: AgentDefinition[] = [
  {
    name: AGENT,
    instructions: 'Do what the script in the first message says.',
    tools: ['todo', 'peek', 'look', 'store', 'publish', 'deliver', 'emit', 'endless', 'artifact_read'],
    limits: { turns: 10_000, toolCalls: 20_000 },
  },
];
