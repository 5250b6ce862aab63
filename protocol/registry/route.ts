import { because, preferred, type Strategy } from '../plan/assign';
import { rank } from './bandit';
import type { RegistryCandidate } from './registry';

/** What a piece of work asks for, and by which strategy one of those who can do it is chosen. */
export interface RouteOptions {
  /** Capabilities; all of them. */
  needs: string[];
  /** Default `capability`. */
  assign?: Strategy;
  /** How well one capability stands in for another: `{typescript: {javascript: 0.8}}`. */
  related?: Record<string, Record<string, number>>;
  /** Only agents that this task queue serves. Default: any. */
  queue?: string;
  /** Candidates each of the 8 parts of the registry names, the best first. Default 50. */
  limit?: number;
  /** Of `learned`: what the draw depends on. Default: the time, so that no two are alike. */
  seed?: string;
  /** Of `learned`: the part of all choices that may try somebody new. Default 0.1. */
  exploration?: number;
}

/** Who was chosen, where it is served, and why. */
export interface Routed {
  agent: string;
  /** One that serves it; null where none says so. */
  taskQueue: string | null;
  because: string;
}

/** Whom a strategy prefers of those a registry names; undefined where it names none. Pure. */
export function routed(candidates: readonly RegistryCandidate[], options: RouteOptions): Routed | undefined {
  const { assign = 'capability' } = options;
  const learned = assign === 'learned' ? learnedOf(candidates, options) : undefined;
  const by = learned ?? bestOf(candidates, assign);
  const found = candidates.find(({ agent }) => agent === by?.agent);
  if (!by || !found) return undefined;
  const [taskQueue = null] = options.queue === undefined ? found.queues : [options.queue];
  return { agent: by.agent, taskQueue, because: by.because };
}

function bestOf(candidates: readonly RegistryCandidate[], assign: Strategy) {
  const best = preferred(candidates, assign);
  const strategy = assign === 'learned' ? 'learned: too little is known; capability' : assign;
  return best && { agent: best.agent, because: because(best, strategy, candidates.length) };
}

function learnedOf(candidates: readonly RegistryCandidate[], { seed = String(Date.now()), exploration }: RouteOptions) {
  const { by, agents } = rank(candidates, { seed, series: seed, number: 0, exploration });
  const [first] = agents;
  if (!first) return undefined;
  return { agent: first.agent, because: learnedText(by, first, candidates.length) };
}

/** Why it was chosen, in one line. */
export function learnedText(
  by: 'best' | 'trial' | 'rule',
  { expected, n }: { expected: number; n: number },
  free: number,
) {
  const what = by === 'trial' ? 'a trial' : 'does best';
  return `learned: ${what}, ${Math.round(expected * 100)} % expected of ${n.toFixed(1)} attempts, of ${free} free`;
}
