import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type Agent, type AgentDefinition, agentDefinitionSchema, type ResolvedAgent } from '../protocol/agent';
import type { Degradation } from '../protocol/degrade';
import { HoldfastError } from '../protocol/failures';
import { canonicalJson, type JsonSchema } from '../protocol/json';
import { combined } from '../protocol/permissions/combined';
import type { Policy } from '../protocol/permissions/policy';
import { policyProblems } from '../protocol/permissions/policy-problems';
import type { ToolSpec } from '../protocol/tool';
import { validatorOf } from './model/check-output';

export interface CatalogueContents {
  agents: readonly AgentDefinition[];
  /** Every tool this worker can run, as data. */
  tools: readonly ToolSpec[];
  /** Names in an agent's `tools` to tool names: toolsets to their members. Throws `Tool.Unknown`. */
  expandTools(names: readonly string[]): string[];
  /** What holds for every agent, beside its own permissions. */
  policy?: Policy;
  /** The model of agents that name none; null where such an agent cannot run. */
  defaultModel: string | null;
  /** Throws when a route cannot be served: unknown provider, missing key. */
  checkModel(route: string): void;
}

/** The agents and tools a worker knows. Runs copy what they need at their start and never look back. */
export class Catalogue {
  private readonly agents = new Map<string, Agent>();
  private readonly tools: Map<string, ToolSpec>;
  private readonly resolved = new Map<string, ResolvedAgent>();
  private readonly foreign = new LRUCache<string, ResolvedAgent>({ max: 500 });

  /** @throws HoldfastError `Agent.Invalid`, `Tool.Unknown` for any agent that could not run. */
  constructor(private readonly contents: CatalogueContents) {
    this.tools = new Map(contents.tools.map((tool) => [tool.name, tool]));
    for (const definition of contents.agents) this.add(definition);
  }

  agentNames(): string[] {
    return [...this.agents.keys()].sort();
  }

  /** What every agent can do, as it says itself. */
  *capabilities(): Iterable<[agent: string, capabilities: readonly string[]]> {
    for (const [name, { capabilities = [] }] of this.agents) yield [name, capabilities];
  }

  tool(name: string): ToolSpec {
    const spec = this.tools.get(name);
    if (spec) return spec;
    throw new HoldfastError('Tool.Unknown', `this worker has no tool "${name}"`, {
      hint: `Known tools: ${[...this.tools.keys()].sort().join(', ')}.`,
    });
  }

  /** As `resolve`, but undefined for an agent this worker does not have. */
  find(name: string, model: string): ResolvedAgent | undefined {
    return this.agents.has(name) ? this.resolve(name, model) : undefined;
  }

  /** Remembers an agent at a revision this worker's own files no longer have. */
  pin(agent: ResolvedAgent): void {
    this.foreign.set(agent.revision, agent);
  }

  pinned(revision: string): ResolvedAgent | undefined {
    return this.foreign.get(revision);
  }

  /**
   * An agent with its tools' specs and its model: what a run is pinned to.
   * @param output what the run's answer must satisfy, in place of the agent's schema.
   * @throws HoldfastError `Agent.Unknown`, `Agent.Invalid` for no schema, or what the model's provider says of the route.
   */
  resolve(name: string, model?: string, output?: JsonSchema): ResolvedAgent {
    const agent = this.agents.get(name);
    if (!agent) {
      throw new HoldfastError('Agent.Unknown', `this worker has no agent "${name}"`, {
        hint: `Known agents: ${this.agentNames().join(', ') || 'none'}. Agents are read from agents/*.yaml when a worker starts, and by holdfast dev when they change.`,
      });
    }
    const route = model ?? agent.model ?? this.contents.defaultModel ?? noModel(name);
    if (output) return this.withOutput(this.resolve(name, route), output);
    const known = this.resolved.get(`${name} ${route}`);
    if (known) return known;
    this.contents.checkModel(route);
    const summariser = agent.context.summarise?.model;
    if (summariser !== undefined) this.contents.checkModel(summariser);
    for (const standIn of agent.degrade?.model ?? []) this.contents.checkModel(standIn);
    const resolved = pin(
      {
        ...agent,
        ...(agent.degrade && { degrade: this.expanded(agent.degrade) }),
        permissions: combined(this.contents.policy ?? {}, agent.permissions ?? {}),
      },
      route,
      this.contents.expandTools(agent.tools).map((tool) => this.tool(tool)),
    );
    this.resolved.set(`${name} ${route}`, resolved);
    return resolved;
  }

  /** Toolsets stand for their tools here too. */
  private expanded({ tools, ...rest }: Degradation): Degradation {
    if (!tools) return rest;
    const each = Object.entries(tools).flatMap(([name, how]) =>
      this.contents.expandTools([name]).map((tool) => [tool, how] as const),
    );
    return { ...rest, tools: Object.fromEntries(each) };
  }

  /** @throws HoldfastError `Agent.Invalid` for a tool the agent does not have, or that cannot be unavailable. */
  private checkDegrade({ name, degrade }: Agent, tools: readonly ToolSpec[]): void {
    for (const key of Object.keys(degrade?.tools ?? {})) {
      const meant = this.contents.expandTools([key]);
      if (meant.some((one) => tools.some((tool) => tool.name === one && tool.runsIn === 'activity'))) continue;
      throw new HoldfastError('Agent.Invalid', `agent "${name}": degrade.tools.${key} names no tool of the agent`, {
        hint: `Its tools: ${tools.map((tool) => tool.name).join(', ') || 'none'}.`,
        details: { keys: ['degrade', 'tools', key] },
      });
    }
  }

  private withOutput(agent: ResolvedAgent, output: JsonSchema): ResolvedAgent {
    validatorOf(output);
    const { tools, model, revision: _revision, ...rest } = agent;
    const resolved = pin({ ...rest, output }, model, tools);
    this.pin(resolved);
    return resolved;
  }

  private add(definition: AgentDefinition): void {
    const parsed = agentDefinitionSchema.safeParse(definition);
    if (!parsed.success) {
      const where = parsed.error.issues
        .map((issue) => `${issue.path.join('.') || '(root)'}: ${issue.message}`)
        .join('; ');
      throw new HoldfastError('Agent.Invalid', `agent "${definition?.name}" is not valid: ${where}`);
    }
    const agent = parsed.data;
    if (this.agents.has(agent.name)) {
      throw new HoldfastError('Agent.Invalid', `two agents are named "${agent.name}"`, { hint: 'Rename one of them.' });
    }
    if (agent.output) validatorOf(agent.output);
    const tools = this.contents.expandTools(agent.tools).map((tool) => this.tool(tool));
    this.checkDegrade(agent, tools);
    checkPolicy(agent, tools, this.contents.policy);
    this.agents.set(agent.name, agent);
  }
}

/** @throws HoldfastError `Agent.Invalid` for a rule that cannot mean what its author wanted. */
function checkPolicy({ name, permissions = {} }: Agent, tools: readonly ToolSpec[], worker: Policy = {}): void {
  const own = policyProblems(permissions, tools)[0];
  const [problem] = own ? [own] : policyProblems(worker, tools, false);
  if (!problem) return;
  const { keys, message, hint } = problem;
  const where = `${own ? `agent "${name}": permissions` : 'permissions of the worker'}.${keys.join('.')}`;
  throw new HoldfastError('Agent.Invalid', `${where}: ${message}`, {
    hint,
    details: { keys: own ? ['permissions', ...keys] : [] },
  });
}

function noModel(name: string): never {
  throw new HoldfastError('Model.MissingKey', `the agent "${name}" names no model, and no provider has a key`, {
    hint: 'Set ANTHROPIC_API_KEY or OPENAI_API_KEY, or name a model in the agent or as defaultModel in holdfast.yaml.',
  });
}

function pin(agent: Omit<Agent, 'tools' | 'model'>, model: string, tools: ToolSpec[]): ResolvedAgent {
  const pinned = { ...agent, model, tools };
  const revision = createHash('sha256').update(canonicalJson(pinned)).digest('hex').slice(0, 16);
  return { ...pinned, revision };
}
