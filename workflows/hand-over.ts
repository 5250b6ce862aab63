import type { SessionResult } from '../protocol/session';
import { toApplicationFailure } from './failures';
import { HAND_OVER_LIMITS, HandOverBreaker, type HandOverLimits, type HandOverStop } from './hand-over-breaker';
import { type RunAgentOptions, startAgent } from './run-agent';

/** What the first agent is told, what all runs are given, and when going round in a circle is broken. */
export interface HandOverOptions extends Omit<RunAgentOptions, 'id' | 'input' | 'output'>, HandOverLimits {
  /** What the first agent is told. */
  input: string;
}

/** How the work ended, and who had it. */
export interface HandOverResult {
  stopReason: HandOverStop;
  /** One sentence on a stop that is not `completed`. */
  detail?: string;
  /** The last agent's answer, or what it wanted to hand over; null when its run ended without either. */
  output: string | null;
  /** Who had it, in order; the last of them answered or was stopped. */
  trail: { agent: string; run: string; costUsd: number }[];
  /** US dollars, of all of them. */
  costUsd: number;
}

/** What an agent answers with: the work is done, or somebody else is to go on with it. */
interface Handed {
  to: string;
  message: string;
}

const NOBODY = 'nobody';

/** Runs one agent to its end. Handed in, so that the rules can be tested without Temporal. */
export type RunOne = (
  agent: string,
  input: string,
  number: number,
  tainted: string[],
) => Promise<{ run: string; result: Pick<SessionResult, 'output' | 'stopReason' | 'detail' | 'costUsd' | 'tainted'> }>;

/**
 * Agents that hand a piece of work to each other until one of them answers. The first named begins; each is a run of its own, told
 * what the one before it wrote. Always ends: hand-overs that go round in a circle are broken, with the reason in the result.
 * @throws ApplicationFailure `Input.Invalid` for options that cannot be, and what a run fails with.
 *
 * @example
 * ```ts
 * import { handOver } from 'holdfast/workflow';
 *
 * export async function support(mail: string): Promise<string | null> {
 *   const { stopReason, output, detail } = await handOver(['triager', 'billing', 'technician'], { input: mail, rounds: 2 });
 *   if (stopReason !== 'completed') throw new Error(detail);
 *   return output;
 * }
 * ```
 */
export function handOver(agents: readonly string[], options: HandOverOptions): Promise<HandOverResult> {
  const { input, most, rounds, repeats, tainted: before = [], ...given } = options;
  const limits = checked(agents, input, { most, rounds, repeats });
  const output = outputOf(agents);
  return handOverWith(agents, input, limits, async (agent, text, number, tainted) => {
    const all = [...new Set([...before, ...tainted])];
    const run = await startAgent(agent, {
      ...given,
      input: text,
      output,
      id: `${number}-${agent}`,
      ...(all.length > 0 && { tainted: all }),
    });
    return { run: run.id, result: await run.result() };
  });
}

/** The loop itself. */
export async function handOverWith(
  agents: readonly string[],
  input: string,
  limits: Required<HandOverLimits>,
  runOne: RunOne,
): Promise<HandOverResult> {
  let agent = agents[0] as string;
  let text = input;
  const breaker = new HandOverBreaker({ agent, text }, limits);
  const trail: HandOverResult['trail'] = [];
  const tainted = new Set<string>();
  const end = (stopReason: HandOverStop, output: string | null, detail?: string): HandOverResult => {
    const costUsd = trail.reduce((sum, one) => sum + one.costUsd, 0);
    return { stopReason, ...(detail !== undefined && { detail }), output, trail, costUsd };
  };
  for (;;) {
    const { run, result } = await runOne(agent, text, trail.length + 1, [...tainted]);
    trail.push({ agent, run, costUsd: result.costUsd });
    for (const source of result.tainted ?? []) tainted.add(source);
    if (result.stopReason !== 'completed') {
      const why = `${agent} stopped: ${result.stopReason}${result.detail === undefined ? '' : ` (${result.detail})`}`;
      return end('agent-stopped', null, why);
    }
    const { to, message } = result.output as Handed;
    if (to === NOBODY) return end('completed', message);
    const stop = breaker.note(to, message);
    if (stop) return end(stop.reason, message, stop.detail);
    agent = to;
    text = message;
  }
}

function outputOf(agents: readonly string[]): Record<string, unknown> {
  return {
    type: 'object',
    additionalProperties: false,
    required: ['to', 'message'],
    properties: {
      to: {
        type: 'string',
        enum: [NOBODY, ...agents],
        description: `Who is to go on with the work; "${NOBODY}" when it is done.`,
      },
      message: {
        type: 'string',
        description: 'All that the next one must know, who sees nothing else; or the answer, when it is done.',
      },
    },
  };
}

function checked(
  agents: readonly string[],
  input: unknown,
  given: { [Name in keyof HandOverLimits]: HandOverLimits[Name] | undefined },
): Required<HandOverLimits> {
  const invalid = (message: string) =>
    toApplicationFailure({
      code: 'Input.Invalid',
      message: `handOver: ${message}`,
      hint: 'See docs/control-of-many.md.',
    });
  if (agents.length === 0 || agents.includes(NOBODY)) throw invalid(`name the agents; none can be called "${NOBODY}"`);
  if (typeof input !== 'string') throw invalid('input: not a text');
  const limits = { ...HAND_OVER_LIMITS };
  for (const name of ['most', 'rounds', 'repeats'] as const) {
    const value = given[name];
    if (value === undefined) continue;
    if (!Number.isInteger(value) || value < 1 || value > 1_000) throw invalid(`${name}: a whole number from 1 to 1000`);
    Object.assign(limits, { [name]: value });
  }
  return limits;
}
