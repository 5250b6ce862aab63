import type { AgentSketch } from '../../protocol/activities';
import { PLANNER } from '../../protocol/plan/planner';
import type { ActivityServices } from '../services';

/** What a planner has to choose from. */
export function sketchAgents({ catalogue }: Pick<ActivityServices, 'catalogue'>): AgentSketch[] {
  return catalogue
    .agentNames()
    .filter((name) => name !== PLANNER)
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
