import { getClient } from '@temporalio/activity';
import type { AgentSketch } from '../../protocol/activities';
import { PLANNER } from '../../protocol/plan/planner';
import { StandingsCache } from '../registry/standings';
import type { ActivityServices } from '../services';

/** What a planner has to choose from. */
export function createSketchAgents({ catalogue, registry }: Pick<ActivityServices, 'catalogue' | 'registry'>) {
  const standings = new StandingsCache(registry);
  return async function sketchAgents(): Promise<AgentSketch[]> {
    return sketchesOf(catalogue, await standings.paused(getClient()));
  };
}

function sketchesOf(catalogue: ActivityServices['catalogue'], paused: ReadonlySet<string>): AgentSketch[] {
  return catalogue
    .agentNames()
    .filter((name) => name !== PLANNER && !paused.has(name))
    .map((name) => {
      const { description, capabilities, limits } = catalogue.resolve(name);
      return {
        name,
        ...(description !== undefined && { description }),
        ...(capabilities && { capabilities }),
        ...(limits.costUsd !== undefined && { costUsd: limits.costUsd }),
      };
    });
}
