import { canonicalJson } from '../../protocol/json';
import type { AgentEntry, Appoint, Rate, Register, RegisteredCounts, Unregister } from '../../protocol/registry/entry';
import {
  type Kept,
  LOAD_KNOWN_MS,
  REMARKS_KEPT,
  type RegistryState,
  type Report,
  VERSIONS_KEPT,
} from '../../protocol/registry/registry';
import { addOutcome, addRating, newStanding } from '../../protocol/registry/standing';
import { isName, isOutcome } from './check-registry';

/** Agents of which nobody has registered anything, only outcomes: more are not taken up. */
const UNREGISTERED_KEPT = 200;

/** One part of a registry of agents: plain state, and what is done to it. */
export class RegistryDesk {
  constructor(readonly state: RegistryState) {}

  kept(agent: string): Kept | undefined {
    return Object.hasOwn(this.state.agents, agent) ? this.state.agents[agent] : undefined;
  }

  register({ entries, queue, serves, by }: Register, now: number): RegisteredCounts {
    const counts: RegisteredCounts = { added: 0, updated: 0, unchanged: 0, left: 0 };
    for (const entry of entries) counts[this.take(entry, queue, by, now)]++;
    if (!serves || queue === undefined) return counts;
    const names = new Set(serves);
    for (const [name, { queues }] of Object.entries(this.state.agents)) {
      if (queues[queue] === undefined || names.has(name)) continue;
      delete queues[queue];
      counts.left++;
    }
    return counts;
  }

  private take(
    entry: AgentEntry,
    queue: string | undefined,
    by: string,
    now: number,
  ): 'added' | 'updated' | 'unchanged' {
    const known = this.kept(entry.name);
    const kept = known ?? { entry, version: 0, versions: [], queues: {} };
    this.state.agents[entry.name] = kept;
    if (queue !== undefined) kept.queues[queue] ??= now;
    if (kept.version > 0 && canonicalJson(kept.entry) === canonicalJson(entry)) return 'unchanged';
    const added = kept.version === 0;
    kept.entry = entry;
    kept.version++;
    kept.versions.push({ version: kept.version, revision: entry.revision ?? null, at: now, by });
    kept.versions.splice(0, kept.versions.length - VERSIONS_KEPT);
    return added ? 'added' : 'updated';
  }

  /** With all that is known of it. */
  unregister({ agent }: Unregister): void {
    delete this.state.agents[agent];
  }

  appoint({ agent, state, by, reason }: Appoint): void {
    const kept = this.kept(agent);
    if (!kept) return;
    if (state === 'active') delete kept.paused;
    else kept.paused = { by, ...(reason !== undefined && { reason }) };
  }

  rate({ agent, ...remark }: Rate, now: number): void {
    const kept = this.kept(agent);
    if (!kept) return;
    kept.standing ??= newStanding(now);
    addRating(kept.standing, remark.stars, remark.violation === true, now);
    const { reason, ...rest } = remark;
    const short = reason === undefined ? {} : { reason: reason.slice(0, 200) };
    kept.remarks = [...(kept.remarks ?? []), { ...rest, ...short, at: now }].slice(-REMARKS_KEPT);
  }

  /** What workers say of attempts. It may come from anybody, and nobody can be told: what makes no sense is passed over. */
  report({ began = {}, ended = {}, outcomes = [] }: Report, now: number): void {
    for (const [agent, count] of Object.entries(began)) this.load(agent, count, true, now);
    for (const [agent, count] of Object.entries(ended)) this.load(agent, -count, false, now);
    for (const outcome of Array.isArray(outcomes) ? outcomes : []) {
      if (!isOutcome(outcome)) continue;
      const kept = this.orStranger(outcome.agent);
      if (!kept) continue;
      kept.standing ??= newStanding(now);
      addOutcome(kept.standing, outcome, now);
    }
  }

  private load(agent: string, change: number, begins: boolean, now: number): void {
    if (!Number.isInteger(change) || Math.abs(change) > 100_000) return;
    const kept = this.orStranger(agent);
    if (!kept) return;
    kept.running = Math.max(0, runningOf(kept, now) + change);
    kept.heardAt = now;
    if (begins) kept.begun = (kept.begun ?? 0) + change;
  }

  /** The agent; taken up where nobody has registered it, for a while: its worker may be about to. */
  private orStranger(agent: string): Kept | undefined {
    const known = this.kept(agent);
    if (known) return known;
    if (!isName(agent)) return undefined;
    const strangers = Object.values(this.state.agents).filter(({ version }) => version === 0).length;
    if (strangers >= UNREGISTERED_KEPT) return undefined;
    const kept: Kept = { entry: { name: agent }, version: 0, versions: [], queues: {} };
    this.state.agents[agent] = kept;
    return kept;
  }
}

/** What was not ended by a report is forgotten in time. */
export function runningOf({ running = 0, heardAt = 0 }: Kept, now: number): number {
  return now - heardAt > LOAD_KNOWN_MS ? 0 : running;
}
