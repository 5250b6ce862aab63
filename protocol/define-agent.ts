import { type AgentDefinition, agentDefinitionSchema } from './agent';
import { HoldfastError } from './failures';

/**
 * An agent written in TypeScript; the same schema as YAML.
 * @throws HoldfastError `Agent.Invalid` naming each wrong field.
 *
 * @example
 * ```ts
 * import { defineAgent } from 'holdfast';
 *
 * export default defineAgent({
 *   name: 'editor',
 *   instructions: 'You edit Markdown files in your workspace. Mend spelling and broken links.',
 *   tools: ['files', 'todo'],
 *   limits: { turns: 50, costUsd: 2, deadline: '20m' },
 * });
 * ```
 */
export function defineAgent(definition: AgentDefinition): AgentDefinition {
  const parsed = agentDefinitionSchema.safeParse(definition);
  if (parsed.success) return definition;
  const problems = parsed.error.issues
    .map((issue) => `${issue.path.join('.') || '(root)'}: ${issue.message}`)
    .join('; ');
  throw new HoldfastError('Agent.Invalid', `agent "${definition?.name}": ${problems}`);
}
