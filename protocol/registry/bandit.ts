import { betaOf, randomOf } from './random';

/** Attempts of a kind, over all that could do it, below which the rule decides. */
export const LEAST_EVIDENCE = 10;
/** The part of all choices that may try somebody else than the one who did best so far. */
export const EXPLORATION = 0.1;
/** Attempts that an agent's reputation counts as, where it has none of the kind. */
const PRIOR = 2;

/** Somebody who could do it, and what is known of that. */
export interface Arm {
  agent: string;
  /** How well its capabilities fit, above 0 up to 1. */
  skill: number;
  /** Its reputation, 0 to 1. */
  score: number;
  /** Of this kind of work, faded: attempts, and what they were worth. */
  n: number;
  value: number;
}

export interface Draw {
  /** What the draw depends on besides the arms: the same again for the same plan, node and attempt. */
  seed: string;
  /** Of the plan alone; with `number` it says whether this choice may explore. */
  series: string;
  /** How many choices of the plan came before. */
  number: number;
  /** 0 to 1. Default EXPLORATION. */
  exploration?: number | undefined;
}

export interface Ranked {
  agent: string;
  /** What it was put in order by. */
  score: number;
  /** What is to be expected of it. */
  expected: number;
  n: number;
}

export interface Ranking {
  /** `rule` where too little is known. */
  by: 'best' | 'trial' | 'rule';
  /** Attempts of the kind that are known of, faded. */
  evidence: number;
  /** Best first; empty where the rule is to decide. */
  agents: Ranked[];
}

/**
 * Who should do it by what came of earlier work: Thompson sampling over Beta posteriors, held back. Only the part `exploration` of all
 * choices is drawn at random from what the agents may be worth; all others go to whom most is expected of. Pure: the same arms and
 * the same draw give the same ranking, in whatever order the arms come.
 */
export function rank(arms: readonly Arm[], draw: Draw): Ranking {
  const evidence = arms.reduce((sum, { n }) => sum + n, 0);
  if (evidence < LEAST_EVIDENCE) return { by: 'rule', evidence, agents: [] };
  const tries = mayExplore(draw);
  const agents = arms.map((arm): Ranked => {
    const { agent, skill, score, n, value } = arm;
    const good = PRIOR * score + value;
    const bad = PRIOR * (1 - score) + Math.max(n - value, 0);
    const expected = (skill * good) / (good + bad);
    // A source for each agent: one that comes or goes changes nothing for the others.
    const drawn = tries ? skill * betaOf(good, bad, randomOf(`${draw.seed}\n${agent}`)) : expected;
    return { agent, score: drawn, expected, n };
  });
  agents.sort((one, other) => other.score - one.score || (one.agent < other.agent ? -1 : 1));
  return { by: tries ? 'trial' : 'best', evidence, agents };
}

/**
 * Of the choices of one plan every 1 ÷ exploration-th, beginning somewhere the plan's own name says: never more than that part and
 * one, and on average that part over many plans of one node too.
 */
export function mayExplore({ series, number, exploration = EXPLORATION }: Draw): boolean {
  const begin = randomOf(series)();
  return Math.floor(begin + (number + 1) * exploration) > Math.floor(begin + number * exploration);
}
