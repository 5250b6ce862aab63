import type { Catalogue } from '../../activities/catalogue';
import type { ResolvedAgent } from '../../protocol/agent';
import type { AgentEntry } from '../../protocol/registry/entry';

/** What a registry is told of a worker's agents. One that cannot run here, for want of a key, is not served here. */
export function entriesOf(catalogue: Catalogue): AgentEntry[] {
  return catalogue.agentNames().flatMap((name) => {
    try {
      return [entryOf(catalogue.resolve(name))];
    } catch {
      return [];
    }
  });
}

/** An agent as it is registered: what it can do, not how. */
export function entryOf(agent: ResolvedAgent): AgentEntry {
  const { name, description, role, capabilities, tags, model, limits, priority, revision } = agent;
  return {
    name,
    ...(description !== undefined && { description: description.slice(0, 300) }),
    ...(role !== undefined && role !== '' && { role: role.slice(0, 100) }),
    ...(capabilities && { capabilities: capabilities.slice(0, 32) }),
    ...(tags.length > 0 && { tags: tags.filter((tag) => tag !== '') }),
    model: model.slice(0, 200),
    ...(limits.costUsd !== undefined && { costUsd: limits.costUsd }),
    ...(priority !== undefined && { priority }),
    revision,
  };
}
