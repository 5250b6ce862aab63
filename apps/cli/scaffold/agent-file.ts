export interface AgentFile {
  description: string;
  instructions: readonly string[];
  tools: readonly string[];
}

/** An agent in YAML; its name is the file's. */
export function agentFile({ description, instructions, tools }: AgentFile): string {
  return [
    `description: ${JSON.stringify(description)}`,
    'instructions: |',
    ...instructions.map((line) => `  ${line}`),
    `tools: [${tools.map((tool) => JSON.stringify(tool)).join(', ')}]`,
    'limits:',
    '  turns: 50',
    '  deadline: 30m',
    '',
  ].join('\n');
}
