import { skillOf } from '../../protocol/plan/admission';
import type { Plan, PlanNode } from '../../protocol/plan/definition';
import type { PlanState } from '../../protocol/plan/state';

/** Who does a node, and why. */
export interface Choice {
  agent: string;
  because: string;
}

interface Candidate {
  agent: string;
  /** How well its capabilities fit, 0 to 1. */
  skill: number;
  running: number;
  chosen: number;
}

/** What runs of a plan, and what is free beside it: places, agents, resources. Never gives more than there is. */
export class Places {
  private readonly perAgent = new Map<string, number>();
  private readonly used = new Map<string, number>();
  private running = 0;

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
    const { plan } = this.state;
    const named = node.agent ?? (node.needs ? undefined : plan.agent);
    if (named !== undefined) return this.isFree(named) ? { agent: named, because: 'named by the plan' } : undefined;
    const free = this.candidates(node, plan).filter(({ agent }) => this.isFree(agent));
    const [best] = free.sort(ORDER[plan.assign]);
    if (!best) return undefined;
    const skill = best.skill === 1 ? 'has all it needs' : `fits ${Math.round(best.skill * 100)} %`;
    const because = `${plan.assign}: ${skill}, ${best.running} running, chosen ${best.chosen} times, of ${free.length} free`;
    return { agent: best.agent, because };
  }

  private candidates({ needs = [] }: PlanNode, { related }: Plan): Candidate[] {
    const { agents, chosen } = this.state;
    return Object.entries(agents).flatMap(([agent, facts]) => {
      const skills = needs.map((need) => skillOf(need, facts, related));
      const skill = skills.reduce((product, one) => product * one, 1);
      return skill > 0 ? [{ agent, skill, running: this.perAgent.get(agent) ?? 0, chosen: chosen[agent] ?? 0 }] : [];
    });
  }

  private isFree(agent: string): boolean {
    const most = this.state.plan.limits.perAgent?.[agent] ?? Number.POSITIVE_INFINITY;
    return (this.perAgent.get(agent) ?? 0) < most;
  }
}

const byName = (one: Candidate, other: Candidate) => (one.agent < other.agent ? -1 : 1);

const ORDER: Record<Plan['assign'], (one: Candidate, other: Candidate) => number> = {
  capability: (one, other) => other.skill - one.skill || one.running - other.running || byName(one, other),
  'round-robin': (one, other) => one.chosen - other.chosen || byName(one, other),
  'least-loaded': (one, other) => one.running - other.running || one.chosen - other.chosen || byName(one, other),
};

function add(map: Map<string, number>, key: string, amount: number): void {
  map.set(key, (map.get(key) ?? 0) + amount);
}
