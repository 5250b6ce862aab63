import { rollDigest } from '../protocol/digest';

/** How agents that hand work to each other came to an end. */
export type HandOverStop =
  | 'completed'
  /** The same agents handed it round in the same order. */
  | 'ping-pong'
  /** An agent was handed what it had been handed before. */
  | 'no-progress'
  | 'max-hand-overs'
  /** A run ended without an answer: at a limit of its own, stopped, refused. */
  | 'agent-stopped';

/** When agents that hand work to each other are stopped; each a whole number from 1 to 1,000. */
export interface HandOverLimits {
  /** Hand-overs in all. Default 20. */
  most?: number;
  /** How often the same two, three or four agents may hand it round in the same order. Default 3. */
  rounds?: number;
  /** How often one agent may be handed the same text. Default 2. */
  repeats?: number;
}

export const HAND_OVER_LIMITS = { most: 20, rounds: 3, repeats: 2 } as const satisfies Required<HandOverLimits>;

/** Agents that go round in a cycle. */
const LONGEST_PERIOD = 4;

/** Whether a hand-over goes round in a circle. It looks at who was handed what alone, so a replay comes to the same. */
export class HandOverBreaker {
  private readonly agents: string[];
  private readonly handed = new Map<string, number>();

  constructor(
    first: { agent: string; text: string },
    private readonly limits: Required<HandOverLimits>,
  ) {
    this.agents = [first.agent];
    this.handed.set(keyOf(first.agent, first.text), 1);
  }

  /** Takes note of a hand-over; why it must not be followed, if so. */
  note(agent: string, text: string): { reason: HandOverStop; detail: string } | undefined {
    const { most, rounds, repeats } = this.limits;
    const key = keyOf(agent, text);
    const times = (this.handed.get(key) ?? 0) + 1;
    this.handed.set(key, times);
    this.agents.push(agent);
    if (times > repeats) {
      return { reason: 'no-progress', detail: `${agent} was handed the same text ${times} times` };
    }
    for (let period = 1; period <= LONGEST_PERIOD; period++) {
      const round = roundsOf(this.agents, period);
      if (round <= rounds) continue;
      const circle = this.agents.slice(-period - 1).join(' → ');
      return { reason: 'ping-pong', detail: `${circle} for the ${round}th time in a row` };
    }
    const handOvers = this.agents.length - 1;
    if (handOvers > most) return { reason: 'max-hand-overs', detail: `${most} hand-overs were made` };
    return undefined;
  }
}

/** How often in a row the list ends with the same so many. */
function roundsOf(agents: readonly string[], period: number): number {
  let equal = 0;
  for (let at = agents.length - 1; at >= period && agents[at] === agents[at - period]; at--) equal++;
  return Math.floor(equal / period) + (equal >= period ? 1 : 0);
}

/** Case and white space make no other task. */
function keyOf(agent: string, text: string): string {
  return `${agent} ${rollDigest('', text.trim().toLowerCase().replace(/\s+/g, ' '))}`;
}
