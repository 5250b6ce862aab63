import { because, type Candidate, fitOf, preferred, USUAL_PRIORITY } from '../../protocol/plan/assign';
import type { Plan, PlanNode } from '../../protocol/plan/definition';
import type { PlanState } from '../../protocol/plan/state';
import type { Ranking } from '../../protocol/registry/bandit';
import { learnedText } from '../../protocol/registry/route';

/** Who does a node, and why. */
export interface Choice {
  agent: string;
  because: string;
}

/** What runs of a plan, and what is free beside it: places, agents, resources. Never gives more than there is. */
export class Places {
  private readonly perAgent = new Map<string, number>();
  private readonly used = new Map<string, number>();
  private running = 0;
  private ableOf: Plan | undefined;
  private readonly ableFor = new Map<string, { agent: string; skill: number }[]>();

  constructor(private readonly state: PlanState) {}

  take({ resources = {} }: PlanNode, agent: string): void {
    this.running++;
    add(this.perAgent, agent, 1);
    for (const [name, amount] of Object.entries(resources)) add(this.used, name, amount);
  }

  give({ resources = {} }: PlanNode, agent: string): void {
    this.running--;
    add(this.perAgent, agent, -1);
    for (const [name, amount] of Object.entries(resources)) add(this.used, name, -amount);
  }

  get full(): boolean {
    return this.running >= this.state.plan.limits.parallel;
  }

  /** @param kept what is kept for nodes that come before. */
  fits(node: PlanNode, kept: ReadonlyMap<string, number>): boolean {
    const { limits } = this.state.plan;
    const enough = Object.entries(node.resources ?? {}).every(
      ([name, amount]) =>
        (this.used.get(name) ?? 0) + (kept.get(name) ?? 0) + amount <= (limits.resources?.[name] ?? 0) + 1e-9,
    );
    return enough && this.choose(node) !== undefined;
  }

  /** The agent of a node, as the plan says they are chosen; undefined where all that could do it have enough to do. */
  choose(node: PlanNode): Choice | undefined {
    const { assign } = this.state.plan;
    const named = this.namedOf(node);
    if (named !== undefined) return this.isFree(named) ? { agent: named, because: 'named by the plan' } : undefined;
    const free = this.free(node);
    const best = preferred(free, assign);
    return best && { agent: best.agent, because: because(best, assign, free.length) };
  }

  /** Of those whom what was learned puts first, the first who is free; without any, the rule of the capabilities. */
  learned(node: PlanNode, { by, evidence, agents }: Ranking): Choice {
    const free = this.free(node);
    const can = new Set(free.map(({ agent }) => agent));
    const first = agents.find(({ agent }) => can.has(agent));
    if (first) return { agent: first.agent, because: learnedText(by, first, can.size) };
    const best = preferred(free, 'capability') as Candidate;
    const why = by === 'rule' ? `too little is known (${evidence.toFixed(1)} attempts)` : 'those it prefers are busy';
    return { agent: best.agent, because: because(best, `learned: ${why}; capability`, free.length) };
  }

  /** Whether the plan names who does it. */
  namedOf({ agent, needs }: PlanNode): string | undefined {
    return agent ?? (needs ? undefined : this.state.plan.agent);
  }

  private free(node: PlanNode): Candidate[] {
    const { agents, chosen } = this.state;
    return this.able(node)
      .filter(({ agent }) => this.isFree(agent))
      .map(({ agent, skill }) => ({
        agent,
        skill,
        priority: agents[agent]?.priority ?? USUAL_PRIORITY,
        running: this.perAgent.get(agent) ?? 0,
        chosen: chosen[agent] ?? 0,
      }));
  }

  /** Who could do it. Looked up once for all nodes that need the same, until the plan is amended. */
  private able({ needs = [] }: PlanNode): { agent: string; skill: number }[] {
    const { plan, agents } = this.state;
    if (this.ableOf !== plan) {
      this.ableFor.clear();
      this.ableOf = plan;
    }
    const key = JSON.stringify(needs);
    let able = this.ableFor.get(key);
    if (!able) {
      able = Object.entries(agents)
        .filter(([, { paused }]) => !paused)
        .map(([agent, facts]) => ({ agent, skill: fitOf(needs, facts, plan.related) }))
        .filter(({ skill }) => skill > 0);
      this.ableFor.set(key, able);
    }
    return able;
  }

  private isFree(agent: string): boolean {
    const most = this.state.plan.limits.perAgent?.[agent] ?? Number.POSITIVE_INFINITY;
    return (this.perAgent.get(agent) ?? 0) < most;
  }
}

function add(map: Map<string, number>, key: string, amount: number): void {
  map.set(key, (map.get(key) ?? 0) + amount);
}
