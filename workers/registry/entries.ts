import type { Catalogue } from '../../activities/catalogue';
import { type AgentEntry, agentEntrySchema } from '../../protocol/registry/entry';

/** What a registry is told of a worker's agents. One that cannot run here, for want of a key, is not served here. */
export function entriesOf(catalogue: Catalogue): AgentEntry[] {
  return catalogue.agentNames().flatMap((name) => {
    const entry = entryOf(catalogue, name);
    return entry ? [entry] : [];
  });
}

function entryOf(catalogue: Catalogue, name: string): AgentEntry | undefined {
  let agent: ReturnType<Catalogue['resolve']>;
  try {
    agent = catalogue.resolve(name);
  } catch {
    return undefined;
  }
  const { description, role, capabilities, tags, model, limits, priority, revision } = agent;
  const entry = {
    name,
    ...(description !== undefined && { description: description.slice(0, 300) }),
    ...(role !== undefined && { role: role.slice(0, 100) }),
    ...(capabilities && { capabilities: capabilities.slice(0, 32) }),
    ...(tags.length > 0 && { tags }),
    model,
    ...(limits.costUsd !== undefined && { costUsd: limits.costUsd }),
    ...(priority !== undefined && { priority }),
    revision,
  };
  const parsed = agentEntrySchema.safeParse(entry);
  return parsed.success ? parsed.data : undefined;
}
