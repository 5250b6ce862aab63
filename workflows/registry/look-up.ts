import { fitOf, USUAL_PRIORITY } from '../../protocol/plan/assign';
import type {
  AgentBrief,
  AgentStatus,
  AgentView,
  AskCandidates,
  CandidatesPage,
  FindAgents,
  FoundAgents,
  Kept,
  QueueView,
  RegistryCandidate,
  RegistryState,
  StandingsPage,
} from '../../protocol/registry/registry';
import { servingDigest } from '../../protocol/registry/serving-digest';
import { fadedBy, kindOf, reputationOf, tallyOf } from '../../protocol/registry/standing';
import { runningOf } from './desk';

/*
 * What a registry is asked. Queries write nothing to the history; the time comes with the question, because a workflow's own clock
 * stands still between its tasks.
 */

export function findAgents({ agents }: RegistryState, asked: FindAgents): FoundAgents {
  const { after = '', limit, now } = asked;
  const matching = Object.values(agents)
    .filter((kept) => matches(kept, asked))
    .sort(byName);
  const page = matching.filter(({ entry }) => entry.name > after).slice(0, limit);
  return { agents: page.map((kept) => briefOf(kept, now)), total: matching.length };
}

function matches(kept: Kept, { name, role, capability, tag, status, queue, text }: FindAgents): boolean {
  const { entry, queues } = kept;
  const is = statusOf(kept);
  if (name !== undefined && entry.name !== name) return false;
  if (role !== undefined && entry.role !== role) return false;
  if (capability !== undefined && !entry.capabilities?.includes(capability)) return false;
  if (tag !== undefined && !entry.tags?.includes(tag)) return false;
  if (status === undefined ? is === 'unregistered' : is !== status) return false;
  if (queue !== undefined && queues[queue] === undefined) return false;
  if (text === undefined) return true;
  return `${entry.name} ${entry.description ?? ''}`.toLowerCase().includes(text.toLowerCase());
}

export function agentView({ agents }: RegistryState, name: string, now: number): AgentView | null {
  const kept = Object.hasOwn(agents, name) ? agents[name] : undefined;
  if (!kept) return null;
  const { entry, versions, queues, paused, standing, remarks = [] } = kept;
  const factor = fadedBy(standing?.at ?? now, now);
  const kinds = Object.entries(standing?.kinds ?? {}).map(([kind, { n, success, value }]) => [
    kind,
    { evidence: n * factor, success: n === 0 ? 0 : success / n, value: n === 0 ? 0 : value / n },
  ]);
  return {
    ...briefOf(kept, now),
    model: entry.model ?? null,
    costUsd: entry.costUsd ?? null,
    priority: entry.priority ?? USUAL_PRIORITY,
    revision: entry.revision ?? null,
    versions,
    servedSince: queues,
    paused: paused ?? null,
    reputation: reputationOf(standing, now),
    kinds: Object.fromEntries(kinds),
    remarks,
  };
}

/** Those that fit best, and of them those that stand best; paused ones and strangers are left out. */
export function candidates({ agents }: RegistryState, asked: AskCandidates): CandidatesPage {
  const { needs, related, queue, now, limit } = asked;
  const kind = kindOf(needs);
  const found: RegistryCandidate[] = [];
  for (const kept of Object.values(agents)) {
    const { entry, queues, standing, begun = 0 } = kept;
    if (statusOf(kept) !== 'active' || (queue !== undefined && queues[queue] === undefined)) continue;
    const skill = fitOf(needs, { capabilities: entry.capabilities ?? [] }, related);
    if (skill === 0) continue;
    const { n, value } = tallyOf(standing, kind) ?? { n: 0, value: 0 };
    const factor = fadedBy(standing?.at ?? now, now);
    found.push({
      agent: entry.name,
      skill,
      priority: entry.priority ?? USUAL_PRIORITY,
      running: runningOf(kept, now),
      chosen: begun,
      queues: Object.keys(queues),
      score: reputationOf(standing, now).score,
      n: n * factor,
      value: value * factor,
    });
  }
  const total = found.length;
  // Whoever has little to do and little behind it must not be out of sight.
  found.sort(
    (one, other) => worth(other) - worth(one) || one.chosen - other.chosen || (one.agent < other.agent ? -1 : 1),
  );
  return { candidates: found.slice(0, limit), total };
}

/** What could be expected of it at best: the less is known, the more. */
function worth({ skill, score, n, value }: RegistryCandidate): number {
  return skill * ((2 * score + value) / (2 + n) + 1 / Math.sqrt(2 + n));
}

export function standings({ agents }: RegistryState, kinds: readonly string[], now: number): StandingsPage {
  const known: StandingsPage['agents'] = {};
  for (const [name, { standing, paused }] of Object.entries(agents)) {
    if (!standing && !paused) continue;
    const factor = fadedBy(standing?.at ?? now, now);
    const asked = kinds.flatMap((kind) => {
      const tally = tallyOf(standing, kind);
      return tally ? [[kind, { n: tally.n * factor, value: tally.value * factor }] as const] : [];
    });
    known[name] = {
      score: reputationOf(standing, now).score,
      paused: paused !== undefined,
      kinds: Object.fromEntries(asked),
    };
  }
  return { agents: known };
}

export function queueView({ agents }: RegistryState, queue: string): QueueView {
  const served = Object.values(agents).filter(({ queues }) => queues[queue] !== undefined);
  return { agents: served.length, digest: servingDigest(served.map(({ entry }) => entry)) };
}

function briefOf(kept: Kept, now: number): AgentBrief {
  const { entry, version, queues, standing } = kept;
  const { name, description = null, role = null, capabilities = [], tags = [] } = entry;
  const { score, counts } = reputationOf(standing, now);
  const about = { name, description, role, capabilities, tags, status: statusOf(kept), version };
  return { ...about, queues: Object.keys(queues), running: runningOf(kept, now), score, outcomes: counts.outcomes };
}

function statusOf({ version, paused, queues }: Kept): AgentStatus {
  if (version === 0) return 'unregistered';
  if (paused) return 'paused';
  return Object.keys(queues).length > 0 ? 'active' : 'unserved';
}

function byName(one: Kept, other: Kept): number {
  return one.entry.name < other.entry.name ? -1 : 1;
}
