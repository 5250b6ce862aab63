/**
 * What a run does without. An agent declares which of its dependencies it can go on without when they are unavailable: their
 * attempts used up, their provider down. Plain data and text: the workflow goes by it.
 */

/** `skip`: the model reads that the tool is unavailable. `say`: what it reads beside that. */
export type ToolDegradation = 'skip' | { say: string };

export interface Degradation {
  /** Routes `provider/model` tried in this order when the run's own is unavailable. */
  model?: string[] | undefined;
  /** By the tool's name. */
  tools?: Record<string, ToolDegradation> | undefined;
}

/** A dependency a run went on without. */
export interface Degraded {
  /** `tool NAME` or `model PROVIDER/MODEL`. */
  dependency: string;
  /** Why it counts as unavailable. */
  reason: string;
  /** Milliseconds since epoch, workflow time. */
  since: number;
  /** Of a model: the route that stands in. */
  instead?: string;
  /** Of a chat: the exchange in which it was so; the next one tries again. */
  exchange?: number;
}

const SHOWN_REASON = 500;

/** What the model reads of a tool that is unavailable. */
export function unavailableText(tool: string, reason: string, how: ToolDegradation): string {
  const fact = `${tool} is unavailable: ${reason.slice(0, SHOWN_REASON)}`;
  const advice = 'Do not call it again: go on without it.';
  const said = typeof how === 'object' ? ` ${how.say}` : '';
  return `${fact.replace(/[.\s]*$/, '')}. ${advice}${said}`;
}

/** One line for people. */
export function degradedText({ dependency, reason, instead }: Degraded): string {
  return `${dependency}${instead === undefined ? '' : ` (instead: ${instead})`}: ${reason}`;
}
