/** How agents are chosen for `needs`. */
export type Strategy = 'capability' | 'round-robin' | 'least-loaded' | 'priority' | 'learned';

/** Somebody who could do it. */
export interface Candidate {
  agent: string;
  /** How well its capabilities fit, 0 to 1. */
  skill: number;
  /** 1 comes first, 5 last. */
  priority: number;
  running: number;
  chosen: number;
}

/** What an agent that says nothing has. */
export const USUAL_PRIORITY = 3;

type Related = Readonly<Record<string, Readonly<Record<string, number>>>>;
interface Able {
  capabilities: readonly string[];
}

/** 1 where the agent has it, what stands in for it where the map of related ones says so, else 0. */
export function skillOf(need: string, { capabilities }: Able, related: Related = {}): number {
  if (capabilities.includes(need)) return 1;
  const instead = Object.hasOwn(related, need) ? related[need] : undefined;
  if (!instead) return 0;
  let best = 0;
  for (const one of capabilities) best = Math.max(best, instead[one] ?? 0);
  return best;
}

/** How well an agent fits everything that is needed: the product, so that one thing it cannot do rules it out. */
export function fitOf(needs: readonly string[], agent: Able, related?: Related | undefined): number {
  let product = 1;
  for (const need of needs) {
    product *= skillOf(need, agent, related);
    if (product === 0) return 0;
  }
  return product;
}

/** The one a strategy prefers. What is learned is not known here: without it the capabilities decide. */
export function preferred<One extends Candidate>(candidates: Iterable<One>, strategy: Strategy): One | undefined {
  const order = ORDER[strategy];
  let best: One | undefined;
  for (const one of candidates) if (!best || order(one, best) < 0) best = one;
  return best;
}

/** Why it was chosen, in one line. */
export function because(
  { skill, running, chosen, priority }: Candidate,
  strategy: Strategy | `learned: ${string}`,
  free: number,
): string {
  const fits = skill === 1 ? 'has all it needs' : `fits ${Math.round(skill * 100)} %`;
  const first = strategy === 'priority' ? `priority ${priority}, ` : '';
  return `${strategy}: ${first}${fits}, ${running} running, chosen ${chosen} times, of ${free} free`;
}

const byName = (one: Candidate, other: Candidate) => (one.agent < other.agent ? -1 : 1);
const capability = (one: Candidate, other: Candidate) =>
  other.skill - one.skill || one.running - other.running || one.chosen - other.chosen || byName(one, other);

const ORDER: Record<Strategy, (one: Candidate, other: Candidate) => number> = {
  capability,
  learned: capability,
  'round-robin': (one, other) => one.chosen - other.chosen || byName(one, other),
  'least-loaded': (one, other) => one.running - other.running || one.chosen - other.chosen || byName(one, other),
  priority: (one, other) => one.priority - other.priority || capability(one, other),
};
