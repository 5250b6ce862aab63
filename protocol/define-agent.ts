import { type AgentDefinition, agentDefinitionSchema } from './agent';
import { HoldfastError } from './failures';

/**
 * An agent written in TypeScript; the same schema as YAML.
 * @throws HoldfastError `Agent.Invalid` naming each wrong field.
 */
export function defineAgent(definition: AgentDefinition): AgentDefinition {
  const parsed = agentDefinitionSchema.safeParse(definition);
  if (parsed.success) return definition;
  const problems = parsed.error.issues
    .map((issue) => `${issue.path.join('.') || '(root)'}: ${issue.message}`)
    .join('; ');
  throw new HoldfastError('Agent.Invalid', `agent "${definition?.name}": ${problems}`);
}
