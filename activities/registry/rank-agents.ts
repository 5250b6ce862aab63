import { getClient } from '@temporalio/activity';
import type { RankAgentsInput } from '../../protocol/activities';
import { fitOf } from '../../protocol/plan/assign';
import { type Arm, type Ranking, rank } from '../../protocol/registry/bandit';
import { kindOf } from '../../protocol/registry/standing';
import type { ActivityServices } from '../services';
import { StandingsCache } from './standings';

/** Enough for one of them to be free. */
const RANKED = 8;

/**
 * Who should do a node, by what came of earlier work: of the agents this worker knows, those that fit, in the order in which what was
 * learned prefers them. The answer is recorded, so that a replay chooses the same ones.
 */
export function createRankAgents(services: ActivityServices) {
  const cache = new StandingsCache(services.registry);
  return async function rankAgents({ needs, related, ...draw }: RankAgentsInput): Promise<Ranking> {
    const kind = kindOf(needs);
    const standings = await cache.of(kind, getClient());
    const arms: Arm[] = [];
    for (const [agent, capabilities] of services.catalogue.capabilities()) {
      const skill = fitOf(needs, { capabilities }, related);
      const standing = Object.hasOwn(standings, agent) ? standings[agent] : undefined;
      if (skill === 0 || standing?.paused) continue;
      const known = standing && Object.hasOwn(standing.kinds, kind) ? standing.kinds[kind] : undefined;
      arms.push({ agent, skill, score: standing?.score ?? 0.5, ...(known ?? { n: 0, value: 0 }) });
    }
    const ranking = rank(arms, draw);
    return { ...ranking, agents: ranking.agents.slice(0, RANKED) };
  };
}
