/*
 * What is known of an agent by what came of its work. Every figure is a sum that fades: after HALF_LIFE_MS it counts half, so that an
 * agent is judged by what it does now. See docs/plans.md for the formula and where it is from.
 */

export const HALF_LIFE_MS = 14 * 24 * 60 * 60_000;
/** What an attempt is measured against where its node says nothing: it is then half as quick, half as thrifty as can be. */
export const REFERENCE_MS = 60_000;
export const REFERENCE_USD = 0.1;
/** Kinds of work that are told apart, for each agent; the one with least behind it gives way. */
export const KINDS_KEPT = 8;

/** How much of each there is, faded. */
export interface Tally {
  /** Attempts that count. */
  n: number;
  success: number;
  /** Of the successful ones, 0 to 1 each. */
  speed: number;
  thrift: number;
  /** What the learned choice goes by, 0 to 1 each. */
  value: number;
}

export interface Standing {
  /** When it was last brought up to date; ms since epoch. */
  at: number;
  all: Tally;
  /** By kind of work, see `kindOf`. */
  kinds: Record<string, Tally>;
  ratings: { n: number; sum: number };
  violations: number;
  /** How many there were, not faded. */
  counts: { outcomes: number; ratings: number; violations: number };
}

/** How one attempt at one piece of work ended. */
export interface Outcome {
  /** Of whom. */
  agent: string;
  /** What kind of work it was, see `kindOf`. */
  kind: string;
  success: boolean;
  ms: number;
  /** How long it was thought to take. */
  expectedMs?: number;
  usd: number;
  /** It broke a limit or a rule. */
  violation?: true;
}

/** Parts of the reputation, and how much each counts. */
export const WEIGHTS = { success: 0.5, rating: 0.2, speed: 0.1, thrift: 0.1, conduct: 0.1 } as const;
export type Part = keyof typeof WEIGHTS;

export interface PartView {
  part: Part;
  /** 0 to 1; 0.5 where nothing is known. */
  value: number;
  weight: number;
  /** What it rests on, faded: 1 is one attempt or rating of today. */
  evidence: number;
}

/** How an agent does, from the outcomes of its work and the ratings of people; older ones count less. */
export interface Reputation {
  /** 0 to 1: the parts, weighted. */
  score: number;
  parts: PartView[];
  counts: Standing['counts'];
}

/** What a piece of work asks for, as one text: outcomes of equal kinds are compared. Empty where an agent was named. */
export function kindOf(needs: readonly string[] = []): string {
  return [...needs].sort().join('+').slice(0, 200);
}

export function newStanding(at: number): Standing {
  const counts = { outcomes: 0, ratings: 0, violations: 0 };
  return { at, all: newTally(), kinds: {}, ratings: { n: 0, sum: 0 }, violations: 0, counts };
}

/** A time before the last one, as clocks that differ may say, changes nothing. */
export function fade(standing: Standing, now: number): void {
  const factor = fadedBy(standing.at, now);
  if (factor === 1) return;
  standing.at = now;
  for (const tally of [standing.all, ...Object.values(standing.kinds)])
    for (const key of KEYS) tally[key] = short(tally[key] * factor);
  standing.ratings.n = short(standing.ratings.n * factor);
  standing.ratings.sum = short(standing.ratings.sum * factor);
  standing.violations = short(standing.violations * factor);
}

export function fadedBy(at: number, now: number): number {
  return now <= at ? 1 : 0.5 ** ((now - at) / HALF_LIFE_MS);
}

export function addOutcome(standing: Standing, outcome: Outcome, now: number): void {
  fade(standing, now);
  standing.counts.outcomes++;
  if (outcome.violation) {
    standing.violations = short(standing.violations + 1);
    standing.counts.violations++;
  }
  addTo(standing.all, outcome);
  // A kind may be called anything; this name would not be one.
  if (outcome.kind === '' || outcome.kind === '__proto__') return;
  const tally = tallyOf(standing, outcome.kind) ?? newTally();
  standing.kinds[outcome.kind] = tally;
  addTo(tally, outcome);
  const kinds = Object.entries(standing.kinds);
  if (kinds.length <= KINDS_KEPT) return;
  const others = kinds.filter(([kind]) => kind !== outcome.kind);
  const [least] = others.sort(([a, one], [b, other]) => one.n - other.n || (a < b ? -1 : 1));
  if (least) delete standing.kinds[least[0]];
}

/** @param stars 1 to 5. */
export function addRating(standing: Standing, stars: number | undefined, violation: boolean, now: number): void {
  fade(standing, now);
  if (stars !== undefined) {
    standing.ratings.n = short(standing.ratings.n + 1);
    standing.ratings.sum = short(standing.ratings.sum + (stars - 1) / 4);
    standing.counts.ratings++;
  }
  if (violation) {
    standing.violations = short(standing.violations + 1);
    standing.counts.violations++;
  }
}

/** How an agent stands, and why: each part is (what speaks for it + 1) ÷ (all there is + 2), so one half where nothing is known. */
export function reputationOf(standing: Standing | undefined, now: number): Reputation {
  const { at, all, ratings, violations, counts } = standing ?? newStanding(now);
  const factor = fadedBy(at, now);
  const part = (name: Part, good: number, of: number): PartView => ({
    part: name,
    value: (good * factor + 1) / (of * factor + 2),
    weight: WEIGHTS[name],
    evidence: of * factor,
  });
  const judged = Math.max(all.n, violations);
  const parts = [
    part('success', all.success, all.n),
    part('rating', ratings.sum, ratings.n),
    part('speed', all.speed, all.success),
    part('thrift', all.thrift, all.success),
    part('conduct', judged - violations, judged),
  ];
  const score = parts.reduce((sum, { value, weight }) => sum + value * weight, 0);
  return { score, parts, counts };
}

/** What is known of one kind of work, as it was when the standing was brought up to date. */
export function tallyOf(standing: Pick<Standing, 'kinds'> | undefined, kind: string): Tally | undefined {
  return standing && Object.hasOwn(standing.kinds, kind) ? standing.kinds[kind] : undefined;
}

function newTally(): Tally {
  return { n: 0, success: 0, speed: 0, thrift: 0, value: 0 };
}

const KEYS = ['n', 'success', 'speed', 'thrift', 'value'] as const;

function addTo(tally: Tally, { success, ms, expectedMs = REFERENCE_MS, usd, violation }: Outcome): void {
  const speed = success ? against(expectedMs, ms) : 0;
  const thrift = success ? against(REFERENCE_USD, usd) : 0;
  const value = success && !violation ? 0.8 + 0.1 * speed + 0.1 * thrift : 0;
  const more: Tally = { n: 1, success: success ? 1 : 0, speed, thrift, value };
  for (const key of KEYS) tally[key] = short(tally[key] + more[key]);
}

/** 1 for nothing at all, one half for as much as was expected. */
function against(expected: number, actual: number): number {
  return expected / (expected + Math.max(actual, 0));
}

/** States of thousands of agents are carried along: four digits are enough. */
function short(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
