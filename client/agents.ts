import { type Client, WithStartWorkflowOperation, WorkflowNotFoundError } from '@temporalio/client';
import type { z } from 'zod';
import { AGENT_NAME } from '../protocol/agent';
import { HoldfastError } from '../protocol/failures';
import { QUERY, SIGNAL, UPDATE, WORKFLOW } from '../protocol/names';
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
  RegistryInput,
  Report,
} from '../protocol/registry/registry';
import { type Routed, type RouteOptions, routed } from '../protocol/registry/route';
import { byShard, shardIdOf, shardIds, shardOf } from '../protocol/registry/shards';
import { kindOf, type Outcome } from '../protocol/registry/standing';
import { askRun } from './ask-run';
import { checkPayload } from './checks';
import { toClientError } from './errors';
import { untilProcessed, update, updateFailure } from './updates';

/** Who acts, and why. */
export interface AgentActor {
  /** Default: the client's `by`. */
  by?: string;
  reason?: string;
}

export interface RegisterOptions extends AgentActor {
  /** The task queue whose workers serve them. */
  queue?: string;
  /** These are all the agents that queue serves. */
  whole?: boolean;
  /** Refused unless each of them has this version now; 0 is not there. */
  ifVersion?: number;
}

export interface FindOptions extends AgentFilter {
  /** Default 100. */
  limit?: number;
  /** Only agents whose names come after this one: the next page. */
  after?: string;
}

export interface RateOptions extends AgentActor {
  /** 1 to 5. */
  stars?: number;
  /** It broke a rule. */
  violation?: true;
  /** The run that is meant. */
  run?: string;
}

/** Entries in one request: the server takes 2 MB. */
const ENTRIES_A_REQUEST = 400;
/** Candidates each part of the registry names. */
const CANDIDATES_A_PART = 50;

/** A registry of agents: who there is, what they can do, who serves them, how they do. Nothing needs it to run. */
export class Agents {
  constructor(
    private readonly temporal: Client,
    private readonly options: { by: string; taskQueue: string; registry: string },
  ) {}

  /**
   * Registers agents, or changes what is known of them: a change makes a new version. The first agent of a registry starts it.
   * @throws HoldfastError `Input.Invalid`, `Registry.Conflict`, `Registry.Full`, `Server.*`.
   */
  async register(entries: readonly AgentEntry[], options: RegisterOptions = {}): Promise<RegisteredCounts> {
    const { whole, ...rest } = options;
    const sum = { added: 0, updated: 0, unchanged: 0, left: 0 };
    const parts = byShard(entries, ({ name }) => name);
    // A part that serves none of them any more must hear that too.
    if (whole) for (const shard of shardIds('').keys()) if (!parts.has(shard)) parts.set(shard, []);
    for (const [shard, all] of parts) {
      if (all.length === 0 && !(await this.exists(shard))) continue;
      for (let at = 0; at === 0 || at < all.length; at += ENTRIES_A_REQUEST) {
        const last = at + ENTRIES_A_REQUEST >= all.length;
        const asked = this.parsed(registerSchema, {
          ...rest,
          entries: all.slice(at, at + ENTRIES_A_REQUEST),
          ...(whole && last && { serves: all.map(({ name }) => name) }),
        });
        const counts = await this.updateWithStart<RegisteredCounts>(shard, UPDATE.register, asked);
        for (const key of ['added', 'updated', 'unchanged', 'left'] as const) sum[key] += counts[key];
      }
    }
    return sum;
  }

  /** @throws HoldfastError `Registry.Unknown`, `Server.*`. */
  async get(name: string): Promise<AgentView> {
    if (!AGENT_NAME.test(name)) throw new HoldfastError('Input.Invalid', `not an agent's name: ${quoted(name)}`);
    const found = await this.ask<AgentView | null>(shardOf(name), QUERY.registeredAgent, name, Date.now());
    if (found) return found;
    throw unknown(name);
  }

  /** By name; all that is asked for must hold. @throws HoldfastError `Server.*`. */
  async find(filter: FindOptions = {}): Promise<{ agents: AgentBrief[]; total: number }> {
    const { limit = 100, ...rest } = filter;
    const asked: FindAgents = { ...rest, limit, now: Date.now() };
    const one = rest.name === undefined ? undefined : shardOf(rest.name);
    const pages = await this.askAll<FoundAgents>(QUERY.findAgents, asked, one);
    const agents = pages.flatMap((page) => page.agents).sort((a, b) => (a.name < b.name ? -1 : 1));
    return { agents: agents.slice(0, limit), total: pages.reduce((sum, { total }) => sum + total, 0) };
  }

  /** With all that is known of it. @throws HoldfastError `Registry.Unknown`, `Input.Invalid`, `Server.*`. */
  async remove(agent: string, actor: AgentActor = {}): Promise<void> {
    await this.change(agent, UPDATE.unregister, this.parsed(unregisterSchema, { agent, ...actor }));
  }

  /** It is not chosen any more; what it runs goes on. @throws as `remove`. */
  async pause(agent: string, actor: AgentActor = {}): Promise<void> {
    await this.change(agent, UPDATE.appoint, this.parsed(appointSchema, { agent, state: 'paused', ...actor }));
  }

  /** It may be chosen again. @throws as `remove`. */
  async resume(agent: string, actor: AgentActor = {}): Promise<void> {
    await this.change(agent, UPDATE.appoint, this.parsed(appointSchema, { agent, state: 'active', ...actor }));
  }

  /** What a person thinks of its work; counts in its reputation. @throws as `remove`. */
  async rate(agent: string, rating: RateOptions): Promise<void> {
    await this.change(agent, UPDATE.rate, this.parsed(rateSchema, { agent, ...rating }));
  }

  /** How a piece of work ended that no plan ran; those of plans are reported by their workers. @throws HoldfastError `Server.*`. */
  async report(outcome: Omit<Outcome, 'kind'> & { needs?: string[] }): Promise<void> {
    const { needs, ...rest } = outcome;
    await this.tell(outcome.agent, { outcomes: [{ ...rest, kind: kindOf(needs) }] });
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
    const pages = await this.askAll<CandidatesPage>(QUERY.candidates, asked);
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
      await this.tell(found.agent, { began: { [found.agent]: 1 }, ended: { [found.agent]: 1 } });
    return found;
  }

  private async tell(agent: string, report: Report): Promise<void> {
    try {
      await this.temporal.workflow.signalWithStart(WORKFLOW.agentRegistry, {
        ...this.start(shardOf(agent)),
        signal: SIGNAL.report,
        signalArgs: [report],
      });
    } catch (error) {
      throw toClientError(error, this.idOf(shardOf(agent)));
    }
  }

  private async change(agent: string, name: string, asked: object): Promise<void> {
    try {
      await update(this.temporal.workflow.getHandle(this.idOf(shardOf(agent))), name, asked);
    } catch (error) {
      if (HoldfastError.is(error) && error.code === 'Run.Unknown') throw unknown(agent);
      throw error;
    }
  }

  private async updateWithStart<Answer>(shard: number, name: string, asked: object): Promise<Answer> {
    checkPayload(asked);
    const ask = (): Promise<Answer> =>
      this.temporal.workflow.executeUpdateWithStart<(input: RegistryInput) => Promise<void>, Answer, [object]>(name, {
        args: [asked],
        startWorkflowOperation: new WithStartWorkflowOperation(WORKFLOW.agentRegistry, {
          ...this.start(shard),
          workflowIdConflictPolicy: 'USE_EXISTING',
        }),
      });
    try {
      return await untilProcessed(ask);
    } catch (error) {
      throw updateFailure(error, this.idOf(shard));
    }
  }

  private start(shard: number) {
    const { registry, taskQueue } = this.options;
    const args: [RegistryInput] = [{ registry, shard }];
    const staticSummary = `agents of ${registry}`;
    return { workflowId: this.idOf(shard), taskQueue, args, staticSummary };
  }

  private async askAll<Answer>(query: string, asked: object, only?: number): Promise<Answer[]> {
    const shards = only === undefined ? [...shardIds(this.options.registry).keys()] : [only];
    const answers = await Promise.all(shards.map((shard) => this.ask<Answer>(shard, query, asked)));
    return answers.filter((answer) => answer !== null);
  }

  /** Null where nobody of this part was ever registered. */
  private async ask<Answer>(shard: number, query: string, ...args: unknown[]): Promise<Answer | null> {
    const id = this.idOf(shard);
    try {
      return await askRun(() => this.temporal.workflow.getHandle(id).query<Answer, unknown[]>(query, ...args));
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw toClientError(error, id);
    }
  }

  private async exists(shard: number): Promise<boolean> {
    return (await this.ask<object>(shard, QUERY.queue, '')) !== null;
  }

  private idOf(shard: number): string {
    return shardIdOf(this.options.registry, shard);
  }

  private parsed(schema: z.ZodType, given: object): object {
    const parsed = schema.safeParse({ by: this.options.by, ...definedOf(given) });
    if (parsed.success) return parsed.data as object;
    throw new HoldfastError('Input.Invalid', problemsOf(parsed.error, '(agent)'), { hint: 'See docs/plans.md.' });
  }
}

function unknown(agent: string): HoldfastError {
  return new HoldfastError('Registry.Unknown', `no agent ${quoted(agent)} is registered`, {
    hint: '`holdfast agent find` shows those there are.',
  });
}

function definedOf(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
