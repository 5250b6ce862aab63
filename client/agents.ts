import type { Client } from '@temporalio/client';
import { AGENT_NAME } from '../protocol/agent';
import { HoldfastError } from '../protocol/failures';
import { QUERY, UPDATE } from '../protocol/names';
import { problemsOf } from '../protocol/problems';
import { quoted } from '../protocol/quoted';
import {
  type AgentEntry,
  appointSchema,
  type RegisteredCounts,
  rateSchema,
  registerSchema,
  unregisterSchema,
} from '../protocol/registry/entry';
import type {
  AgentBrief,
  AgentFilter,
  AgentView,
  AskCandidates,
  CandidatesPage,
  FindAgents,
  FoundAgents,
} from '../protocol/registry/registry';
import { type Routed, type RouteOptions, routed } from '../protocol/registry/route';
import { byShard, SHARDS, shardOf } from '../protocol/registry/shards';
import { kindOf, type Outcome } from '../protocol/registry/standing';
import { RegistryParts, unknownAgent } from './registry-parts';

/** Who acts, and why. */
export interface AgentActor {
  /** Default: the client's `by`. */
  by?: string;
  reason?: string;
}

/** Who serves the agents, and when the request is refused. */
export interface RegisterOptions extends AgentActor {
  /** The task queue whose workers serve them. */
  queue?: string;
  /** These are all the agents that queue serves. */
  whole?: boolean;
  /** Refused unless each of them has this version now; 0 is not there. */
  ifVersion?: number;
}

/** What is looked for, and which page of it. */
export interface FindOptions extends AgentFilter {
  /** Default 100. */
  limit?: number;
  /** Only agents whose names come after this one: the next page. */
  after?: string;
}

/** A rating: stars, a violation, or both. */
export interface RateOptions extends AgentActor {
  /** 1 to 5. */
  stars?: number;
  /** It broke a rule. */
  violation?: true;
  /** The run that is meant. */
  run?: string;
}

interface Parser {
  safeParse(
    given: unknown,
  ): { success: true; data: unknown } | { success: false; error: Parameters<typeof problemsOf>[0] };
}

/** Entries in one request: the server takes 2 MB. */
const ENTRIES_A_REQUEST = 400;
/** Candidates each part of the registry names. */
const CANDIDATES_A_PART = 50;

/**
 * A registry of agents: who there is, what they can do, who serves them, how they do. Nothing needs it to run.
 *
 * @example
 * ```ts
 * const { agents } = holdfast; // the registry `default`
 * await agents.register([{ name: 'translator', capabilities: ['german', 'french'] }], { queue: 'holdfast' });
 * const { agent, taskQueue, because } = await agents.route({ needs: ['german'] });
 * console.log(because);
 * const run = await holdfast.start(agent, { input: 'Translate: good morning', ...(taskQueue !== null && { taskQueue }) });
 * await agents.rate(agent, { stars: 5, run: run.id });
 * ```
 */
export class Agents {
  private readonly parts: RegistryParts;
  private readonly by: string;

  constructor(temporal: Client, { by, ...at }: { by: string; taskQueue: string; registry: string }) {
    this.by = by;
    this.parts = new RegistryParts(temporal, at);
  }

  /**
   * Registers agents, or changes what is known of them: a change makes a new version. The first agent of a registry starts it.
   * @throws HoldfastError `Input.Invalid`, `Registry.Conflict`, `Registry.Full`, `Server.*`.
   */
  async register(entries: readonly AgentEntry[], options: RegisterOptions = {}): Promise<RegisteredCounts> {
    const { whole, ...rest } = options;
    const sum = { added: 0, updated: 0, unchanged: 0, left: 0 };
    const parts = byShard(entries, ({ name }) => name);
    // A part that serves none of them any more must hear that too.
    if (whole) for (let shard = 0; shard < SHARDS; shard++) if (!parts.has(shard)) parts.set(shard, []);
    for (const [shard, all] of parts) {
      if (all.length === 0 && !(await this.parts.exists(shard))) continue;
      for (let at = 0; at === 0 || at < all.length; at += ENTRIES_A_REQUEST) {
        const last = at + ENTRIES_A_REQUEST >= all.length;
        const asked = this.parsed(registerSchema, {
          ...rest,
          entries: all.slice(at, at + ENTRIES_A_REQUEST),
          ...(whole && last && { serves: all.map(({ name }) => name) }),
        });
        const counts = await this.parts.updateWithStart<RegisteredCounts>(shard, UPDATE.register, asked);
        for (const key of ['added', 'updated', 'unchanged', 'left'] as const) sum[key] += counts[key];
      }
    }
    return sum;
  }

  /**
   * All that is known of one agent: its entry, who serves it, its reputation.
   * @throws HoldfastError `Registry.Unknown`, `Server.*`.
   */
  async get(name: string): Promise<AgentView> {
    if (!AGENT_NAME.test(name)) throw new HoldfastError('Input.Invalid', `not an agent's name: ${quoted(name)}`);
    const found = await this.parts.ask<AgentView | null>(shardOf(name), QUERY.registeredAgent, name, Date.now());
    if (found) return found;
    throw unknownAgent(name);
  }

  /** By name; all that is asked for must hold. @throws HoldfastError `Server.*`. */
  async find(filter: FindOptions = {}): Promise<{ agents: AgentBrief[]; total: number }> {
    const { limit = 100, ...rest } = filter;
    const asked: FindAgents = { ...rest, limit, now: Date.now() };
    const one = rest.name === undefined ? undefined : shardOf(rest.name);
    const pages = await this.parts.askAll<FoundAgents>(QUERY.findAgents, asked, one);
    const agents = pages.flatMap((page) => page.agents).sort((a, b) => (a.name < b.name ? -1 : 1));
    return { agents: agents.slice(0, limit), total: pages.reduce((sum, { total }) => sum + total, 0) };
  }

  /** With all that is known of it. @throws HoldfastError `Registry.Unknown`, `Input.Invalid`, `Server.*`. */
  async remove(agent: string, actor: AgentActor = {}): Promise<void> {
    await this.parts.change(agent, UPDATE.unregister, this.parsed(unregisterSchema, { agent, ...actor }));
  }

  /** It is not chosen any more; what it runs goes on. @throws as `remove`. */
  async pause(agent: string, actor: AgentActor = {}): Promise<void> {
    await this.parts.change(agent, UPDATE.appoint, this.parsed(appointSchema, { agent, state: 'paused', ...actor }));
  }

  /** It may be chosen again. @throws as `remove`. */
  async resume(agent: string, actor: AgentActor = {}): Promise<void> {
    await this.parts.change(agent, UPDATE.appoint, this.parsed(appointSchema, { agent, state: 'active', ...actor }));
  }

  /** What a person thinks of its work; counts in its reputation. @throws as `remove`. */
  async rate(agent: string, rating: RateOptions): Promise<void> {
    await this.parts.change(agent, UPDATE.rate, this.parsed(rateSchema, { agent, ...rating }));
  }

  /** How a piece of work ended that no plan ran; those of plans are reported by their workers. @throws HoldfastError `Server.*`. */
  async report(outcome: Omit<Outcome, 'kind'> & { needs?: string[] }): Promise<void> {
    const { needs, ...rest } = outcome;
    await this.parts.tell(outcome.agent, { outcomes: [{ ...rest, kind: kindOf(needs) }] });
  }

  /**
   * Who should do a piece of work, and on which task queue: `await holdfast.start(agent, { taskQueue, … })` hands it over.
   * @throws HoldfastError `Registry.NoCandidate`, `Input.Invalid`, `Server.*`.
   */
  async route(options: RouteOptions): Promise<Routed> {
    const { needs, related, queue, limit = CANDIDATES_A_PART } = options;
    if (!Array.isArray(needs) || needs.length === 0)
      throw new HoldfastError('Input.Invalid', 'needs: name at least one capability');
    const asked: AskCandidates = {
      needs,
      limit,
      now: Date.now(),
      ...(related && { related }),
      ...(queue !== undefined && { queue }),
    };
    const pages = await this.parts.askAll<CandidatesPage>(QUERY.candidates, asked);
    const found = routed(
      pages.flatMap(({ candidates }) => candidates),
      options,
    );
    if (!found) {
      throw new HoldfastError('Registry.NoCandidate', `no active agent has ${needs.join(' and ')}`, {
        hint: '`holdfast agent find` shows what those there are can do; `related` may let something else stand in.',
        details: { needs },
      });
    }
    // Whose turn it is depends on who was chosen: nobody has to wait for that.
    if (options.assign === 'round-robin')
      await this.parts.tell(found.agent, { began: { [found.agent]: 1 }, ended: { [found.agent]: 1 } });
    return found;
  }

  private parsed(schema: Parser, given: object): object {
    const parsed = schema.safeParse({ by: this.by, ...definedOf(given) });
    if (parsed.success) return parsed.data as object;
    throw new HoldfastError('Input.Invalid', problemsOf(parsed.error, '(agent)'), { hint: 'See docs/plans.md.' });
  }
}

function definedOf(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
